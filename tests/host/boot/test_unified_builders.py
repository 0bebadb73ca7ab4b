"""What the image of the next boot would be built with: by the builder of that image, not by the newest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.host.boot.path.test_systemd_boot import Files
from tests.trees import folder_root
from tests.unified_images import addon, image
from vfiotui.host.boot import boot
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot

A, B = "/efi/EFI/Linux/arch-linux.efi", "/efi/EFI/Linux/zz-linux.efi"
PRESET = f"PRESETS=('default')\nALL_kver=/boot/vmlinuz-linux\ndefault_uki={A}\n"
MKINITCPIO: Files = {"/usr/bin/mkinitcpio": "x", "/etc/mkinitcpio.d/linux.preset": PRESET, A: image("old words")}
RELEASE = "6.12.9-arch1-1"
INSTALLED = f"/efi/EFI/Linux/abc-{RELEASE}.efi"


def configured(folder: Path, files: Files) -> tuple[str, str]:
    found = boot.read(folder_root(folder, files))
    assert isinstance(found, Boot) and not isinstance(found.configured, Unread), found
    return found.configured.text, found.configured.source


@pytest.mark.parametrize(
    ("files", "right"),
    [
        ({"/etc/kernel/cmdline": "new words\n"}, ("new words", "/etc/kernel/cmdline")),
        (
            {"/etc/kernel/cmdline": "# x\nnew\r\n", "/etc/cmdline.d/10-b.conf": "b", "/etc/cmdline.d/9-a.conf": "a"},
            ("new a b", "/etc/kernel/cmdline"),
        ),
        ({"/etc/cmdline.d/a.conf": "a\n", "/etc/cmdline.d/b.conf": "b\n"}, ("a b", "/etc/cmdline.d")),
        ({"/usr/lib/kernel/cmdline": "vendor"}, ("vendor", "/usr/lib/kernel/cmdline")),
        ({"/etc/kernel/cmdline": "mine", "/usr/lib/kernel/cmdline": "vendor"}, ("mine", "/etc/kernel/cmdline")),
        ({}, ("old words", A)),
        (
            {"/etc/mkinitcpio.d/linux.preset": f"{PRESET}default_options='--cmdline /etc/own'\n", "/etc/own": "own"},
            ("own", "/etc/own"),
        ),
        (
            {"/etc/kernel/cmdline": "new", "/efi/loader/addons/v.addon.efi": addon("vfio-pci.ids=1:2")},
            ("new vfio-pci.ids=1:2", "/etc/kernel/cmdline"),
        ),
    ],
)
def test_the_preset_of_the_image_says_from_what(files: Files, right: tuple[str, str], tmp_path: Path) -> None:
    assert configured(tmp_path, MKINITCPIO | files) == right


def test_the_newest_image_is_never_a_guess(tmp_path: Path) -> None:
    """The image of the preset starts, as the loader says; another one sorts behind it."""
    files = MKINITCPIO | {B: image("other words"), "/efi/loader/loader.conf": "default arch-linux.efi\n"}
    files |= {"/efi/EFI/systemd/systemd-bootx64.efi": "x"}
    assert configured(tmp_path, files) == ("old words", A)


def test_an_image_that_nothing_builds_has_its_own_words(tmp_path: Path) -> None:
    files = {"/usr/bin/mkinitcpio": "x", "/etc/kernel/cmdline": "not mine", B: image("by hand")}
    assert configured(tmp_path, files) == ("by hand", B)


@pytest.mark.parametrize(
    ("files", "right"),
    [
        ({"/etc/kernel/install.conf": "layout=uki\n", "/etc/kernel/cmdline": "new"}, ("new", "/etc/kernel/cmdline")),
        ({"/etc/kernel/install.conf": "layout=bls\n", "/etc/kernel/cmdline": "new"}, ("old", INSTALLED)),
        (
            {"/etc/dracut.conf.d/u.conf": 'uefi="yes"\nkernel_cmdline="a"\nkernel_cmdline+=" b "\n'},
            ("a b", "/etc/dracut.conf.d"),
        ),
        ({"/etc/dracut.conf.d/u.conf": 'uefi="yes"\nkernel_cmdline="$(cat /x)"\n'}, ("old", INSTALLED)),
    ],
)
def test_images_of_a_release_are_kernel_install_s_or_dracut_s(
    files: Files, right: tuple[str, str], tmp_path: Path
) -> None:
    programs: Files = {"/usr/bin/kernel-install": "x", "/usr/bin/dracut": "x"}
    assert configured(tmp_path, {INSTALLED: image("old", release=RELEASE), **programs, **files}) == right


@pytest.mark.parametrize(
    "odd",
    [b"", b"\0\0\0", b"\xff\xfe\xfd", b"\xef\xbb\xbfiommu=pt", b"a" * (2 << 20), b"x\r\ny\r\n"],
    ids=["empty", "NUL", "no UTF-8", "BOM", "large", "CRLF"],
)
def test_an_odd_file_of_words_is_answered(odd: bytes, tmp_path: Path) -> None:
    found = boot.read(folder_root(tmp_path, MKINITCPIO | {"/etc/kernel/cmdline": odd}))
    assert isinstance(found, Boot) and "\n" not in getattr(found.configured, "text", "")
