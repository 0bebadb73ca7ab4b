"""Presets as mkinitcpio sources them."""

from __future__ import annotations

import pytest

from vfiotui.formats.initramfs.mkinitcpio_preset import Preset, presets
from vfiotui.formats.refused import EditRefused

HEAD = "ALL_kver=/boot/vmlinuz-linux\n"


def one(text: str, **files: str) -> Preset:
    (found,) = presets(HEAD + text, {f"/etc/mkinitcpio.d/{n}.preset": t for n, t in files.items()}.get)
    return found


def test_variables_make_the_paths() -> None:
    text = 'SUFFIX="-lts"\nESP_DIR="/efi/EFI/Arch"\nPRESETS=(default)\ndefault_uki="${ESP_DIR}/arch$SUFFIX.efi"\n'
    assert one(text).uki == "/efi/EFI/Arch/arch-lts.efi"
    assert one(text).builds and one(text).image is None


def test_a_preset_may_source_another() -> None:
    text = 'SUFFIX=-lts\n. /etc/mkinitcpio.d/linux.preset\ndefault_uki="/efi/a$SUFFIX.efi"\n'
    found = one(text, linux="PRESETS=('default')\nALL_config=/etc/x.conf\ndefault_uki=/efi/a.efi\n")
    assert (found.uki, found.config) == ("/efi/a-lts.efi", "/etc/x.conf")


def test_options_have_the_last_word() -> None:
    text = (
        "PRESETS=(a)\nALL_cmdline=/etc/all\na_image=/boot/a.img\na_config=/etc/a.conf\n"
        'a_options="-S autodetect,modconf --cmdline /etc/own -c /etc/b.conf --skiphooks=kms -A vfio"\n'
    )
    found = one(text)
    assert (found.cmdline, found.config, found.image) == ("/etc/own", "/etc/b.conf", "/boot/a.img")
    assert (found.skips, found.adds, found.no_cmdline) == (("autodetect", "modconf", "kms"), ("vfio",), False)
    array = one("PRESETS=(a)\na_uki=/efi/a.efi\na_options=(--no-cmdline --splash /x.bmp -Skms)\n")
    assert (array.no_cmdline, array.skips, array.uki) == (True, ("kms",), "/efi/a.efi")


def test_the_old_name_of_a_unified_image_counts_where_the_new_one_is_not_set() -> None:
    assert one("PRESETS=(a)\na_efi_image=/efi/a.efi\n").uki == "/efi/a.efi"
    assert one("PRESETS=(a)\na_uki=\na_efi_image=/efi/a.efi\n").uki is None


def test_what_builds_nothing_is_known() -> None:
    assert not one("PRESETS=(a)\n").builds
    assert not presets("PRESETS=(a)\na_image=/boot/a.img\n")[0].builds, "no kernel is named"
    assert presets("") == () and presets("#PRESETS=(a)\n\0\n") == ()


@pytest.mark.parametrize(
    "text",
    [
        "PRESETS=($(ls))\n",
        "PRESETS=(a)\na_image=$(date).img\n",
        "PRESETS=(a)\nif x; then a_image=/boot/a.img; fi\n",
        "PRESETS=(a)\na_options=`x`\n",
        "PRESETS=(a)\n. /nowhere\n",
    ],
)
def test_what_a_shell_computes_is_refused(text: str) -> None:
    with pytest.raises(EditRefused):
        presets(text)
