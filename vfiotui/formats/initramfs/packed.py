"""How a part of a boot image is packed, where it ends, and what unpacks it where Python itself can.

The kernel knows a part by its first bytes (lib/decompress.c) and goes on behind its end, so the end matters: gzip, xz,
lzma and bzip2 tell it while they are unpacked; zstd (RFC 8878), lz4 (lz4_Frame_format.md) and lzop (unlzo.c) write the
sizes of their blocks, which are walked here without unpacking anything.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Iterator
from typing import Any, Literal

from vfiotui.formats.initramfs.cpio import CHUNK, Damaged
from vfiotui.formats.records.pieces import Sliced

MAGICS = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"\x5d\0\0", "lzma"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x02\x21\x4c\x18", "lz4 legacy"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x89LZO", "lzo"),
)
XZ_MEMORY = 192 << 20
"""Bytes that an xz or lzma stream may make its reader hold; what "xz -9" packs needs 65 MiB."""
BLOCKS = 500_000
"""Blocks of one stream: 4 GiB in the smallest that packers make (lz4's 64 KiB) are 65,536."""
LEGACY_BLOCK = 8 << 20
"""Unpacked bytes of a block of lz4's legacy format; a packed one can be a little longer."""


def packing(data: bytes) -> str | None:
    """How the bytes are packed, by their beginning; None where it is none of the kernel's ways.

    >>> packing(b"BZh91AY"), packing(b"070701")
    ('bzip2', None)
    """
    return next((name for magic, name in MAGICS if data.startswith(magic)), None)


class Unpacked:
    """The unpacked bytes of one stream of gzip, xz, lzma or bzip2; `end` is right when all of them were taken."""

    def __init__(self, kind: str, data: Sliced, start: int) -> None:
        self._data = data
        self._kind = kind
        self.end = start

    def __iter__(self) -> Iterator[bytes]:
        """Chunks of bounded size; Damaged where the stream is broken or ends too early."""
        try:
            yield from self._gzip() if self._kind == "gzip" else self._others()
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            if isinstance(error, Damaged):
                raise
            raise Damaged(f"the {self._kind} stream is damaged ({error})") from error

    def _cut(self) -> Damaged:
        return Damaged(f"the {self._kind} stream is cut short")

    def _gzip(self) -> Iterator[bytes]:
        stream = zlib.decompressobj(31)
        rest = b""
        while not stream.eof:
            given = rest or bytes(self._data[self.end : self.end + CHUNK])
            if not rest:
                self.end += len(given)
            chunk = stream.decompress(given, CHUNK)
            rest = stream.unconsumed_tail
            if chunk:
                yield chunk
            elif not given:
                raise self._cut()
        self.end -= len(stream.unused_data)

    def _others(self) -> Iterator[bytes]:
        stream: Any
        if self._kind == "bzip2":
            stream = bz2.BZ2Decompressor()
        elif self._kind == "xz":
            stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)
        else:
            stream = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=XZ_MEMORY)
        while not stream.eof:
            given = b""
            if stream.needs_input:
                given = bytes(self._data[self.end : self.end + CHUNK])
                self.end += len(given)
                if not given:
                    raise self._cut()
            chunk = stream.decompress(given, CHUNK)
            if chunk:
                yield chunk
        self.end -= len(stream.unused_data)


def _number(data: Sliced, place: int, size: int, order: Literal["little", "big"] = "little") -> int:
    if place + size > len(data):
        raise Damaged("the packed stream is cut short")
    return int.from_bytes(data[place : place + size], order)


def _too_many() -> Damaged:
    return Damaged(f"the packed stream has more than {BLOCKS} blocks")


def end_of(kind: str, data: Sliced, start: int) -> int:
    """Where a zstd frame, an lz4 or an lzo stream that begins at `start` ends; Damaged where it is cut short."""
    end = {"zstd": _zstd_end, "lz4": _lz4_end, "lz4 legacy": _legacy_end, "lzo": _lzo_end}[kind](data, start)
    if end > len(data):
        raise Damaged("the packed stream is cut short")
    return end


def _zstd_end(data: Sliced, start: int) -> int:
    descriptor = _number(data, start + 4, 1)
    single = bool(descriptor & 0x20)
    size = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    place = start + 5 + (0 if single else 1) + (0, 1, 2, 4)[descriptor & 3] + size
    for _ in range(BLOCKS):
        header = _number(data, place, 3)
        # A block of kind 1 is one byte, repeated.
        place += 3 + (1 if header >> 1 & 3 == 1 else header >> 3)
        if header & 1:
            return place + (4 if descriptor & 4 else 0)
    raise _too_many()


def _lz4_end(data: Sliced, start: int) -> int:
    flags = _number(data, start + 4, 1)
    place = start + 7 + (8 if flags & 8 else 0) + (4 if flags & 1 else 0)
    for _ in range(BLOCKS):
        size = _number(data, place, 4)
        place += 4
        if not size:
            return place + (4 if flags & 4 else 0)
        place += (size & 0x7FFFFFFF) + (4 if flags & 0x10 else 0)
    raise _too_many()


def _legacy_end(data: Sliced, start: int) -> int:
    """It has no end mark: it ends where no block can follow (unlz4.c stops at a size of zero too)."""
    place = start + 4
    for _ in range(BLOCKS):
        size = _number(data, place, 4) if place + 4 <= len(data) else 0
        if not size or size > LEGACY_BLOCK + LEGACY_BLOCK // 255 + 16:
            return place
        place += 4 + size
    raise _too_many()


def _lzo_end(data: Sliced, start: int) -> int:
    """lzop's own file format: a header with flags, then blocks with both sizes and some of four checksums."""

    def number(place: int, size: int = 4) -> int:
        return _number(data, place, size, "big")

    longer = number(start + 9, 2) >= 0x0940
    place = start + 9 + (8 if longer else 5)
    flags = number(place)
    place += (8 if flags & 0x800 else 4) + (12 if longer else 8)
    place += 1 + number(place, 1) + 4
    of_unpacked, of_packed = ((flags & a > 0) + (flags & b > 0) for a, b in ((0x1, 0x100), (0x2, 0x200)))
    for _ in range(BLOCKS):
        unpacked = number(place)
        if not unpacked:
            return place + 4
        packed = number(place + 4)
        # A block that packing does not shorten is stored, with the checksums of what is unpacked only.
        place += 8 + 4 * (of_unpacked + (of_packed if packed < unpacked else 0)) + packed
    raise _too_many()
