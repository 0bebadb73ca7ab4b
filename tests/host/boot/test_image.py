"""Boot images: real archives of every packing are listed as cpio lists them; damaged ones end in a sentence."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.boot_images import PACKERS, archive, listed, pack
from tests.requirements import need
from tests.trees import Link
from vfiotui.host.boot import image as image_reader
from vfiotui.host.boot import unpack
from vfiotui.host.boot.image import read_bytes
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.image import Image

OPTIONS = "options vfio-pci ids=10de:13c2\n"
FILES: dict[str, str | bytes] = {
    "etc/modprobe.d/vfio.conf": OPTIONS,
    "usr/lib/modprobe.d/dist.conf": "blacklist pcspkr\n",
    "usr/lib/modules/6.1/kernel/drivers/vfio/pci/vfio-pci.ko": b"\x7fELF" * 1000,
    "conf/modules": "vfio_pci\n",
    "scripts/init-top/x [/dev/vfio/1] \x1b[2J": "#!/bin/sh\n",
    "lib": Link("usr/lib"),
    "empty": b"",
    "large": bytes(range(256)) * 3000,
}
EARLY: dict[str, str | bytes] = {"kernel/x86/microcode/AuthenticAMD.bin": b"\1" * 4001}


@pytest.fixture(scope="module")
def main_part(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return archive(tmp_path_factory.mktemp("main"), FILES)


@pytest.fixture(scope="module")
def early_part(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return archive(tmp_path_factory.mktemp("early"), EARLY)


def the_image(data: bytes) -> Image:
    found = read_bytes(data, "/boot/initrd.img")
    assert isinstance(found, Image)
    return found


@pytest.mark.parametrize("packing", PACKERS)
def test_every_packing_is_listed_as_cpio_lists_it(packing: str, early_part: bytes, main_part: bytes) -> None:
    image = the_image(early_part + pack(main_part, packing))
    assert image.fault == ""
    names = [n for part in image.parts for n in part.names]
    assert sorted(names) == sorted(listed(early_part) + listed(main_part))
    assert image.text("etc/modprobe.d/vfio.conf") == OPTIONS
    assert image.text("lib/modprobe.d/dist.conf") == "blacklist pcspkr\n"
    assert image.files["large"].size == 256 * 3000 and image.files["large"].content is None


@pytest.mark.parametrize("packing", PACKERS)
def test_several_packed_parts_follow_each_other(packing: str, tmp_path: Path, main_part: bytes) -> None:
    more = archive(tmp_path, {"etc/modprobe.d/vfio.conf": "# later\n", "more": "x"})
    data = pack(main_part, packing) + b"\0" * 512 + pack(more, packing)
    image = the_image(data)
    assert image.fault == "" and len(image.parts) == (1 if packing == "none" else 2)
    assert image.text("etc/modprobe.d/vfio.conf") == "# later\n"
    assert "more" in image.files and "conf/modules" in image.files


def test_checksums_are_checked(tmp_path: Path) -> None:
    data = archive(tmp_path, {"conf/modules": "vfio_pci\n"}, kind="crc")
    assert data.startswith(b"070702") and the_image(data).text("conf/modules") == "vfio_pci\n"
    damaged = the_image(data.replace(b"vfio_pci\n", b"vfio_pcj\n"))
    assert "checksum" in damaged.fault


def test_hard_links_share_one_content(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/a").write_text("vfio_pci\n")
    (tmp_path / "conf/b").hardlink_to(tmp_path / "conf/a")
    image = the_image(archive(tmp_path, {}))
    assert image.text("conf/a") == image.text("conf/b") == "vfio_pci\n"


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="initramfs-tools is of Debian's family")
@pytest.mark.parametrize("packing", [p for p in PACKERS if p != "none"])
def test_lsinitramfs_lists_the_same(packing: str, early_part: bytes, main_part: bytes, tmp_path: Path) -> None:
    lsinitramfs = need("lsinitramfs", "initramfs-tools-core")
    file = tmp_path / "initrd.img"
    file.write_bytes(early_part + pack(main_part, packing))
    done = subprocess.run([lsinitramfs, str(file)], capture_output=True, text=True)
    if packing in ("lzma", "lz4") and "unrecognised compression" in done.stderr:
        pytest.skip("this initramfs-tools (0.148 of Debian 13, say) reads neither lzma nor the frames of lz4")
    assert done.returncode == 0, done.stderr
    names = sorted(n for part in the_image(file.read_bytes()).parts for n in part.names)
    assert names == sorted(done.stdout.splitlines())


def efi_program(sections: dict[str, bytes]) -> bytes:
    """A PE file with these sections, and nothing else in it that runs."""
    table, bodies, start = b"", b"", 0x400
    for name, body in sections.items():
        table += struct.pack("<8sIIII16x", name.encode(), len(body), 0, len(body), start + len(bodies))
        bodies += body
    head = struct.pack("<4sHH12xHH", b"PE\0\0", 0x8664, len(sections), 0, 0)
    return (b"MZ" + bytes(0x3A) + struct.pack("<I", 0x40) + head + table).ljust(start, b"\0") + bodies


def test_a_unified_kernel_image_holds_the_same(early_part: bytes, main_part: bytes) -> None:
    packed = early_part + pack(main_part, "zstd")
    sections = {".cmdline": b"root=/dev/x vfio-pci.ids=1:2\n\0", ".uname": b"6.1", ".initrd": packed, ".linux": b"MZ"}
    image = the_image(efi_program(sections))
    assert image.cmdline == "root=/dev/x vfio-pci.ids=1:2" and image.release == "6.1" and not image.fault
    assert image.text("etc/modprobe.d/vfio.conf") == OPTIONS
    without = read_bytes(efi_program({".linux": b"MZ"}))
    assert isinstance(without, Unread) and "without an initrd" in without.reason


@pytest.mark.parametrize("packing", [p for p in PACKERS if p != "none"])
def test_a_cut_image_keeps_what_came_before(packing: str, early_part: bytes, main_part: bytes) -> None:
    packed = pack(main_part, packing)
    image = the_image(early_part + packed[: len(packed) // 2])
    assert "kernel/x86/microcode/AuthenticAMD.bin" in image.files
    assert image.fault


@pytest.mark.parametrize("packing", [p for p in PACKERS if p != "none"])
def test_a_bomb_ends_in_a_sentence(packing: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(image_reader, "UNPACKED_LIMIT", 1 << 30)
    data = pack(archive(tmp_path, {"zeros": bytes(8 << 20)}), packing)
    monkeypatch.setattr(image_reader, "UNPACKED_LIMIT", 4 << 20)
    found = read_bytes(data)
    assert "unpacks to more than" in (found.reason if isinstance(found, Unread) else found.fault)


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, main_part: bytes) -> None:
    data = pack(main_part, "lz4")
    monkeypatch.setattr(unpack.shutil, "which", lambda name: None)
    found = read_bytes(data)
    assert isinstance(found, Unread) and "install the program lz4" in found.reason


@pytest.mark.parametrize("data", [b"", b"\0" * 2000, b"hello", b"MZ", b"070701", b"\x28\xb5\x2f\xfd", b"\x1f\x8b"])
def test_what_is_no_image_is_no_image(data: bytes) -> None:
    assert isinstance(read_bytes(data), Unread)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damage_never_escapes(main_part: bytes, data: st.DataObject) -> None:
    packing = data.draw(st.sampled_from(["none", "gzip", "xz", "bzip2"]))
    content = bytearray(pack(main_part[:20_000], packing))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    found = read_bytes(bytes(content[:cut]))
    assert isinstance(found, Image | Unread)


@given(st.binary(max_size=300), st.sampled_from([b"MZ", b"070701", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b""]))
@settings(max_examples=150, deadline=None)
def test_any_bytes_give_an_answer(rest: bytes, magic: bytes) -> None:
    assert isinstance(read_bytes(magic + rest), Image | Unread)
