"""Which loader starts the host: by what it leaves in the firmware, on the command line and on the disks."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trees import Link, folder_root
from vfiotui.formats.loaders.efi_load_option import parse
from vfiotui.host.boot.loader import find_loader
from vfiotui.host.boot.loader_firmware import EFIVARS, GLOBAL, VENDOR, loader_of_program

GRUB_CFG = "/boot/grub/grub.cfg"
ENTRY = "title x\nlinux /vmlinuz\noptions root=UUID=1 rw quiet\n"
PART = "0a1b2c3d-0000-4000-8000-00000000abcd"
Files = dict[str, str | bytes]


def utf16(text: str) -> bytes:
    """An EFI variable: four bytes of attributes, then UTF-16 with a final NUL."""
    return b"\6\0\0\0" + text.encode("utf-16-le") + b"\0\0"


def node(kind: int, sub: int, body: bytes) -> bytes:
    return bytes((kind, sub)) + (len(body) + 4).to_bytes(2, "little") + body


def option(description: str, program: str, options: str = "") -> bytes:
    """A Boot#### variable as firmware writes it: a GPT partition, a program on it, and what it is given."""
    disk = node(4, 1, bytes(20) + uuid.UUID(PART).bytes_le + b"\2\2")
    path = disk + node(4, 4, program.encode("utf-16-le") + b"\0\0") + node(0x7F, 0xFF, b"")
    text = description.encode("utf-16-le") + b"\0\0"
    return b"\7\0\0\0\1\0\0\0" + len(path).to_bytes(2, "little") + text + path + options.encode("utf-16-le")


def loader_var(name: str, text: str) -> Files:
    return {f"{EFIVARS}/{name}-{VENDOR}": utf16(text)}


def started(description: str, program: str, options: str = "") -> Files:
    return {
        f"{EFIVARS}/BootCurrent-{GLOBAL}": b"\6\0\0\0\x1a\0",
        f"{EFIVARS}/Boot001A-{GLOBAL}": option(description, program, options),
    }


@pytest.mark.parametrize(
    ("files", "name", "sure"),
    [
        ({GRUB_CFG: "menuentry", "/etc/default/grub": ""}, "grub", True),
        ({"/boot/grub2/grub.cfg": "blscfg\n", "/boot/loader/entries/a.conf": ENTRY}, "grub-bls", True),
        ({"/efi/loader/loader.conf": "", "/efi/loader/entries/a.conf": ENTRY}, "systemd-boot", True),
        ({"/boot/efi/EFI/Linux/arch.efi": "MZ"}, "uki", True),
        ({"/boot/limine.conf": "/x"}, "limine", True),
        ({"/boot/efi/EFI/refind/refind.conf": ""}, "refind", True),
        ({"/etc/kernel/proxmox-boot-uuids": "ABCD", GRUB_CFG: "x"}, "proxmox", True),
        ({"/etc/kernelstub/configuration": "{}", "/boot/efi/loader/loader.conf": ""}, "kernelstub", True),
        ({"/etc/NIXOS": "", GRUB_CFG: "x"}, "nixos", True),
        ({"/ostree/x": ""}, "rpm-ostree", True),
        ({GRUB_CFG: "x", "/efi/loader/loader.conf": ""}, "grub", False),
        ({"/etc/default/grub": "left over"}, "grub", False),
        ({"/etc/hostname": "x"}, "unknown", False),
        (
            {
                f"{EFIVARS}/LoaderInfo-{VENDOR}": utf16("systemd-boot 257.1"),
                GRUB_CFG: "x",
                "/efi/loader/loader.conf": "",
            },
            "systemd-boot",
            True,
        ),
        ({f"{EFIVARS}/StubInfo-{VENDOR}": utf16("systemd-stub 257"), GRUB_CFG: "x"}, "uki", True),
        ({f"{EFIVARS}/LoaderInfo-{VENDOR}": b"\6", GRUB_CFG: "x"}, "grub", True),
    ],
)  # fmt: skip
def test_the_loader_is_known_by_what_it_leaves(files: Files, name: str, sure: bool, tmp_path: Path) -> None:
    found = find_loader(folder_root(tmp_path, files))
    assert (found.name, found.sure) == (name, sure), found
    assert all(found.evidence)


def test_two_loaders_are_both_told(tmp_path: Path) -> None:
    found = find_loader(folder_root(tmp_path, {GRUB_CFG: "x", "/efi/loader/loader.conf": ""}))
    assert found.others == ("systemd-boot",)


SHIM = started("debian", "\\EFI\\debian\\shimx64.efi")
BOTH = {GRUB_CFG: "x", "/etc/default/grub": "", "/efi/loader/loader.conf": "", "/efi/loader/entries/a.conf": ENTRY}


@pytest.mark.parametrize(
    ("files", "name", "sure", "words"),
    [
        (BOTH | SHIM, "grub", True, "which starts GRUB"),
        (BOTH | started("Linux Boot", "\\EFI\\systemd\\systemd-bootx64.efi"), "systemd-boot", True, "Linux Boot"),
        (BOTH | started("rEFInd", "\\EFI\\refind\\refind_x64.efi"), "refind", True, "refind_x64"),
        (BOTH | started("Limine", "\\EFI\\limine\\limine_x64.efi"), "limine", True, "limine_x64"),
        (BOTH | started("UEFI OS", "\\EFI\\BOOT\\BOOTX64.EFI"), "grub", False, "UEFI OS"),
        (started("Arch", "\\vmlinuz-linux", "root=/dev/sda2 rw"), "efistub", True, "the kernel itself"),
        (started("Arch", "\\EFI\\Linux\\arch-linux.efi"), "uki", True, "arch-linux"),
        # What the loader itself says weighs more than the entry that the firmware started: rEFInd can start another.
        (BOTH | started("x", "\\EFI\\refind\\refind_x64.efi") | loader_var("LoaderInfo", "systemd-boot 257"),
         "systemd-boot", True, "refind"),
        # systemd-boot handed over to GRUB: the last of the chain gives the words.
        (BOTH | loader_var("LoaderInfo", "systemd-boot 257") | {"/proc/cmdline": "BOOT_IMAGE=/vmlinuz quiet"},
         "grub", True, "GRUB's, whose files are here"),
        (BOTH | {"/proc/cmdline": "BOOT_IMAGE=/vmlinuz quiet"}, "grub", True, "GRUB's, whose files are here"),
        (BOTH | {"/proc/cmdline": "initrd=\\x\\initrd.img root=UUID=1"}, "grub", False, "not GRUB"),
        # systemd-boot that starts a unified image: the words are in the image.
        (BOTH | loader_var("LoaderInfo", "systemd-boot 257") | loader_var("StubInfo", "systemd-stub 257"),
         "uki", True, "systemd-stub"),
        ({"/efi/loader/loader.conf": "", "/efi/EFI/Linux/a.efi": "MZ", **loader_var("LoaderInfo", "systemd-boot 257")},
         "uki", True, "unified"),
        ({GRUB_CFG: "x", "/boot/extlinux.conf": "", "/proc/cmdline": "BOOT_IMAGE=(hd0,gpt2)/vmlinuz quiet"},
         "grub", True, "GRUB's mark"),
        ({"/boot/extlinux.conf": "", "/proc/cmdline": "BOOT_IMAGE=vmlinuz-lts quiet initrd=initramfs-lts"},
         "syslinux", True, "whose files are here"),
        ({"/boot/extlinux/extlinux.conf": "", GRUB_CFG: "", "/proc/cmdline": "BOOT_IMAGE=/vmlinuz initrd=/x"},
         "syslinux", True, "SYSLINUX's or EXTLINUX's"),
        ({"/boot/syslinux/syslinux.cfg": "", GRUB_CFG: "", "/proc/cmdline": "BOOT_IMAGE=/vmlinuz quiet"},
         "grub", False, "or SYSLINUX's"),
        ({"/proc/cmdline": "BOOT_IMAGE=/vmlinuz quiet"}, "grub", True, "LILO's or zipl's"),
        # Limine and rEFInd start unified images, and may give them words.
        ({"/boot/limine.conf": "/x", "/boot/EFI/Linux/a.efi": "MZ"}, "limine", True, "unified kernel images"),
        ({"/boot/limine.conf": "/x", "/boot/EFI/Linux/a.efi": "MZ", **loader_var("StubInfo", "systemd-stub 257"),
          **started("Limine", "\\EFI\\limine\\BOOTX64.EFI")}, "limine", True, "systemd-stub"),
        ({"/gnu/store/x": "", GRUB_CFG: "x", "/run/current-system": ""}, "guix", True, "Guix"),
        ({"/proc/cmdline": "init=/nix/store/x/init", GRUB_CFG: "x"}, "nixos", True, "/nix/store"),
        ({"/proc/cmdline": "ostree=/ostree/boot.1", GRUB_CFG: "x"}, "rpm-ostree", True, "ostree="),
        ({"/etc/sysconfig/bootloader": 'LOADER_TYPE="grub2-bls"\n', "/boot/efi/loader/entries/a.conf": ENTRY},
         "grub-bls", True, "openSUSE"),
        ({"/etc/sdboot-manage.conf": "", "/boot/loader/loader.conf": "", "/boot/loader/entries/a.conf": ENTRY},
         "systemd-boot", True, "sdboot-manage"),
    ],
)  # fmt: skip
def test_the_boot_itself_tells(files: Files, name: str, sure: bool, words: str, tmp_path: Path) -> None:
    found = find_loader(folder_root(tmp_path, files))
    assert (found.name, found.sure) == (name, sure), found
    assert any(words in sentence for sentence in found.evidence), found.evidence


def test_the_firmware_s_next_start_weighs_more_than_what_started_this_boot(tmp_path: Path) -> None:
    limine = "\\EFI\\limine\\limine_x64.efi"
    files = BOTH | SHIM | {
        f"{EFIVARS}/Boot0002-{GLOBAL}": option("Limine", limine),
        f"{EFIVARS}/BootOrder-{GLOBAL}": b"\7\0\0\0\2\0\x1a\0",
        "/efi/EFI/limine/limine_x64.efi": "MZ",
        "/efi/limine.conf": "/x",
    }  # fmt: skip
    found = find_loader(folder_root(tmp_path / "next", files))
    assert (found.name, found.sure) == ("limine", True)
    assert found.evidence[0] == "the firmware starts 'Limine' (Boot0002) next, and not what started this boot"
    same = files | {f"{EFIVARS}/BootOrder-{GLOBAL}": b"\7\0\0\0\x1a\0\2\0"}
    assert find_loader(folder_root(tmp_path / "same", same)).name == "grub"


def test_a_boot_partition_that_is_not_mounted_leaves_doubt(tmp_path: Path) -> None:
    fstab = {"/etc/fstab": "UUID=1 / ext4 defaults 0 1\nUUID=2 /boot/efi vfat defaults 0 2\n"}
    found = find_loader(folder_root(tmp_path, {GRUB_CFG: "x", **fstab}))
    assert (found.name, found.sure) == ("grub", False)
    assert any("/boot/efi of /etc/fstab is not mounted" in s and "mount UUID=2" in s for s in found.evidence)
    # GRUB keeps its words in /boot: once it is known to have started the host, its EFI partition may stay away.
    sure = find_loader(folder_root(tmp_path, {"/proc/cmdline": "BOOT_IMAGE=/vmlinuz"}))
    assert (sure.name, sure.sure) == ("grub", True)


def mounted(device: str, at: str) -> Files:
    return {
        **loader_var("LoaderInfo", "systemd-boot 257"),
        **loader_var("LoaderDevicePartUUID", PART.upper()),
        f"/dev/disk/by-partuuid/{PART}": Link("../../nvme0n1p1"),
        "/proc/self/mounts": f"/dev/nvme0n1p2 / ext4 rw 0 0\n{device} {at} vfat rw 0 0\n",
        "/efi/loader/loader.conf": "",
        "/efi/loader/entries/a.conf": ENTRY,
    }


@pytest.mark.parametrize(
    ("device", "at", "sure", "words"),
    [
        ("/dev/nvme0n1p1", "/efi", True, ""),
        ("/dev/sda1", "/efi", False, "came from /dev/nvme0n1p1, but another EFI partition is mounted at /efi"),
        ("/dev/sda1", "/mnt", False, "EFI partition /dev/nvme0n1p1, which is mounted at none of"),
    ],
)
def test_an_efi_partition_of_another_disk_is_noticed(
    device: str, at: str, sure: bool, words: str, tmp_path: Path
) -> None:
    found = find_loader(folder_root(tmp_path, mounted(device, at)))
    assert (found.name, found.sure) == ("systemd-boot", sure)
    assert any(words in s for s in found.evidence)


def test_a_boot_option_is_read_to_its_end() -> None:
    found = parse(option("Kernel", "\\vmlinuz", "root=/dev/sda2")[4:])
    assert found is not None
    assert (found.description, found.partition, found.path) == ("Kernel", PART, "\\vmlinuz")
    assert found.options.decode("utf-16-le") == "root=/dev/sda2"


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(0, 255))
def test_damaged_boot_options_are_no_trouble(junk: bytes, cut: int, byte: int) -> None:
    whole = bytearray(option("x [/dev/vfio/1]\x1b[2J", "\\EFI\\debian\\shimx64.efi")[4:])
    whole[cut % len(whole)] = byte
    for data in (junk, bytes(whole[:cut]), bytes(whole)):
        found = parse(data)
        assert found is None or isinstance(loader_of_program(found.path), str)
