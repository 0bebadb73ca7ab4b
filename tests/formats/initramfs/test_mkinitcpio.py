"""mkinitcpio.conf, its drop-ins and presets: lists keep their order and their shape."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.formats.edits import HOSTILE, files, is_local
from vfiotui.formats.initramfs import mkinitcpio, mkinitcpio_preset
from vfiotui.formats.refused import EditRefused

PIECES = [
    "",
    "# MODULES=(ext4)",
    "MODULES=()",
    "MODULES=(btrfs amdgpu)",
    "MODULES=(btrfs\n         amdgpu) ## gpu",
    "MODULES=(\n\tbtrfs # root\n\tamdgpu # gpu\n)",
    'MODULES="ahci sd_mod"',
    "MODULES+=(nvme)",
    "HOOKS=(base udev modconf kms)",
    "COMPRESSION_OPTIONS=(-19 --long)",
    "MODULES=($(ls))",
]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("MODULES=()\n", "MODULES=(vfio_pci)\n"),
        ("MODULES=( )", "MODULES=(vfio_pci )"),
        ("MODULES=(ext4)\r\n", "MODULES=(ext4 vfio_pci)\r\n"),
        ("MODULES=( ext4 )\n", "MODULES=( ext4 vfio_pci )\n"),
        ("MODULES=(ext4 amdgpu)\n", "MODULES=(ext4 vfio_pci amdgpu)\n"),
        ("MODULES=(amdgpu)\n", "MODULES=(vfio_pci amdgpu)\n"),
        ("MODULES=(\n  ext4\n)\n", "MODULES=(\n  ext4\n  vfio_pci\n)\n"),
        ("MODULES=(\n  ext4 # root\n)\n", "MODULES=(\n  ext4 # root\n  vfio_pci\n)\n"),
        ("MODULES=(\n  # none\n)\n", "MODULES=(\n  # none\n  vfio_pci\n)\n"),
        ("MODULES=(\r\n\tamdgpu\r\n)\r\n", "MODULES=(\r\n\tvfio_pci\r\n\tamdgpu\r\n)\r\n"),
        ("MODULES=(a\n  b c)\n", "MODULES=(a\n  b c vfio_pci)\n"),
        ("MODULES=(a \\\n  amdgpu)\n", "MODULES=(a \\\n  vfio_pci amdgpu)\n"),
        ('MODULES="ahci ext4"\n', 'MODULES="ahci ext4 vfio_pci"\n'),
        ("MODULES=''\n", "MODULES='vfio_pci'\n"),
        ("MODULES=ext4\n", 'MODULES="ext4 vfio_pci"\n'),
        ("MODULES=\n", 'MODULES="vfio_pci"\n'),
        ("MODULES=(a)\nMODULES+=(b)\n", "MODULES=(a)\nMODULES+=(b vfio_pci)\n"),
        ("MODULES=(amdgpu)\nMODULES+=(b)\n", "MODULES=(vfio_pci amdgpu)\nMODULES+=(b)\n"),
        ("MODULES=(a)\nMODULES=(b)\n", "MODULES=(a)\nMODULES=(b vfio_pci)\n"),
        ("MODULES=(vfio-pci?)\n", "MODULES=(vfio-pci?)\n"),
        ("MODULES=(a) # last", "MODULES=(a vfio_pci) # last"),
        ("HOOKS=(base)", "HOOKS=(base)\nMODULES=(vfio_pci)"),
    ],
)
def test_a_module_joins_ahead_of_the_named_one(before: str, after: str) -> None:
    assert mkinitcpio.add(before, "MODULES", "vfio_pci", before="amdgpu") == after


def test_a_drop_in_joins_the_main_list_and_never_replaces_it() -> None:
    text = mkinitcpio.add("", "MODULES", "vfio_pci", drop_in=True)
    assert text == "MODULES+=(vfio_pci)\n"
    assert mkinitcpio.add(text, "MODULES", "vfio", drop_in=True) == "MODULES+=(vfio_pci vfio)\n"
    assert mkinitcpio.remove(text, "MODULES", "vfio-pci") == ""


def test_hooks_and_files_are_spelt_exactly() -> None:
    text = mkinitcpio.add("HOOKS=(base udev kms)\n", "HOOKS", "modconf", before="kms")
    assert text == "HOOKS=(base udev modconf kms)\n"
    files = mkinitcpio.add("FILES=(/a-b)\n", "FILES", "/a_b")
    assert mkinitcpio.add(files, "FILES", "/x y'z") == "FILES=(/a-b /a_b '/x y'\\''z')\n"
    assert mkinitcpio.words("FILES=('/x y')", "FILES") == ("/x y",)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("MODULES=(a b c)\n", "MODULES=(a c)\n"),
        ("MODULES=(b c)\n", "MODULES=(c)\n"),
        ("MODULES=(a b)\n", "MODULES=(a)\n"),
        ("MODULES=(b)\n", "MODULES=()\n"),
        ("MODULES=(\n  a\n  b\n)\n", "MODULES=(\n  a\n)\n"),
        ("MODULES=(\n  b # mine\n  a\n)\n", "MODULES=(\n   # mine\n  a\n)\n"),
        ("MODULES=(a\n  b)\n", "MODULES=(a)\n"),
        ("MODULES='a b'\n", "MODULES='a'\n"),
        ("MODULES=(b)\nMODULES+=(b)\n", "MODULES=()\n"),
    ],
)
def test_a_module_goes_and_the_others_stay(before: str, after: str) -> None:
    assert mkinitcpio.remove(before, "MODULES", "b") == after


@given(HOSTILE | files(PIECES), st.sampled_from([None, "amdgpu", "sd_mod", "absent"]), st.booleans())
def test_edits_are_local_idempotent_and_undone_by_their_opposite(text: str, before: str | None, drop_in: bool) -> None:
    try:
        assert mkinitcpio.remove(text, "MODULES", "never-named") == text
        edited = mkinitcpio.add(text, "MODULES", "vfio_pci", before, drop_in)
    except EditRefused:
        return
    assert is_local(text, edited) and mkinitcpio.add(edited, "MODULES", "vfio_pci", before, drop_in) == edited
    old, new = mkinitcpio.words(text, "MODULES"), mkinitcpio.words(edited, "MODULES")
    assert tuple(word for word in new if word != "vfio_pci") == old
    if before in old:
        assert new[new.index(before) - 1] == "vfio_pci"
    assume("MODULES" in text)
    assert mkinitcpio.words(mkinitcpio.remove(edited, "MODULES", "vfio_pci"), "MODULES") == old
    if "\r" not in text and mkinitcpio.words(text, "MODULES"):
        assert mkinitcpio.remove(edited, "MODULES", "vfio_pci") == text


PRESET = """\
# mkinitcpio preset file for the 'linux' package

#ALL_config="/etc/mkinitcpio.conf"
ALL_kver="/boot/vmlinuz-linux"
PRESETS=('default' 'fallback')

#default_config="/etc/mkinitcpio.conf"
default_image="/boot/initramfs-linux.img"
#default_uki="/efi/EFI/Linux/arch-linux.efi"

fallback_image="/boot/initramfs-linux-fallback.img"
fallback_options="-S autodetect"
"""


def test_presets_tell_what_is_built_from_which_configuration() -> None:
    default, fallback = mkinitcpio_preset.presets(PRESET)
    assert (default.image, default.uki, default.config) == ("/boot/initramfs-linux.img", None, None)
    assert fallback.options == "-S autodetect"
    shared = mkinitcpio_preset.presets(PRESET.replace("#ALL", "ALL").replace('"-S autodetect"', "(-S autodetect)"))
    assert {one.config for one in shared} == {"/etc/mkinitcpio.conf"} and shared[1].options == "-S autodetect"


def test_a_preset_value_goes_behind_its_commented_default() -> None:
    edited = mkinitcpio_preset.set_value(PRESET, "default", "uki", "/efi/EFI/Linux/a.efi")
    commented = '#default_uki="/efi/EFI/Linux/arch-linux.efi"\n'
    assert edited == PRESET.replace(commented, f'{commented}default_uki="/efi/EFI/Linux/a.efi"\n')
    assert mkinitcpio_preset.unset(edited, "default", "uki") == PRESET


def test_presets_come_and_go() -> None:
    one = mkinitcpio_preset.remove(PRESET, "fallback")
    assert "PRESETS=('default')\n" in one and [p.name for p in mkinitcpio_preset.presets(one)] == ["default"]
    assert [p.name for p in mkinitcpio_preset.presets(mkinitcpio_preset.add(one, "rescue"))] == ["default", "rescue"]
    assert mkinitcpio_preset.add("", "default") == 'PRESETS="default"\n'
