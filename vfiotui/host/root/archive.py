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
from typing import IO, Any, Protocol

from vfiotui.formats.initramfs.cpio import Damaged
from vfiotui.formats.records import tar
from vfiotui.formats.records.tar import Kind, Member
from vfiotui.host.boot.unpack import CannotUnpack
from vfiotui.host.capture.statement import opened
from vfiotui.host.root import zstd
from vfiotui.host.root.root import Root
from vfiotui.host.root.user_file import CannotRead, open_file
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File, Folder, Node, Nodes, Symlink

MEMBERS = 200_000
"""Names in one archive, folders that only stand in paths among them; a host with 2,000 PCI functions has 60,000."""
NAMES = 32 << 20
"""Bytes of all names and link targets."""
NAME, DEEP = 4096, 64
"""Bytes of one name or link target (PATH_MAX), and folders in it: sysfs goes down to about 25."""
UNPACKED = 256 << 20
"""Bytes after decompression, headers included."""
ONE_FILE = 32 << 20
TOPS = frozenset({"sys", "proc", "etc", "boot", "lib", "usr", "run", "var"})
STAMP = 1_000_000_000.0
"""Packed files without a time of their own get this one, so that equal nodes give equal bytes."""


class BadArchive(Exception):
    """A sentence: what is wrong with the file and what to do."""


class _Bounded(io.RawIOBase):
    """A stream that ends in BadArchive after too many bytes."""

    def __init__(self, stream: Any, limit: int, name: str) -> None:
        self._stream = stream
        self._left = limit
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._left -= len(data)
        if self._left < 0:
            raise BadArchive(f"{self._name} unpacks to more than {UNPACKED >> 20} MiB: this is no capture of a host")
        buffer[: len(data)] = data
        return len(data)


def _decompressed(stream: IO[bytes]) -> Any:
    """The stream behind gzip, xz, bzip2 or zstd, known by its first bytes; others are taken as they are."""
    magic = stream.read(6)
    stream.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=stream)
    if magic == b"\xfd7zXZ\x00":
        return lzma.LZMAFile(stream)
    if magic.startswith(b"BZh"):
        return bz2.BZ2File(stream)
    if magic.startswith(b"\x28\xb5\x2f\xfd"):
        return zstd.Stream(stream, UNPACKED)
    return stream


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turns every error that a damaged archive can cause into one sentence."""
    try:
        yield
    except CannotUnpack as error:
        raise BadArchive(f"{name} cannot be unpacked: {error}, or repack it as .tar.gz") from error
    except tar.NoTar as error:
        raise BadArchive(f"{name} is no capture: {error} (a tar file, plain or packed, is expected)") from error
    except (Damaged, EOFError, zlib.error, lzma.LZMAError, ValueError, OverflowError) as error:
        raise BadArchive(f"{name} is damaged or cut short: {error}") from error
    except MemoryError as error:
        raise BadArchive(f"{name} needs more memory than there is") from error
    except OSError as error:
        raise BadArchive(f"{name} cannot be read: {(error.strerror or str(error)).lower()}") from error


def _inside(name: str, archive: str) -> str:
    """The member's absolute path, or BadArchive where it leads outside or is longer than any of a host."""
    parts = [p for p in name.split("/") if p not in ("", ".")]
    if ".." in parts or "\0" in name:
        raise BadArchive(f"{archive} holds a name that leads outside of it ({name[:80]!r}) and was not opened")
    if len(name) > NAME or len(parts) > DEEP:
        raise BadArchive(
            f"{archive} holds a name of {len(name)} characters and {len(parts)} folders and was not opened"
        )
    return "".join(f"/{p}" for p in parts)


class Source(Protocol):
    """The members of an archive."""

    def __iter__(self) -> Iterator[Member]:
        """All of them, in order."""

    def body(self) -> bytes:
        """The content of the member that came last."""


class Unpacking:
    """The nodes of one archive while it is read, and how much of everything there is."""

    def __init__(self, members: Source, name: str) -> None:
        self.nodes: dict[str, Node] = {}
        self._members = members
        self._name = name
        self._known = {""}
        """Paths that were named, with those above them."""
        self._names = 0

    def add_all(self) -> None:
        """Takes all members; raises BadArchive where they are no host's."""
        for count, member in enumerate(self._members, 1):
            if count > MEMBERS:
                raise BadArchive(f"{self._name} holds more than {MEMBERS} names: this is no capture of a host")
            self._add(member)

    def _add(self, member: Member) -> None:
        path = _inside(member.name, self._name)
        if len(member.target) > NAME:
            raise BadArchive(f"{self._name} holds a link target of {len(member.target)} characters and was not opened")
        self._count(path, len(member.target))
        node = self._node(member) if path else None
        if node is not None:
            self.nodes[path] = node

    def _count(self, path: str, target: int) -> None:
        self._names += len(path) + target
        if self._names > NAMES:
            raise BadArchive(f"{self._name} holds more than {NAMES >> 20} MiB of names: this is no capture of a host")
        while path not in self._known:
            self._known.add(path)
            path = path.rpartition("/")[0]
        if len(self._known) - 1 > MEMBERS:
            raise BadArchive(f"{self._name} holds more than {MEMBERS} names: this is no capture of a host")

    def _node(self, member: Member) -> Node | None:
        """None for devices, FIFOs and links to nothing, which a host's files never need."""
        match member.kind:
            case Kind.SYMLINK:
                return Symlink(member.target)
            case Kind.FOLDER:
                return Folder()
            case Kind.HARDLINK:
                return self.nodes.get(_inside(member.target, self._name))
            case Kind.FILE if member.size > ONE_FILE:
                raise BadArchive(
                    f"{self._name} holds a file of {member.size} bytes ({member.name[:80]!r}) and was not opened"
                )
            case Kind.FILE:
                return File(self._members.body(), member.mode, member.mtime)
        return None


def unpack(stream: IO[bytes], name: str) -> Nodes:
    """The nodes of a tar stream; raises BadArchive."""
    with _told(name):
        members = tar.Members(io.BufferedReader(_Bounded(_decompressed(stream), UNPACKED, name), 1 << 16))
        unpacking = Unpacking(members, name)
        unpacking.add_all()
    return _without_wrapper(unpacking.nodes)


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
    return machine(nodes, path)


def machine(nodes: Nodes, path: str) -> Root:
    """The machine of a capture's nodes; raises BadArchive with a sentence."""
    try:
        root = Root(opened(nodes), Mode.CAPTURE, path)
    except ValueError as error:
        raise BadArchive(f"{path} is no capture that this version can open: {error}") from error
    if not any(root.has(top) for top in ("sys", "proc", "etc")):
        raise BadArchive(f"{path} holds neither sys, proc nor etc: this is no capture of a host")
    return root


def pack(nodes: Nodes, out: IO[bytes], *, by_zstd: bool = False) -> None:
    """Writes the nodes as a tar packed by gzip or zstd; equal nodes give equal bytes. CannotPack without zstd."""
    if by_zstd:
        plain = io.BytesIO()
        _write(nodes, plain)
        out.write(zstd.packed(plain.getvalue()))
        return
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=STAMP) as zipped:
        _write(nodes, zipped)


def _write(nodes: Nodes, out: IO[bytes] | gzip.GzipFile) -> None:
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as packed:
        for path in sorted(nodes):
            node = nodes[path]
            member = tarfile.TarInfo(path.lstrip("/"))
            member.mtime = STAMP
            match node:
                case File(data, mode, mtime):
                    member.size, member.mode, member.mtime = len(data), mode, mtime or STAMP
                    packed.addfile(member, io.BytesIO(data))
                case Symlink(target):
                    member.type, member.linkname, member.mode = tarfile.SYMTYPE, target, 0o777
                    packed.addfile(member)
                case Folder():
                    member.type, member.mode = tarfile.DIRTYPE, 0o755
                    packed.addfile(member)
