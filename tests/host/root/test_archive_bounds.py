"""A small file cannot take much memory, however it is made: measured in a process of its own."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vfiotui.formats.records.tar import Kind, Members
from vfiotui.host.root import archive
from vfiotui.host.root.archive import unpack

OPEN = """
import json, resource, sys
from vfiotui.host.root.archive import BadArchive, open_capture
said = ""
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    open_capture(sys.argv[1])
except BadArchive as error:
    said = str(error)
print(json.dumps([said, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10]))
"""
MIB = 1 << 20
BLOCK = 512


def header(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def zeros(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield bytes(MIB)


def long_name() -> Iterator[bytes]:
    yield header("././@LongLink", tarfile.GNUTYPE_LONGNAME, 500 * MIB)
    yield from zeros(500)


def long_comment() -> Iterator[bytes]:
    yield header("x", b"x", 500 * MIB)
    yield b"524288000 comment="
    yield from zeros(500)


def long_for_all() -> Iterator[bytes]:
    yield header("g", b"g", 500 * MIB)
    yield from zeros(500)


def one_file() -> Iterator[bytes]:
    yield header("etc/x", size=8 << 30)
    yield from zeros(500)


def files() -> Iterator[bytes]:
    for number in range(60):
        yield header(f"etc/{number}", size=20 * MIB)
        yield from zeros(20)


def names() -> Iterator[bytes]:
    first = header("etc/000000")
    rest = int(first[148:154], 8) - 6 * ord("0")
    for number in range(200_100):
        name = b"%06d" % number
        yield first[:4] + name + first[10:148] + b"%06o" % (rest + sum(name)) + first[154:]


def long_names() -> Iterator[bytes]:
    for number in range(20_000):
        name = f"etc/{number:06}{'n' * 4000}".encode()
        yield header("././@LongLink", tarfile.GNUTYPE_LONGNAME, len(name))
        yield name + bytes(-len(name) % BLOCK)
        yield header("etc/n")


def deep_names() -> Iterator[bytes]:
    for number in range(20_000):
        name = (f"etc/{number:06}" + "/d" * 1900).encode()
        yield header("././@LongLink", tarfile.GNUTYPE_LONGNAME, len(name))
        yield name + bytes(-len(name) % BLOCK)
        yield header("etc/n")


def bushy_names() -> Iterator[bytes]:
    """Each as deep as is allowed, below folders of its own."""
    for number in range(20_000):
        name = (f"etc/{number:06}" + "/d" * 60).encode()
        yield header("././@LongLink", tarfile.GNUTYPE_LONGNAME, len(name))
        yield name + bytes(-len(name) % BLOCK)
        yield header("etc/n")


def long_links() -> Iterator[bytes]:
    for number in range(20_000):
        target = b"t" * 4000
        yield header("././@LongLink", tarfile.GNUTYPE_LONGLINK, len(target))
        yield target + bytes(-len(target) % BLOCK)
        yield header(f"etc/{number}", tarfile.SYMTYPE)


BOMBS: list[Callable[[], Iterator[bytes]]] = [
    long_name,
    long_comment,
    long_for_all,
    one_file,
    files,
    names,
    long_names,
    deep_names,
    bushy_names,
    long_links,
]


@pytest.mark.parametrize("bomb", BOMBS, ids=lambda b: b.__name__)
def test_a_bomb_is_a_sentence_and_takes_bounded_memory(bomb: Callable[[], Iterator[bytes]], tmp_path: Path) -> None:
    path = tmp_path / "capture.tgz"
    with gzip.open(path, "wb", 1) as out:
        for piece in bomb():
            out.write(piece)
    done = subprocess.run([sys.executable, "-c", OPEN, str(path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said, grown = json.loads(done.stdout)
    assert said.startswith(str(path)) and "Traceback" not in said
    # 256 MiB of content may be held, and nodes for 200,000 names.
    assert grown < archive.UNPACKED + 128 * MIB, f"{grown >> 20} MiB for {said}"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, bytes])
def test_what_follows_the_end_is_not_read(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pack(header("etc/a") + bytes(20 * MIB)))
    with path.open("rb") as stream:
        assert list(unpack(stream, "capture")) == ["/etc/a"]


NAME = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0/"), min_size=1, max_size=90)


@settings(max_examples=150, deadline=None)
@given(
    members=st.lists(
        st.tuples(
            st.lists(NAME, min_size=1, max_size=4).map("/".join),
            st.sampled_from([tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE]),
            st.binary(max_size=1200),
            st.lists(NAME, min_size=1, max_size=3).map("/".join),
            st.integers(0, 0o7777),
            st.integers(0, 1 << 33),
        ),
        max_size=6,
    ),
    form=st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
def test_pythons_own_reader_finds_the_same(members: list[tuple[str, bytes, bytes, str, int, int]], form: int) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for name, kind, data, target, mode, mtime in members:
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.mtime = kind, mode, mtime
            info.linkname = target if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            info.size = len(data) if kind == tarfile.REGTYPE else 0
            try:
                tar.addfile(info, io.BytesIO(data))
            except (ValueError, UnicodeError):
                return  # ustar cannot hold it.
    buffer.seek(0)
    kinds = {
        tarfile.REGTYPE: Kind.FILE,
        tarfile.SYMTYPE: Kind.SYMLINK,
        tarfile.LNKTYPE: Kind.HARDLINK,
        tarfile.DIRTYPE: Kind.FOLDER,
        tarfile.FIFOTYPE: Kind.OTHER,
    }
    with tarfile.open(fileobj=buffer) as tar:
        theirs = []
        for info in tar:
            data = tar.extractfile(info).read() if info.isreg() else b""  # type: ignore[union-attr]
            theirs.append((info.name.rstrip("/"), kinds[info.type], info.linkname, info.mode, float(info.mtime), data))
    buffer.seek(0)
    ours, read = [], Members(buffer)
    for m in read:
        data = read.body() if m.kind is Kind.FILE else b""
        ours.append((m.name.rstrip("/"), m.kind, m.target, m.mode, m.mtime, data))
    assert ours == theirs


def test_the_systems_tar_is_read(tmp_path: Path) -> None:
    for name in ("etc/a", "etc/" + "long" * 60, "sys/devices/x"):
        (tmp_path / "t" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "t" / name).write_text(name)
    (tmp_path / "t/etc/link").symlink_to("../" * 40 + "sys/devices/x")
    (tmp_path / "t/etc/hard").hardlink_to(tmp_path / "t/etc/a")
    for form in ("v7", "ustar", "oldgnu", "gnu", "posix"):
        path = tmp_path / f"{form}.tar"
        words = ["tar", "-C", str(tmp_path / "t"), f"--format={form}", "-cf", str(path), "etc", "sys"]
        done = subprocess.run(words, capture_output=True)
        with path.open("rb") as stream:
            nodes = unpack(stream, form)
        assert nodes["/etc/a"] == nodes["/etc/hard"], form
        assert nodes["/sys/devices/x"].data == b"sys/devices/x"  # type: ignore[union-attr]
        if done.returncode == 0:
            assert "/etc/" + "long" * 60 in nodes and "/etc/link" in nodes
