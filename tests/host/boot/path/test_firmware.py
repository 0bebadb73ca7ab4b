"""What the firmware starts next, by its variables and by the programs that lie on the EFI partitions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.host.boot.test_loader import PART, Files, option
from tests.trees import Link, folder_root
from vfiotui.formats.loaders.efi_program import kind_of
from vfiotui.host.boot.loader_firmware import EFIVARS, GLOBAL
from vfiotui.host.boot.path.firmware import first, numbers, program_kind, starts
from vfiotui.model.base.reading import Unread

SYSTEMD = "\\EFI\\systemd\\systemd-bootx64.efi"
GRUB = "\\EFI\\debian\\shimx64.efi"
MOUNTED: Files = {
    f"/dev/disk/by-partuuid/{PART}": Link("../../sda1"),
    "/proc/self/mounts": "/dev/sda1 /boot/efi vfat rw 0 0\n",
    "/boot/efi/EFI/systemd/systemd-bootx64.efi": "MZ",
    "/boot/efi/EFI/debian/SHIMX64.EFI": "MZ",
}


def order(*numbers: int) -> Files:
    return {f"{EFIVARS}/BootOrder-{GLOBAL}": b"\7\0\0\0" + b"".join(n.to_bytes(2, "little") for n in numbers)}


def following(number: int) -> Files:
    return {f"{EFIVARS}/BootNext-{GLOBAL}": b"\7\0\0\0" + number.to_bytes(2, "little")}


def entry(number: int, description: str, program: str, *, active: bool = True) -> Files:
    data = option(description, program)
    return {f"{EFIVARS}/Boot{number:04X}-{GLOBAL}": data if active else data[:4] + b"\0" + data[5:]}


TWO: Files = {**MOUNTED, **entry(1, "debian", GRUB), **entry(0x1A, "Linux", SYSTEMD)}


@pytest.mark.parametrize(
    ("files", "name", "kind"),
    [
        (TWO | order(1, 0x1A), "'debian' (Boot0001)", "grub"),
        (TWO | order(0x1A, 1), "'Linux' (Boot001A)", "systemd-boot"),
        (TWO | order(1, 0x1A) | following(0x1A), "'Linux' (Boot001A)", "systemd-boot"),
        (TWO | order(1, 0x1A) | entry(1, "debian", GRUB, active=False), "'Linux' (Boot001A)", "systemd-boot"),
        (TWO | order(7, 0x1A), "'Linux' (Boot001A)", "systemd-boot"),
        (TWO | order(3, 1) | entry(3, "gone", "\\EFI\\arch\\grubx64.efi"), "'debian' (Boot0001)", "grub"),
        (TWO | order(3, 1) | entry(3, "Windows", "\\EFI\\Microsoft\\Boot\\bootmgfw.efi")
         | {"/boot/efi/EFI/Microsoft/Boot/bootmgfw.efi": "MZ"}, "'Windows' (Boot0003)", "windows"),
    ],
)  # fmt: skip
def test_the_firmware_takes_the_first_entry_that_is_there(files: Files, name: str, kind: str, tmp_path: Path) -> None:
    found = starts(folder_root(tmp_path, files))
    start = first(found)
    assert start is not None and (start.name, start.kind) == (name, kind)
    assert name in found.steps[-1].text and EFIVARS in found.steps[-1].source


def test_an_entry_of_a_partition_that_is_not_mounted_leaves_it_open(tmp_path: Path) -> None:
    files = TWO | order(1, 0x1A) | {"/proc/self/mounts": "/dev/sda2 / ext4 rw 0 0\n"}
    found = starts(folder_root(tmp_path, files))
    assert first(found) is None
    assert "/dev/sda1, which is mounted at none of" in found.steps[0].text


def test_an_entry_without_a_file_starts_the_removable_path_of_its_disk(tmp_path: Path) -> None:
    files = MOUNTED | order(2) | entry(2, "UEFI OS", "") | {"/boot/efi/EFI/boot/bootx64.efi": limine()}
    start = first(starts(folder_root(tmp_path, files)))
    assert start is not None and (start.file, start.kind) == ("/boot/efi/EFI/boot/bootx64.efi", "limine")


def limine() -> bytes:
    """A program as Limine's: its mark lies behind the first piece that is read."""
    return b"MZ" + bytes((1 << 20) - 10) + b"++CONFIG_B2SUM_SIGNATURE++" + b"0" * 128


def test_a_disk_without_variables_names_its_removable_path(tmp_path: Path) -> None:
    found = starts(folder_root(tmp_path, {"/efi/EFI/BOOT/BOOTX64.EFI": limine()}))
    assert [s.source for s in found.steps] == ["/efi/EFI/BOOT/BOOTX64.EFI"]
    assert "not visible here" in found.steps[0].text and "limine" in found.steps[0].text
    assert found.programs == ()


@pytest.mark.parametrize(
    "files",
    [
        {f"{EFIVARS}/BootOrder-{GLOBAL}": b"\7"},
        {f"{EFIVARS}/BootOrder-{GLOBAL}": b"\7\0\0\0\1"},
        TWO | order(1) | {f"{EFIVARS}/Boot0001-{GLOBAL}": b"\7\0\0\0\1\0\0\0\xff\xffx"},
        TWO | order(*range(1000)),
        {**order(1), f"{EFIVARS}/Boot0001-{GLOBAL}/x": "a folder"},
        MOUNTED | order(2) | entry(2, "x", "\\..\\..\\etc\\passwd"),
        MOUNTED | order(2) | entry(2, "x", "") | {"/boot/efi/EFI/BOOT/BOOTX64.EFI/x": "a folder"},
        {**order(2), **entry(2, "x", ""), "/efi/EFI": Link("/../../..")},
    ],
)
def test_damaged_variables_give_an_answer(files: Files, tmp_path: Path) -> None:
    found = starts(folder_root(tmp_path, files))
    start = first(found)
    assert start is None or isinstance(start.file, str | Unread)
    assert all(step.text and step.source for step in found.steps)


def test_numbers_come_once_and_are_bounded() -> None:
    assert numbers(bytes(4)) == (0,)
    assert len(numbers(b"".join(n.to_bytes(2, "little") for n in range(5000)))) == 256


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (bytes(0x202) + b"HdrS", "efistub"),
        (b"MZ rEFInd", ""),
        (b"MZ" + "rEFInd 0.14".encode("utf-16-le"), "refind"),
        (b"MZ...UEFI SHIM\n$Version: 15.7", "shim"),
        (b"MZ...Welcome to GRUB!", "grub"),
        (b"", ""),
    ],
)
def test_a_program_is_known_by_its_own_text(data: bytes, kind: str, tmp_path: Path) -> None:
    assert kind_of(data) == kind
    assert program_kind(folder_root(tmp_path, {"/x.efi": data}), "/x.efi") == kind
