"""Captures are opened without trusting them."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vfiotui.host.root import archive
from vfiotui.host.root.archive import BadArchive, open_capture, pack, unpack
from vfiotui.model.base.nodes import File, Folder, Node, Symlink
from vfiotui.model.base.reading import Unread, Why

NODES: dict[str, Node] = {
    "/sys/bus/pci/devices/0000:01:00.0": Symlink("../../../devices/pci0000:00/0000:01:00.0"),
    "/sys/devices/pci0000:00/0000:01:00.0/vendor": File(b"0x10de\n"),
    "/sys/devices/pci0000:00/0000:01:00.0/reset": File(b"", 0o200),
    "/sys/kernel/iommu_groups": Folder(),
}


def member(name: str, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def written(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> str:
    with tarfile.open(path, "w") as tar:
        for info, data in members:
            info.size = info.size or len(data)
            tar.addfile(info, io.BytesIO(data))
    return str(path)


def packed(path: Path, opener: str = "gz") -> str:
    buffer = io.BytesIO()
    pack(NODES, buffer)
    data = gzip.decompress(buffer.getvalue())
    if opener == "gz":
        path.write_bytes(buffer.getvalue())
    else:
        import bz2
        import lzma

        path.write_bytes({"xz": lzma.compress, "bz2": bz2.compress, "plain": bytes}[opener](data))
    return str(path)


@pytest.mark.parametrize("opener", ["gz", "xz", "bz2", "plain"])
def test_every_packing_opens_to_the_same_machine(tmp_path: Path, opener: str) -> None:
    root = open_capture(packed(tmp_path / "capture", opener))
    assert root.integer("/sys/bus/pci/devices/0000:01:00.0/vendor") == 0x10DE
    assert root.link("/sys/bus/pci/devices/0000:01:00.0") == "../../../devices/pci0000:00/0000:01:00.0"
    assert root.exists("/sys/bus/pci/devices/0000:01:00.0/reset") is True
    forbidden = root.text("/sys/bus/pci/devices/0000:01:00.0/reset")
    assert isinstance(forbidden, Unread) and forbidden.why is Why.FORBIDDEN
    assert root.names("/sys/kernel/iommu_groups") == ()


def test_a_zstd_capture_opens_or_says_what_to_install(tmp_path: Path) -> None:
    path = tmp_path / "c.tar.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd" + b"\0" * 20)
    with pytest.raises(BadArchive, match=r"zstandard|damaged|no capture"):
        open_capture(str(path))


def test_equal_nodes_pack_to_equal_bytes() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    pack(NODES, first)
    pack(dict(reversed(NODES.items())), second)
    assert first.getvalue() == second.getvalue()


@pytest.mark.parametrize("name", ["../etc/passwd", "sys/../../x", "/../x", "sys/.."])
def test_names_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / "bad.tar", (member("sys/a"), b"1"), (member(name), b"boo"))
    with pytest.raises(BadArchive, match="leads outside"):
        open_capture(path)


def test_links_cannot_reach_this_system(tmp_path: Path) -> None:
    path = written(
        tmp_path / "links.tar",
        (member("etc/shadow", type=tarfile.SYMTYPE, linkname="/etc/passwd"), b""),
        (member("etc/up", type=tarfile.SYMTYPE, linkname="../../../../etc/passwd"), b""),
        (member("etc/hard", type=tarfile.LNKTYPE, linkname="etc/passwd"), b""),
        (member("etc/loop", type=tarfile.SYMTYPE, linkname="loop"), b""),
    )
    root = open_capture(path)
    for name in ("shadow", "up", "hard", "loop"):
        assert isinstance(root.text(f"/etc/{name}"), Unread)


def test_devices_and_pipes_are_left_out(tmp_path: Path) -> None:
    path = written(
        tmp_path / "devices.tar",
        (member("sys/ok"), b"1"),
        (member("dev/sda", type=tarfile.BLKTYPE, devmajor=8), b""),
        (member("dev/kvm", type=tarfile.CHRTYPE, devmajor=10), b""),
        (member("dev/fifo", type=tarfile.FIFOTYPE), b""),
    )
    root = open_capture(path)
    assert root.exists("/dev/sda") is False and root.exists("/dev/fifo") is False


def test_a_bomb_is_given_up_before_memory_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "UNPACKED", 4 << 20)
    path = tmp_path / "bomb.tar.gz"
    with gzip.open(path, "wb") as zipped, tarfile.open(fileobj=zipped, mode="w|") as tar:
        for i in range(16):
            info = member(f"sys/zeros{i}", size=1 << 20)
            tar.addfile(info, io.BytesIO(bytes(1 << 20)))
    assert path.stat().st_size < 100_000
    with pytest.raises(BadArchive, match="unpacks to more"):
        open_capture(str(path))


def test_a_file_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    header = member("sys/huge", size=1 << 50).tobuf(tarfile.GNU_FORMAT)
    (tmp_path / "huge.tar").write_bytes(header + bytes(1024))
    with pytest.raises(BadArchive, match="holds a file of"):
        open_capture(str(tmp_path / "huge.tar"))


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "sparse.tar", "w", format=tarfile.PAX_FORMAT) as tar:
        sparse = member(
            "sys/sparse", size=512, pax_headers={"GNU.sparse.map": "0,512", "GNU.sparse.size": str(1 << 45)}
        )
        tar.addfile(sparse, io.BytesIO(bytes(512)))
    with pytest.raises(BadArchive, match="holds a sparse file"):
        open_capture(str(tmp_path / "sparse.tar"))


def test_too_many_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MEMBERS", 3)
    path = written(tmp_path / "many.tar", *((member(f"sys/{i}"), b"") for i in range(5)))
    with pytest.raises(BadArchive, match="more than 3 names"):
        open_capture(path)


def test_a_folder_around_everything_is_taken_off(tmp_path: Path) -> None:
    path = written(tmp_path / "wrapped.tar", (member("tower-2026/sys/a"), b"1"), (member("tower-2026/etc/b"), b"2"))
    root = open_capture(path)
    assert root.text("/sys/a") == "1"
    assert root.text("/etc/b") == "2"


def test_what_is_no_capture_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello\n" * 500)
    (tmp_path / "empty").write_text("")
    os.mkfifo(tmp_path / "pipe")
    other = written(tmp_path / "other.tar", (member("readme"), b"1"))
    for name, expected in (
        ("text", "is no capture"),
        ("empty", "is no capture"),
        ("pipe", "no regular file"),
        ("missing", "is not there"),
        (other, "holds neither"),
    ):
        with pytest.raises(BadArchive, match=expected):
            open_capture(str(tmp_path / name))


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(0, 4000), flips=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=6))
@pytest.mark.parametrize("zipped", [True, False])
def test_damage_is_an_answer_or_a_sentence(zipped: bool, cut: int, flips: list[tuple[int, int]]) -> None:
    buffer = io.BytesIO()
    pack(NODES, buffer)
    data = bytearray(buffer.getvalue() if zipped else gzip.decompress(buffer.getvalue()))
    for place, value in flips:
        data[place % len(data)] = value
    stream = io.BytesIO(bytes(data[: max(cut % (len(data) + 1), 1)]))
    try:
        nodes = unpack(stream, "capture")
    except BadArchive as error:
        assert str(error).startswith("capture") or "zstd" in str(error)
    else:
        assert all(path.startswith("/") for path in nodes)
