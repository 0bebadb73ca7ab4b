"""Reads a built boot image, whatever it is packed with: its names, and the small files that decide who gets a device.

Bounded in size, names and time: a damaged or hostile image ends in a sentence, and what was read before it is kept.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator

from vfiotui.formats.initramfs import cpio
from vfiotui.formats.initramfs.cpio import CHUNK, Damaged, Entry, Stream
from vfiotui.formats.initramfs.packed import Unpacked, end_of, packing
from vfiotui.formats.loaders.pe_image import Section, is_pe, sections
from vfiotui.formats.records.pieces import Pieces, held
from vfiotui.host.boot.unpack import CannotUnpack, unpack
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.boot.image import Image, ImageFile, Part

FILE_LIMIT = 768 << 20
UNPACKED_LIMIT = 4 << 30
"""Bytes; an image with every driver and all firmware unpacks to about 1.5 GB."""
PARTS_LIMIT = 64
KEPT_FILE, KEPT_ALL = 256 << 10, 32 << 20
SECONDS = 120.0
TEXT_SECTION = 64 << 10
KEPT = re.compile(
    rb"(?:\./)?(?:"
    rb"(?:etc|run|lib|usr/lib|usr/local/lib)/(?:modprobe\.d|modules-load\.d|udev/rules\.d)/[^/]+"
    rb"|(?:usr/)?lib/modules/[^/]+/modules\.(?:builtin|softdep|order)"
    rb"|etc/(?:cmdline\.d/[^/]+|driverctl\.d/[^/]+|booster\.init\.yaml|initrd-release|modules)"
    rb"|(?:etc|usr/lib)/systemd/system/[^/]+\.service|usr/lib/vfiotui/[^/]+"
    rb"|conf/.+|scripts/.+|hooks/[^/]+|config|buildconfig|init|early_cpio"
    rb"|(?:usr/)?lib/(?:dracut/hooks|initcpio)/.+|(?:var/)?lib/dracut/.+|(?:usr/)?lib/dracut/(?:build-parameter|dracut-).*"
    rb"|(?:usr/)?(?:local/)?s?bin/[^/]*(?:vfio|override|driverctl)[^/]*"
    rb")"
)
"""Files whose content is kept: configuration, lists, rules, and scripts that may bind a device."""


class _Reader:
    """One image while it is read."""

    def __init__(self, seconds: float) -> None:
        self.files: dict[str, ImageFile] = {}
        self.parts: list[Part] = []
        self._links: dict[tuple[int, int, int], bytes] = {}
        self._shared: list[tuple[str, tuple[int, int, int]]] = []
        self._kept = 0
        self._unpacked = 0
        self._until = time.monotonic() + seconds
        self._seconds = seconds

    def wanted(self, name: bytes, size: int) -> bool:
        """Whether a body is kept."""
        if size > KEPT_FILE or self._kept + size > KEPT_ALL or not KEPT.fullmatch(name.lstrip(b"/")):
            return False
        self._kept += size
        return True

    def bounded(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks, until there are too many or they take too long."""
        for chunk in chunks:
            self._unpacked += len(chunk)
            if self._unpacked > UNPACKED_LIMIT:
                raise Damaged(f"it unpacks to more than {UNPACKED_LIMIT >> 30} GiB")
            if time.monotonic() > self._until:
                raise Damaged(f"it was not read to its end in {self._seconds:g} s")
            yield chunk

    def take(self, stream: Stream, offset: int, kind: str) -> None:
        """All members of one part; what came before a fault is kept."""
        names: list[str] = []
        try:
            for entry in cpio.entries(stream, self.wanted):
                names.append(entry.name.decode("utf-8", "surrogateescape"))
                self._file(entry, names[-1])
        finally:
            self.parts.append(Part(offset, kind, tuple(names)))

    def _file(self, entry: Entry, name: str) -> None:
        path = "/".join(p for p in name.split("/") if p not in ("", "."))
        is_link = entry.mode & 0o170000 == 0o120000
        target = (entry.body or b"").decode("utf-8", "surrogateescape") if is_link else ""
        content = None if is_link else b"" if entry.size == 0 else entry.body
        if path:
            self.files[path] = ImageFile(path, entry.mode, entry.size, target, content)
        if entry.links > 1 and entry.mode & 0o170000 == 0o100000:
            # Only one of the hard links brings the content (init/initramfs.c maybe_link).
            if content:
                self._links[entry.inode] = content
            self._shared.append((path, entry.inode))

    def join_links(self) -> None:
        """Hard links get the content that one of them brought."""
        for path, inode in self._shared:
            if inode in self._links and path in self.files:
                file, content = self.files[path], self._links[inode]
                self.files[path] = ImageFile(path, file.mode, len(content), "", content)

    def read(self, data: Pieces, base: int = 0) -> None:
        """Every part of the data; raises Damaged or CannotUnpack with the reason to stop."""
        place = 0
        while True:
            place = _behind_zeros(data, place)
            if place >= len(data):
                return
            if len(self.parts) == PARTS_LIMIT:
                raise Damaged(f"it has more than {PARTS_LIMIT} parts")
            head = data[place : place + 8]
            kind = packing(head)
            if cpio.begins(head):
                stream = Stream(self.bounded(_slices(data, place)))
                self.take(stream, base + place, "none")
                place += stream.taken
            elif kind is None:
                if not self.parts:
                    raise Damaged("it is no boot image: neither an archive nor packed in a way that is known")
                raise Damaged(f"what stands at {base + place:#x} is no archive")
            else:
                place = self._packed(kind, data, place, base)

    def _packed(self, kind: str, data: Pieces, place: int, base: int) -> int:
        """One packed part; its end."""
        own = kind in ("gzip", "xz", "lzma", "bzip2")
        chunks = Unpacked(kind, data, place) if own else None
        end = 0 if own else end_of(kind, data, place)
        stream = Stream(self.bounded(chunks if chunks is not None else unpack(kind, data.part(place, end))))
        stream.skip_zeros()
        if not cpio.begins(stream.peek(6)):
            raise Damaged(f"what is packed at {base + place:#x} is no archive")
        self.take(stream, base + place, kind)
        if stream.peek(1):
            raise Damaged(f"behind the archive that is packed at {base + place:#x} stands something else")
        return chunks.end if chunks is not None else end


def _slices(data: Pieces, place: int) -> Iterator[bytes]:
    while place < len(data):
        yield data[place : place + CHUNK]
        place += CHUNK


def _behind_zeros(data: Pieces, place: int) -> int:
    while place < len(data):
        piece = data[place : place + CHUNK]
        if not piece:
            return len(data)  # The file is shorter than it was.
        rest = piece.lstrip(b"\0")
        place += len(piece) - len(rest)
        if rest:
            break
    return place


def read_bytes(content: bytes, path: str = "", seconds: float = SECONDS) -> Reading[Image]:
    """The image in these bytes; Unread where nothing of it could be read."""
    return _read_pieces(held(content), path, seconds)


def _read_pieces(data: Pieces, path: str, seconds: float) -> Reading[Image]:
    reader = _Reader(seconds)
    pieces = [(0, data)]
    cmdline = release = None
    if is_pe(data):
        found = sections(data)
        pieces = [(s.start, data.part(s.start, s.start + s.size)) for s in found if s.name in (".ucode", ".initrd")]
        cmdline, release = (_text(data, found, name) for name in (".cmdline", ".uname"))
        if not any(s.name == ".initrd" for s in found):
            return Unread("is an EFI program without an initrd", Why.DAMAGED, path)
    fault = ""
    try:
        for base, piece in pieces:
            reader.read(piece, base)
    except (Damaged, CannotUnpack) as error:
        fault = str(error)
    if fault and not reader.files:
        return Unread(fault, Why.DAMAGED, path)
    if not reader.parts:
        return Unread("is empty" if not len(data) else "holds nothing but zeros", Why.DAMAGED, path)
    reader.join_links()
    return Image(path, len(data), tuple(reader.parts), reader.files, fault, cmdline, release)


def _text(data: Pieces, found: tuple[Section, ...], name: str) -> str | None:
    """The text of a section, or None where there is none."""
    for section in found:
        if section.name == name:
            raw = bytes(data[section.start : section.start + min(section.size, TEXT_SECTION)])
            return raw.decode("utf-8", "replace").strip("\0\n ")
    return None


def read(root: Root, path: str, seconds: float = SECONDS) -> Reading[Image]:
    """The image at a path."""

    def use(piece: Callable[[int, int], bytes], size: int) -> Reading[Image]:
        if size > FILE_LIMIT:
            return Unread(f"is larger than {FILE_LIMIT >> 20} MiB", Why.TOO_BIG, path)
        return _read_pieces(Pieces(piece, 0, size), path, seconds)

    return root.read_at(path, use, FILE_LIMIT)
