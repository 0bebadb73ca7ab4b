"""What rEFInd starts: stanzas, kernels that it finds, refind_linux.conf, and its default selection."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.host.boot.test_image import efi_program
from tests.host.boot.test_loader import Files, utf16
from tests.trees import Link, folder_root
from vfiotui.host.boot.loader import find_loader
from vfiotui.host.boot.path.refind import PREVIOUS, numbers_in
from vfiotui.host.boot.path.resolve import find_path
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.boot.path import BootPath

ESP = "/boot/efi"
CONF = f"{ESP}/EFI/refind/refind.conf"
STANZAS = """menuentry "Arch" {
    loader   /vmlinuz-linux
    initrd   /initramfs-linux.img
    options  "root=UUID=1 rw"
    submenuentry "Fallback" {
        initrd /initramfs-linux-fallback.img
        add_options "single"
    }
}
menuentry "VFIO box" {
    loader /vmlinuz-linux
    options "root=UUID=1 rw"
    options "root=UUID=1 vfio-pci.ids=10de:13c2"
}
menuentry "Old" {
    loader /gone
    disabled
}
"""
KERNELS: Files = {
    "/boot/vmlinuz-linux": "x",
    "/boot/initramfs-linux.img": "x",
    "/boot/initramfs-linux-fallback.img": "x",
    "/boot/refind_linux.conf": '"Standard" "root=UUID=1 rw quiet"\n"Single" "root=UUID=1 single"\n',
}
MANUAL: Files = {f"{ESP}/vmlinuz-linux": "x", f"{ESP}/initramfs-linux.img": "x"}


def conf(head: str, stanzas: str = STANZAS) -> Files:
    return {CONF: f"timeout 5\n{head}\n{stanzas}"}


def resolved(files: Files, folder: Path) -> Reading[BootPath]:
    root = folder_root(folder, files)
    return find_path(root, find_loader(root))


def path_of(files: Files, folder: Path) -> BootPath:
    found = resolved(files, folder)
    assert isinstance(found, BootPath), found
    return found


def before(title: str) -> Files:
    return {PREVIOUS: utf16(title)}


@pytest.mark.parametrize(
    ("head", "more", "name"),
    [
        ("scanfor manual\ndefault_selection Arch", {}, "Arch"),
        ("scanfor manual\ndefault_selection vfio", {}, "VFIO box"),
        ('scanfor manual\ndefault_selection "nothing,VFIO box"', {}, "VFIO box"),
        ("scanfor manual\ndefault_selection 2", {}, "VFIO box"),
        ("scanfor manual\ndefault_selection 7", {}, "Arch"),
        ("scanfor manual\ndefault_selection Old", {}, "Arch"),
        ("scanfor manual\ndefault_selection Arch\ndefault_selection VFIO", {}, "VFIO box"),
        ("scanfor manual", before("Boot VFIO box from ESP "), "VFIO box"),
        ("scanfor manual", before("Boot gone from ESP "), "Arch"),
        ('scanfor manual\ndefault_selection "+,VFIO"', before("Boot Arch from ESP "), "Arch"),
        ('scanfor manual\ndefault_selection "+,VFIO"', before("Boot gone from ESP "), "VFIO box"),
        ("scanfor manual", {f"{ESP}/EFI/refind/vars/PreviousBoot": utf16("Boot VFIO box from X")[4:]}, "VFIO box"),
    ],
)
def test_the_default_is_the_first_title_that_fits(head: str, more: Files, name: str, tmp_path: Path) -> None:
    default = path_of({**conf(head), **MANUAL, **more}, tmp_path).default
    assert default is not None and default.name == name


def test_a_stanza_tells_kernel_initrd_and_words(tmp_path: Path) -> None:
    found = path_of({**conf("scanfor manual\ndefault_selection Arch"), **MANUAL}, tmp_path)
    arch = found.default
    assert arch is not None and not isinstance(arch.words, Unread)
    assert (arch.kernel, arch.initrds) == (f"{ESP}/vmlinuz-linux", (f"{ESP}/initramfs-linux.img",))
    assert (arch.words.text, arch.words.source) == ("root=UUID=1 rw initrd=\\initramfs-linux.img", f"{CONF}:7")
    inner = next(e for e in found.entries if e.name == "Arch>Fallback")
    assert not isinstance(inner.words, Unread)
    assert inner.words.text == "root=UUID=1 rw single initrd=\\initramfs-linux-fallback.img"
    vfio = next(e for e in found.entries if e.name == "VFIO box")
    assert not isinstance(vfio.words, Unread) and vfio.words.text == "root=UUID=1 vfio-pci.ids=10de:13c2"


def test_without_the_variable_of_the_last_start_all_entries_are_kept(tmp_path: Path) -> None:
    found = path_of({**conf("scanfor manual"), **MANUAL}, tmp_path)
    assert "started last" in found.open and [c.name for c in found.candidates] == ["Arch", "VFIO box"]


def test_a_time_of_the_day_leaves_it_open(tmp_path: Path) -> None:
    found = path_of({**conf("scanfor manual\ndefault_selection Arch\ndefault_selection VFIO 1:00 2:00")}, tmp_path)
    assert "times of the day" in found.open and len(found.candidates) == 2


def test_a_kernel_that_is_found_takes_the_first_line_beside_it(tmp_path: Path) -> None:
    files = {**conf("extra_kernel_version_strings linux-lts,linux\ndefault_selection vmlinuz", ""), **KERNELS}
    default = path_of(files, tmp_path).default
    assert default is not None and not isinstance(default.words, Unread)
    assert default.kernel == "/boot/vmlinuz-linux"
    assert default.initrds == ("/boot/initramfs-linux.img",)
    assert default.words.text == "root=UUID=1 rw quiet initrd=\\boot\\initramfs-linux.img"
    assert default.words.source == "/boot/refind_linux.conf:1"


def test_the_newest_kernel_of_a_folder_is_the_entry(tmp_path: Path) -> None:
    files: Files = {
        **conf("default_selection vmlinuz", ""),
        **{f"/boot/{kind}-{r}": "x" for kind in ("vmlinuz", "initrd.img") for r in ("6.1.0-1", "6.9.0-2")},
        "/boot/vmlinuz-0-rescue-1": "x",
        "/boot/refind_linux.conf": '"A" "root=/dev/sda2 initrd=/boot/initrd.img-%v"\n',
    }
    root = folder_root(tmp_path, files)
    for name, age in (("vmlinuz-6.1.0-1", 2000), ("vmlinuz-6.9.0-2", 1000), ("vmlinuz-0-rescue-1", 9000)):
        os.utime(tmp_path / "boot" / name, (age, age))
    found = find_path(root, find_loader(root))
    assert isinstance(found, BootPath) and found.default is not None
    assert (found.default.kernel, found.default.release) == ("/boot/vmlinuz-6.1.0-1", "6.1.0-1")
    assert found.default.initrds == ("/boot/initrd.img-6.1.0-1",)
    assert not isinstance(found.default.words, Unread)
    assert found.default.words.text == "root=/dev/sda2 initrd=/boot/initrd.img-6.1.0-1"


def test_a_kernel_without_its_file_of_options_has_words_that_are_not_known(tmp_path: Path) -> None:
    found = path_of({**conf("default_selection vmlinuz", ""), "/boot/vmlinuz-6.1.0": "x"}, tmp_path)
    assert found.default is not None and isinstance(found.default.words, Unread)


def test_files_that_are_included_count_once(tmp_path: Path) -> None:
    files = {**conf("scanfor manual\ninclude more.conf\ninclude refind.conf\ninclude ../../../../etc/passwd", ""),
             f"{ESP}/EFI/refind/more.conf": f"default_selection VFIO\ninclude refind.conf\n{STANZAS}"}  # fmt: skip
    found = path_of(files, tmp_path)
    assert found.default is not None and found.default.name == "VFIO box"
    assert len(found.entries) == 3


def test_volumes_are_found_by_label_and_by_partition(tmp_path: Path) -> None:
    stanza = 'menuentry A {\n volume "MYBOOT"\n loader /vmlinuz-6.1.0\n options a\n}\n'
    files: Files = {**conf("scanfor manual", stanza), "/dev/disk/by-label/MYBOOT": Link("../../sda3"),
                    "/proc/self/mounts": "/dev/sda3 /boot ext4 rw 0 0\n", "/boot/vmlinuz-6.1.0": "x"}  # fmt: skip
    default = path_of(files, tmp_path).default
    assert default is not None and (default.kernel, default.release) == ("/boot/vmlinuz-6.1.0", "6.1.0")


def test_a_unified_image_gets_the_words_of_its_stanza(tmp_path: Path) -> None:
    image = efi_program({".linux": b"k", ".cmdline": b"own words", ".uname": b"6.1\0"})
    files: Files = {**conf("scanfor manual", "menuentry A {\n loader /EFI/Linux/a.efi\n options \"x y\"\n}\n"),
                    f"{ESP}/EFI/Linux/a.efi": image}  # fmt: skip
    default = path_of(files, tmp_path).default
    assert default is not None and not isinstance(default.words, Unread)
    assert (default.words.text, default.unified) == ("x y", True)
    found = path_of({CONF: "default_selection a.efi\n", f"{ESP}/EFI/Linux/a.efi": image}, tmp_path / "2").default
    assert found is not None and not isinstance(found.words, Unread) and found.words.text == "own words"


@pytest.mark.parametrize(
    "text",
    [
        "", "\0", "menuentry", "menuentry A {", "menuentry A {\nsubmenuentry B {\n}\n", '"""""', "}\n}\n", "#\n",
        "menuentry A {\nloader ../../../etc/passwd\nvolume ../x\n}\n", "default_selection\nscanfor\n", "\ufefftimeout",
        "menuentry A {\nloader x\n}\n" * 3000, "scanfor manual\nmenuentry A {\n}\n", "include /\n",
    ],
)  # fmt: skip
def test_damaged_configurations_give_an_answer(text: str, tmp_path: Path) -> None:
    found = resolved({CONF: text, f"{ESP}/EFI/x.efi/y": "", "/boot/vmlinuz/x": "a folder"}, tmp_path)
    assert isinstance(found, Unread | BootPath)


def test_versions_are_told_as_refind_tells_them() -> None:
    assert numbers_in("initrd.img-6.1.0-9-amd64", ()) == "6.1.0-9-amd64"
    assert numbers_in("vmlinuz", ()) == ""
    assert numbers_in("initramfs-linux.img", ("linux",)) == "linux"
