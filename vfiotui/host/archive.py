"""Captures as tar files: packed from nodes, and opened into memory without trusting a byte of them.

Nothing of an opened archive ever reaches a disk: names that lead outside, devices and bombs have
nowhere to go. What is refused is refused with a sentence.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from vfiotui.host.memory_tree import MemoryTree
from vfiotui.host.root import Root
from vfiotui.host.user_file import CannotRead, open_file
from vfiotui.model.mode import Mode
from vfiotui.model.nodes import File, Folder, Node, Nodes, Symlink

MEMBERS = 500_000
"""Names in one archive; a host with 2,000 PCI functions has about 60,000."""
UNPACKED = 512 << 20
"""Bytes after decompression, headers included."""
ONE_FILE = 32 << 20
TOPS = frozenset({"sys", "proc", "etc", "boot", "lib", "usr", "run", "var"})
STAMP = 1_000_000_000.0
"""Packed files without a time of their own get this one, so that equal nodes give equal bytes."""


class BadArchive(Exception):
    """A sentence: what is wrong with the file and what to do."""


class _Bounded(io.RawIOBase):
    """A stream that ends in BadArchive after too many bytes."""

    def __init__(self, stream: IO[bytes], limit: int, name: str) -> None:
        self._stream = stream
        self._left = limit
        self._name = name

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self._left -= len(data)
        if self._left < 0:
            raise BadArchive(f"{self._name} unpacks to more than {UNPACKED >> 20} MiB: this is no capture of a host")
        return data


def _zstd(stream: IO[bytes]) -> IO[bytes]:
    """A zstd reader: of Python 3.14 on, or of the optional package zstandard."""
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        try:
            import zstandard
        except ImportError as error:
            raise BadArchive(
                "this capture is packed with zstd: install the Python package zstandard, or repack it as .tar.gz"
            ) from error
        reader: IO[bytes] = zstandard.ZstdDecompressor().stream_reader(stream)
        return reader
    opened: IO[bytes] = zstd.open(stream)
    return opened


def _decompressed(stream: IO[bytes]) -> IO[bytes]:
    """The stream behind gzip, xz, bzip2 or zstd, known by its first bytes; others are taken as they are."""
    magic = stream.read(6)
    stream.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=stream)  # type: ignore[return-value]
    if magic == b"\xfd7zXZ\x00":
        return lzma.LZMAFile(stream)
    if magic.startswith(b"BZh"):
        return bz2.BZ2File(stream)
    if magic.startswith(b"\x28\xb5\x2f\xfd"):
        return _zstd(stream)
    return stream


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turns every error that a damaged archive can cause into one sentence."""
    try:
        yield
    except tarfile.ReadError as error:
        raise BadArchive(f"{name} is no capture: {error} (a tar file, plain or packed, is expected)") from error
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, ValueError, OverflowError) as error:
        raise BadArchive(f"{name} is damaged or cut short: {error}") from error
    except OSError as error:
        raise BadArchive(f"{name} cannot be read: {(error.strerror or str(error)).lower()}") from error


def _inside(name: str, archive: str) -> str:
    """The member's absolute path, or BadArchive where it leads outside."""
    parts = [p for p in name.split("/") if p not in ("", ".")]
    if ".." in parts or "\0" in name:
        raise BadArchive(f"{archive} holds a name that leads outside of it ({name[:80]!r}) and was not opened")
    return "".join(f"/{p}" for p in parts)


def _node(tar: tarfile.TarFile, member: tarfile.TarInfo, nodes: dict[str, Node], archive: str) -> Node | None:
    """The node of one member; None for devices, FIFOs and links to nothing, which a host's files never need."""
    if member.issym():
        return Symlink(member.linkname)
    if member.isdir():
        return Folder()
    if member.islnk():
        return nodes.get(_inside(member.linkname, archive))
    if not member.isreg():
        return None
    if not 0 <= member.size <= ONE_FILE:
        raise BadArchive(f"{archive} holds a file of {member.size} bytes ({member.name[:80]!r}) and was not opened")
    stream = tar.extractfile(member)
    data = stream.read(ONE_FILE) if stream else b""
    if len(data) < member.size:
        raise BadArchive(f"{archive} is cut short inside {member.name[:80]!r}")
    return File(data, member.mode & 0o7777, float(member.mtime))


def unpack(stream: IO[bytes], name: str) -> Nodes:
    """The nodes of a tar stream; raises BadArchive."""
    nodes: dict[str, Node] = {}
    total = 0
    with _told(name):
        bounded: Any = _Bounded(_decompressed(stream), UNPACKED, name)
        with tarfile.open(fileobj=bounded, mode="r|") as tar:
            for count, member in enumerate(tar, 1):
                if count > MEMBERS:
                    raise BadArchive(f"{name} holds more than {MEMBERS} names: this is no capture of a host")
                path = _inside(member.name, name)
                node = _node(tar, member, nodes, name) if path else None
                # A sparse member's size is not what the stream held: it counts by itself.
                total += len(node.data) if isinstance(node, File) else 0
                if total > UNPACKED:
                    raise BadArchive(f"{name} unpacks to more than {UNPACKED >> 20} MiB: this is no capture of a host")
                if node is not None:
                    nodes[path] = node
    return _without_wrapper(nodes)


def _without_wrapper(nodes: dict[str, Node]) -> Nodes:
    """The nodes without the one folder around everything that hand-made captures often have."""
    tops = {path.split("/", 2)[1] for path in nodes}
    if len(tops) != 1 or tops & TOPS:
        return nodes
    (wrapper,) = tops
    return {path[len(wrapper) + 1 :]: node for path, node in nodes.items() if path.count("/") > 1}


def open_capture(path: str) -> Root:
    """The machine in a capture file; raises BadArchive with a sentence."""
    try:
        with _told(path), open_file(path) as stream:
            nodes = unpack(stream, path)
    except CannotRead as error:
        raise BadArchive(str(error)) from error
    root = Root(MemoryTree(nodes), Mode.CAPTURE, path)
    if not any(root.has(top) for top in ("sys", "proc", "etc")):
        raise BadArchive(f"{path} holds neither sys, proc nor etc: this is no capture of a host")
    return root


def pack(nodes: Nodes, out: IO[bytes]) -> None:
    """Writes the nodes as a gzipped tar; equal nodes give equal bytes."""
    with (
        gzip.GzipFile(fileobj=out, mode="wb", mtime=STAMP) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted(nodes):
            node = nodes[path]
            member = tarfile.TarInfo(path.lstrip("/"))
            member.mtime = STAMP
            match node:
                case File(data, mode, mtime):
                    member.size, member.mode, member.mtime = len(data), mode, mtime or STAMP
                    tar.addfile(member, io.BytesIO(data))
                case Symlink(target):
                    member.type, member.linkname, member.mode = tarfile.SYMTYPE, target, 0o777
                    tar.addfile(member)
                case Folder():
                    member.type, member.mode = tarfile.DIRTYPE, 0o755
                    tar.addfile(member)
