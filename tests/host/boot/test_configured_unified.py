"""What a unified image would get if it were built now: the words of its preset's file, and those of its addons."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.host.boot.path.test_unified_start import firmware
from tests.trees import folder_root
from tests.unified_images import addon, image
from vfiotui.host.boot import boot
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine

UKI = "/efi/EFI/Linux/arch-linux.efi"
PRESET = "ALL_kver=/boot/vmlinuz-linux\nPRESETS=(default)\ndefault_uki=/efi/EFI/Linux/arch-linux.efi\n"
FILES: dict[str, str | bytes] = {
    "/usr/bin/mkinitcpio": "",
    "/etc/mkinitcpio.d/linux.preset": PRESET,
    UKI: image("root=UUID=1 quiet"),
}
NAMED = {"/etc/mkinitcpio.d/linux.preset": PRESET + 'default_options="--cmdline /etc/kernel/mine"\n'}
NO_WORDS = {"/etc/mkinitcpio.d/linux.preset": PRESET + 'default_options="--no-cmdline"\n'}
MINE = "\\EFI\\Linux\\arch-linux.efi"


def configured(tmp_path: Path, files: dict[str, str | bytes]) -> tuple[str, str, str]:
    """The configured words, their source, and the words on the disk."""
    found = boot.read(folder_root(tmp_path, {**FILES, **files}))
    assert isinstance(found, Boot)
    assert isinstance(found.configured, CommandLine) and isinstance(found.on_disk, CommandLine)
    return found.configured.text, found.configured.source, found.on_disk.text


@pytest.mark.parametrize(
    ("files", "text", "source"),
    [
        ({"/etc/kernel/cmdline": "root=UUID=1 quiet iommu=pt\n"}, "root=UUID=1 quiet iommu=pt", "/etc/kernel/cmdline"),
        ({"/usr/lib/kernel/cmdline": "a\n# no\nb"}, "a b", "/usr/lib/kernel/cmdline"),
        ({"/etc/kernel/cmdline": "x", "/etc/cmdline.d/1.conf": "a", "/etc/cmdline.d/2.conf": "b"}, "x a b",
         "/etc/kernel/cmdline"),
        ({**NAMED, "/etc/kernel/cmdline": "x", "/etc/kernel/mine": "mine\n"}, "mine", "/etc/kernel/mine"),
        ({**NAMED, "/etc/kernel/mine/1.conf": "a\n", "/etc/kernel/mine/2.txt": "b\n"}, "a", "/etc/kernel/mine"),
        ({**NO_WORDS, "/etc/kernel/cmdline": "x"}, "", "/etc/mkinitcpio.d/linux.preset"),
        ({"/efi/loader/loader.conf": "default arch-linux.efi\n", "/etc/kernel/cmdline": "new"}, "new",
         "/etc/kernel/cmdline"),
        # The running kernel's words would be taken; a file that is named and not there fails the build.
        ({}, "root=UUID=1 quiet", UKI),
        (NAMED, "root=UUID=1 quiet", UKI),
        # No preset makes it.
        ({"/etc/mkinitcpio.d/linux.preset": PRESET.replace("arch-linux", "other"), "/etc/kernel/cmdline": "x"},
         "root=UUID=1 quiet", UKI),
        ({"/etc/kernel/cmdline": b"\xef\xbb\xbfa\r\n\xff\r\n"}, "\ufeffa \ufffd", "/etc/kernel/cmdline"),
    ],
)  # fmt: skip
def test_the_words_are_those_of_the_preset_s_file(
    files: dict[str, str | bytes], text: str, source: str, tmp_path: Path
) -> None:
    assert configured(tmp_path, files) == (text, source, "root=UUID=1 quiet")


def test_an_addon_s_words_are_configured_and_on_the_disk(tmp_path: Path) -> None:
    files = {"/etc/kernel/cmdline": "root=UUID=1 quiet", "/efi/loader/addons/v.addon.efi": addon("vfio-pci.ids=1:2")}
    line = "root=UUID=1 quiet vfio-pci.ids=1:2"
    assert configured(tmp_path, files) == (line, "/etc/kernel/cmdline", line)


def test_words_that_the_firmware_passes_are_nobody_s_sources(tmp_path: Path) -> None:
    files = {"/etc/kernel/cmdline": "root=UUID=1 quiet", **firmware(MINE, "mine only")}
    assert configured(tmp_path, files) == ("mine only", UKI, "mine only")
