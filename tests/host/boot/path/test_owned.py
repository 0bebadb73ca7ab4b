"""Entries that a program makes, and kernels that the firmware starts itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.host.boot.path.test_firmware import MOUNTED, entry, following, order
from tests.host.boot.test_image import efi_program
from tests.host.boot.test_loader import PART, Files, option, started
from tests.trees import Link, folder_root
from vfiotui.host.boot.boot import read
from vfiotui.host.boot.loader import find_loader
from vfiotui.host.boot.loader_firmware import EFIVARS, GLOBAL
from vfiotui.host.boot.path.owned import proxmox_kind
from vfiotui.host.boot.path.resolve import find_path
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.boot.path import BootPath

PVE: Files = {
    "/etc/kernel/proxmox-boot-uuids": "AAAA-1\nBBBB-2\n",
    "/etc/kernel/cmdline": "root=ZFS=rpool/ROOT/pve-1 boot=zfs\nintel_iommu=on\n",
    "/etc/default/grub": 'GRUB_CMDLINE_LINUX="root=ZFS=rpool/ROOT/pve-1"\n'
    'GRUB_CMDLINE_LINUX_DEFAULT="quiet iommu=pt"\n',
    "/boot/grub/grub.cfg": "",
}


def resolved(files: Files, folder: Path) -> Reading[BootPath]:
    root = folder_root(folder, files)
    return find_path(root, find_loader(root))


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        ("BOOT_IMAGE=/vmlinuz-6.8 root=ZFS=x", "grub", "root=ZFS=rpool/ROOT/pve-1 quiet iommu=pt"),
        ("initrd=\\EFI\\proxmox\\6.8\\initrd.img-6.8 root=ZFS=x", "systemd-boot", "root=ZFS=rpool/ROOT/pve-1 boot=zfs"),
        ("root=ZFS=x", "", "root=ZFS=rpool/ROOT/pve-1 boot=zfs"),
    ],
)
def test_proxmox_s_words_come_from_the_file_of_its_loader(line: str, kind: str, words: str, tmp_path: Path) -> None:
    root = folder_root(tmp_path, {**PVE, "/proc/cmdline": line})
    assert proxmox_kind(root) == kind
    boot = read(root)
    assert not isinstance(boot, Unread) and not isinstance(boot.configured, Unread)
    assert boot.configured.text == words
    assert isinstance(boot.path, Unread) and "2 boot partitions, which are not mounted" in boot.path.reason


def test_a_boot_partition_of_proxmox_that_is_mounted_tells_its_loader(tmp_path: Path) -> None:
    files: Files = {**PVE, "/efi/loader/loader.conf": "", "/efi/EFI/proxmox/6.8/vmlinuz": "x"}
    assert proxmox_kind(folder_root(tmp_path, files)) == "systemd-boot"


def limine(owner: Files) -> Files:
    return {**owner, "/boot/limine.conf": "/A\nprotocol: linux\npath: boot():/vmlinuz-6.1.0\ncmdline: init=/nix/x\n"}


def test_the_entries_of_a_system_that_makes_them_are_followed(tmp_path: Path) -> None:
    found = resolved(limine({"/etc/NIXOS": ""}), tmp_path)
    assert isinstance(found, BootPath) and found.default is not None
    assert found.steps[0].text == "NixOS makes the entries of limine"
    assert not isinstance(found.default.words, Unread) and found.default.words.text == "init=/nix/x"


KERNEL = "\\EFI\\arch\\vmlinuz-6.1.0"
WORDS = "root=/dev/sda2 initrd=\\EFI\\arch\\initrd.img rw"
STUB: Files = {**MOUNTED, "/boot/efi/EFI/arch/vmlinuz-6.1.0": "x", "/boot/efi/EFI/arch/initrd.img": "x",
               **started("Arch", KERNEL, WORDS)}  # fmt: skip


def test_the_firmware_s_entry_holds_the_words(tmp_path: Path) -> None:
    found = resolved(STUB | order(0x1A), tmp_path)
    assert isinstance(found, BootPath) and found.default is not None
    default = found.default
    assert not isinstance(default.words, Unread)
    assert (default.words.text, default.kernel) == (WORDS, "/boot/efi/EFI/arch/vmlinuz-6.1.0")
    assert (default.release, default.initrds) == ("6.1.0", ("/boot/efi/EFI/arch/initrd.img",))
    assert "Boot001A" in default.source and "first in BootOrder" in default.why
    assert "the firmware starts 'Arch' (Boot001A) first" in found.steps[0].text


def test_the_entry_of_the_next_boot_alone_is_named(tmp_path: Path) -> None:
    other = {f"{EFIVARS}/Boot0002-{GLOBAL}": option("Arch vfio", KERNEL, "root=/dev/sda2 vfio-pci.ids=1:2")}
    found = resolved(STUB | order(0x1A, 2) | other | following(2), tmp_path)
    assert isinstance(found, BootPath) and found.default is not None
    assert found.default.name == "Arch vfio" and "BootNext" in found.default.why


def test_entries_of_another_disk_leave_it_open(tmp_path: Path) -> None:
    hidden: Files = {f"/dev/disk/by-partuuid/{PART}": Link("../../sdz9")}
    files = {k: v for k, v in STUB.items() if not k.startswith("/dev/disk")} | hidden
    found = resolved(files | order(2, 0x1A) | entry(2, "Other", KERNEL), tmp_path)
    assert isinstance(found, BootPath)
    assert "comes first is not known" in found.open and [c.name for c in found.candidates] == ["Arch", "Other"]


def test_a_unified_image_takes_its_own_words_where_the_entry_has_none(tmp_path: Path) -> None:
    image = efi_program({".linux": b"k", ".cmdline": b"own", ".uname": b"6.2"})
    files = {**MOUNTED, "/boot/efi/EFI/arch/linux.efi": image, **started("UKI", "\\EFI\\arch\\linux.efi")}
    root = folder_root(tmp_path, files | order(0x1A))
    from vfiotui.host.boot.path import efistub

    found = efistub.find(root)
    assert isinstance(found, BootPath) and found.default is not None
    assert not isinstance(found.default.words, Unread) and found.default.words.text == "own"
    assert (found.default.unified, found.default.initrds) == (True, ())
