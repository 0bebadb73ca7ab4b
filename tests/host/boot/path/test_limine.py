"""What Limine starts: its configurations, the line of its menu that it takes, paths, and who gives the words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.host.boot.test_image import efi_program as pe
from tests.host.boot.test_loader import Files
from tests.trees import Link, folder_root
from vfiotui.host.boot.loader import find_loader
from vfiotui.host.boot.loader_firmware import EFIVARS, GLOBAL
from vfiotui.host.boot.path.limine import LAST_BOOTED
from vfiotui.host.boot.path.resolve import find_path
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.boot.path import BootPath

CONF = "/boot/limine.conf"
HASH = "ab" * 64
TWO = """timeout: 3
{head}
/Arch
    protocol: linux
    path: boot():/vmlinuz-linux
    cmdline: root=UUID=1 rw
    module_path: boot():/intel-ucode.img
    module_path: boot():/initramfs-linux.img#{hash}
/+Other
  //One
  protocol: linux
  kernel_path: boot():/vmlinuz-6.9.1
  kernel_cmdline: root=UUID=2 vfio-pci.ids=1002:67df
  //Two
  protocol: linux
  path: boot():/vmlinuz-6.9.2
"""
KERNELS: Files = {
    "/boot/vmlinuz-linux": "x", "/boot/initramfs-linux.img": "x", "/boot/intel-ucode.img": "x",
    "/boot/vmlinuz-6.9.1": "x", "/usr/lib/modules/6.12.1-arch1-1/pkgbase": "linux\n",
}  # fmt: skip


def text_of(head: str = "") -> str:
    return TWO.format(head=head, hash=HASH)


def two(head: str = "") -> Files:
    return {CONF: text_of(head)}


def resolved(files: Files, folder: Path) -> Reading[BootPath]:
    root = folder_root(folder, files)
    return find_path(root, find_loader(root))


def path_of(files: Files, folder: Path) -> BootPath:
    found = resolved(files, folder)
    assert isinstance(found, BootPath), found
    assert found.loader == "limine"
    return found


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("", "Arch"),
        ("default_entry: 1", "Arch"),
        ("default_entry: 3", "Other/One"),
        ("default_entry: 4", "Other/Two"),
        ("default_entry: 99", "Arch"),
        ("default_entry: 0", "Arch"),
        ("default_entry: Other/Two", "Other/Two"),
        ("default_entry: One", "Other/One"),
        ("default_entry: nothing", "Arch"),
        ("DEFAULT_ENTRY: 3", "Other/One"),
        ("default_entry : 3", "Arch"),
        ("#default_entry: 3", "Arch"),
        ("${N}=3\ndefault_entry: ${N}", "Other/One"),
        ("default_entry: 3\ndefault_entry: 1", "Other/One"),
        ("default_entry: 3\r", "Other/One"),
        ("default_entry: 999999999999999999999999", "Arch"),
    ],
)
def test_the_default_is_a_line_of_the_menu_or_a_path(head: str, name: str, tmp_path: Path) -> None:
    default = path_of(two(head), tmp_path).default
    assert default is not None and default.name == name


def test_a_setting_behind_an_entry_is_not_the_menu_s(tmp_path: Path) -> None:
    files = {CONF: text_of() + "default_entry: 3\n"}
    default = path_of(files, tmp_path).default
    assert default is not None and default.name == "Arch"


def test_an_entry_tells_kernel_release_initrds_and_words(tmp_path: Path) -> None:
    default = path_of({**two(), **KERNELS}, tmp_path).default
    assert default is not None
    assert (default.kernel, default.release) == ("/boot/vmlinuz-linux", "6.12.1-arch1-1")
    assert default.initrds == ("/boot/intel-ucode.img", "/boot/initramfs-linux.img")
    assert not isinstance(default.words, Unread)
    assert (default.words.text, default.words.source) == ("root=UUID=1 rw", f"{CONF}:6")
    assert default.source == f"{CONF}:3" and not default.maker


def test_a_kernel_that_is_not_there_is_said(tmp_path: Path) -> None:
    found = path_of(two("default_entry: 4"), tmp_path)
    assert found.default is not None and isinstance(found.default.kernel, Unread)
    assert "boot():/vmlinuz-6.9.2 is not there" in str(found.missing[0])


@pytest.mark.parametrize(
    ("head", "open_", "count"),
    [
        ("default_entry: 2", "is a folder: the menu waits", 2),
        ("remember_last_entry: yes", "LimineLastBootedEntry is not visible here", 3),
    ],
)
def test_what_a_person_decides_stays_open(head: str, open_: str, count: int, tmp_path: Path) -> None:
    text = text_of(head).replace("timeout: 3\n", "")
    found = path_of({CONF: text}, tmp_path)
    assert open_ in found.open and len(found.candidates) == count and found.default is None


def test_the_entry_that_was_started_last_is_remembered(tmp_path: Path) -> None:
    last = b"\7\0\0\0" + (2).to_bytes(8, "little")
    found = path_of({**two("remember_last_entry: yes"), LAST_BOOTED: last}, tmp_path)
    assert found.default is not None and found.default.name == "Other/One"
    gone = b"\7\0\0\0" + (77).to_bytes(8, "little")
    found = path_of({**two("remember_last_entry: yes"), LAST_BOOTED: gone}, tmp_path / "2")
    assert found.default is not None and found.default.name == "Arch"


def test_collapsed_folders_do_not_count(tmp_path: Path) -> None:
    text = text_of("default_entry: 3").replace("/+Other", "/Other") + "/Last\nprotocol: linux\n"
    default = path_of({CONF: text}, tmp_path).default
    assert default is not None and default.name == "Last"


def test_the_old_syntax_is_read(tmp_path: Path) -> None:
    text = (
        "DEFAULT_ENTRY=2\n:One\nPROTOCOL=linux\nCMDLINE=a\n:Two\nPROTOCOL=linux\nKERNEL_PATH=boot():/k\nCMDLINE=b c\n"
    )
    default = path_of({"/boot/limine.cfg": text}, tmp_path).default
    assert default is not None and default.name == "Two"
    assert not isinstance(default.words, Unread) and default.words.text == "b c"


def test_two_configurations_that_differ_are_both_kept(tmp_path: Path) -> None:
    other = text_of("default_entry: 3")
    found = path_of({**two(), "/boot/EFI/limine/limine.conf": other}, tmp_path)
    assert [c.name for c in found.candidates] == ["Other/One", "Arch"]
    assert "depends on its version" in found.open
    same = path_of({**two(), "/boot/EFI/limine/limine.conf": text_of()}, tmp_path / "same")
    assert same.default is not None


UKI = "/boot/EFI/Linux/a.efi"
IMAGE = pe({".linux": b"kernel", ".cmdline": b"root=UUID=9 quiet\n\0", ".uname": b"6.12.1\0"})
EFI = f"/A\nprotocol: efi\npath: boot():/EFI/Linux/a.efi#{HASH}\n"
CHECKED: Files = {f"{EFIVARS}/SecureBoot-{GLOBAL}": b"\6\0\0\0\1"}


@pytest.mark.parametrize(
    ("conf", "more", "words", "source"),
    [
        (EFI, {}, "root=UUID=9 quiet", UKI),
        (EFI + "cmdline: root=UUID=1 ids\n", {}, "root=UUID=1 ids", f"{CONF}:4"),
        (EFI + "cmdline: root=UUID=1 ids\n", CHECKED, "root=UUID=9 quiet", UKI),
    ],
)
def test_a_unified_image_gets_the_words_of_the_entry_unless_signatures_count(
    conf: str, more: Files, words: str, source: str, tmp_path: Path
) -> None:
    default = path_of({CONF: conf, UKI: IMAGE, **more}, tmp_path).default
    assert default is not None and not isinstance(default.words, Unread)
    assert (default.words.text, default.words.source) == (words, source)
    assert (default.unified, default.release, default.initrds) == (True, "6.12.1", ())


def test_other_systems_and_other_disks_are_named(tmp_path: Path) -> None:
    conf = "/Windows\nprotocol: efi\npath: boot():/EFI/Microsoft/Boot/bootmgfw.efi\n/BSD\nprotocol: limine\n" + (
        "/Disk\nprotocol: linux\npath: hdd(2:1):/vmlinuz\ncmdline: a\n"
        "/Guid\nprotocol: linux\npath: guid(0A-1):/vmlinuz-6.9.1\ncmdline: a\n"
    )
    files: Files = {CONF: conf, "/dev/disk/by-partuuid/0a-1": Link("../../sda7"), "/mnt/x/vmlinuz-6.9.1": "x",
                    "/proc/self/mounts": "/dev/sda7 /mnt/x vfat rw 0 0\n"}  # fmt: skip
    found = path_of(files, tmp_path)
    windows, bsd, disk, guid = found.entries
    assert windows.other_system and bsd.other_system and isinstance(bsd.words, Unread)
    assert isinstance(disk.kernel, Unread) and "known to Limine only" in disk.kernel.reason
    assert (guid.kernel, guid.release) == ("/mnt/x/vmlinuz-6.9.1", "6.9.1")


@pytest.mark.parametrize(
    "text",
    [
        "", "\0\0\0", "/", "//", "/a\n////b\n//c\n", "\ufeff/A\nprotocol: linux\n", "${A}=${A}\n/${A}\ncmdline: ${A}\n",
        "/A\nprotocol: linux\npath: boot():/../../etc/passwd\ncmdline: x\ncmdline: y\nkernel_cmdline: z\n",
        "/A\nprotocol: efi\npath: boot():/limine.conf\n", "default_entry: ²\n/A\n", "/A\n" * 5000,
        "default_entry: \n/A\nprotocol: linux\nmodule_path:\n",
    ],
)  # fmt: skip
def test_damaged_configurations_give_an_answer(text: str, tmp_path: Path) -> None:
    found = resolved({CONF: text, "/boot/EFI/BOOT/limine.conf/x": "a folder"}, tmp_path)
    assert isinstance(found, Unread | BootPath)
    kernels = [] if isinstance(found, Unread) else [e.kernel for e in (*found.candidates, *found.entries)]
    assert all(isinstance(k, Unread) or k.startswith("/boot/") for k in kernels), kernels


def test_a_file_of_many_entries_and_one_that_is_too_long_are_bounded(tmp_path: Path) -> None:
    many = "/A\nprotocol: linux\npath: boot():/x\n" * 20000
    found = path_of({CONF: many}, tmp_path)
    assert len(found.entries) == 200 and found.default is not None
    unread = resolved({CONF: "/A\n" * (2 << 20)}, tmp_path / "2")
    assert isinstance(unread, Unread) and "longer than" in unread.reason and unread.path == CONF
