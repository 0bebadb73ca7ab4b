"""The initramfs of the next boot is what the entry loads; names are asked only where no entry is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.boot_images import archive
from tests.trees import folder_root
from vfiotui.host.boot.next_image import CANDIDATES_LIMIT, read_boots
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.image import Image
from vfiotui.model.boot.next_boot import image_of_all
from vfiotui.model.boot.path import BootEntry, BootPath

LINE = CommandLine("quiet", "/boot/grub/grub.cfg:1")
NOT_FOLLOWED = Unread("the entries of x are not followed", Why.NOT_HERE)
MODULES = "/lib/modules/6.12.9/modules.dep"


def entry(name: str, *initrds: str, other: bool = False) -> BootEntry:
    return BootEntry("grub", name, "/boot/grub/grub.cfg:1", "/boot/vmlinuz", "6.12.9", initrds, LINE, "",
                     other_system=other)  # fmt: skip


def path_of(*entries: BootEntry) -> BootPath:
    return BootPath("grub", (), entries)


def image(folder: Path, name: str, text: str) -> bytes:
    return archive(folder / f"in-{name}", {"etc/modprobe.d/a.conf": text, f"only/{name}": ""})


def names(found: Reading[Image]) -> set[str]:
    assert isinstance(found, Image)
    return {f.path for f in found.files.values() if f.kind == "file"}


def test_the_image_of_the_entry_is_taken_and_not_the_one_with_the_kernels_name(tmp_path: Path) -> None:
    files = {
        MODULES: "",
        "/boot/initrd.img-6.12.9": image(tmp_path, "named", "options a b=1\n"),
        "/boot/other.img": image(tmp_path, "other", "options a b=2\n"),
    }
    root = folder_root(tmp_path / "root", files)
    (boot,) = read_boots(root, path_of(entry("a", "/boot/other.img")))
    assert names(boot.image) == {"etc/modprobe.d/a.conf", "only/other"}
    (by_name,) = read_boots(root, NOT_FOLLOWED)
    assert by_name.entry is None and names(by_name.image) == {"etc/modprobe.d/a.conf", "only/named"}


def test_several_files_are_one_image_in_which_the_later_one_counts(tmp_path: Path) -> None:
    files = {
        "/boot/ucode.img": archive(tmp_path / "u", {"kernel/x86/microcode/AuthenticAMD.bin": b"\1"}),
        "/boot/a.img": image(tmp_path, "a", "first"),
        "/boot/b.img": image(tmp_path, "b", "second"),
    }
    (boot,) = read_boots(folder_root(tmp_path / "root", files), path_of(entry("a", *files)))
    assert isinstance(boot.image, Image) and boot.image.text("etc/modprobe.d/a.conf") == "second"
    assert boot.image.size == sum(len(f) for f in files.values()) and len(boot.image.parts) == 3
    assert {"only/a", "only/b", "kernel/x86/microcode/AuthenticAMD.bin"} <= names(boot.image)


def test_an_image_without_its_last_file_is_not_known_and_one_without_microcode_is_with_a_fault(tmp_path: Path) -> None:
    root = folder_root(tmp_path / "root", {"/boot/a.img": image(tmp_path, "a", "x")})
    (cut,) = read_boots(root, path_of(entry("a", "/boot/a.img", "/boot/gone.img")))
    assert isinstance(cut.image, Unread) and cut.image.path == "/boot/gone.img"
    (found,) = read_boots(root, path_of(entry("a", "/boot/gone.img", "/boot/a.img")))
    assert isinstance(found.image, Image) and found.image.fault.startswith("/boot/gone.img")


def test_an_entry_without_an_initramfs_loads_nothing(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {MODULES: "", "/boot/initrd.img-6.12.9": "x"})
    (boot,) = read_boots(root, path_of(entry("a")))
    assert isinstance(boot.image, Image) and not boot.image.files


def test_all_candidates_are_read_and_those_of_other_systems_are_not(tmp_path: Path) -> None:
    files = {f"/boot/{n}.img": image(tmp_path, n, n) for n in "ab"}
    root = folder_root(tmp_path / "root", files)
    one, two = (entry(n, f"/boot/{n}.img") for n in "ab")
    boots = read_boots(root, path_of(one, entry("Windows", other=True), two))
    assert [b.entry for b in boots] == [one, two]
    found = image_of_all(boots)
    assert isinstance(found, Unread)
    assert found.reason == "'a' or 'b' may be started, and they load different images"
    assert image_of_all(read_boots(root, path_of(one, one))) == boots[0].image
    (by_name,) = read_boots(root, path_of(entry("Windows", other=True)))
    assert by_name.entry is None


def test_candidates_beyond_the_limit_say_so(tmp_path: Path) -> None:
    entries = [entry(str(n), f"/boot/{n}.img") for n in range(CANDIDATES_LIMIT + 2)]
    boots = read_boots(folder_root(tmp_path, {"/boot/x": ""}), path_of(*entries))
    told = [b.image.reason for b in boots if isinstance(b.image, Unread)]
    assert len(told) == len(entries) and told[-1] == told[-2] == "was not read: more than 4 images may boot" != told[0]


@pytest.mark.parametrize("content", [b"", b"\0" * 99, b"garbage", b"\xff\xfe\x1f\x8b"])
def test_damaged_images_end_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/boot/a.img": content})
    (boot,) = read_boots(root, path_of(entry("a", "/boot/a.img")))
    assert isinstance(boot.image, Unread) and boot.image.path == "/boot/a.img"


def test_a_folder_and_a_link_out_of_the_root_in_an_images_place(tmp_path: Path) -> None:
    root = folder_root(tmp_path / "root", {"/boot/d.img/x": ""})
    (tmp_path / "root/boot/l.img").symlink_to("../../../../etc/hostname")
    for name in ("d", "l"):
        (boot,) = read_boots(root, path_of(entry("a", f"/boot/{name}.img")))
        assert isinstance(boot.image, Unread)
