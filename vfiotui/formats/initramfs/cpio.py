"""cpio archives of the kind newc, as the kernel unpacks them (init/initramfs.c).

A header is a magic and thirteen numbers of eight hexadecimal digits; name and body are padded to four bytes. After the
trailer zeros may follow, and then the next archive (Documentation/driver-api/early-userspace/buffer-format.rst).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from vfiotui.model.base.value import dataclass

MAGIC = re.compile(rb"07070[12]")
HEADER = re.compile(rb"07070[12][0-9A-Fa-f]{104}")
HEADER_SIZE = 110
NAME_LIMIT = 4096
"""The kernel passes over longer names (PATH_MAX)."""
COUNT_LIMIT = 100_000
"""Names in one image; a rescue image with every driver has about 10,000."""
NAMES_LIMIT = 32 << 20
"""Bytes of all names and link targets in one image."""
TRAILER = b"TRAILER!!!"
CHUNK = 1 << 20


class Damaged(ValueError):
    """A sentence fragment: what is wrong with an archive."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One member of an archive."""

    name: bytes
    inode: tuple[int, int, int]
    """Its number and the device's: members with the same one are hard links."""
    mode: int
    links: int
    size: int
    body: bytes | None
    """None where it was not wanted; a symbolic link's body is its target and is always there."""


class Stream:
    """Bytes that come in chunks, taken in pieces of the right size."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._held = b""
        self._at = 0
        """Where in what is held the next byte stands."""
        self.taken = 0
        """Bytes that were taken or passed over so far."""

    def _more(self) -> bool:
        chunk = next(self._chunks, None)
        if chunk is None:
            return False
        self._held, self._at = (self._held[self._at :] + chunk if self._at < len(self._held) else chunk), 0
        return True

    def peek(self, size: int) -> bytes:
        """The next bytes, fewer at the end; they stay."""
        while len(self._held) - self._at < size and self._more():
            pass
        return self._held[self._at : self._at + size]

    def take(self, size: int) -> bytes:
        """The next bytes; Damaged where the stream ends before."""
        found = self.peek(size)
        if len(found) < size:
            raise Damaged("the archive is cut short")
        self._at += size
        self.taken += size
        return found

    def skip(self, size: int) -> None:
        """Passes over bytes; Damaged where the stream ends before."""
        self.taken += size
        while size > len(self._held) - self._at:
            size -= len(self._held) - self._at
            self._at = len(self._held)
            if not self._more():
                raise Damaged("the archive is cut short")
        self._at += size

    def skip_zeros(self) -> None:
        """Passes over padding; stops at the end without a word."""
        while self._at < len(self._held) or self._more():
            rest = len(self._held[self._at :].lstrip(b"\0"))
            self.taken += len(self._held) - self._at - rest
            self._at = len(self._held) - rest
            if rest:
                return


def begins(data: bytes) -> bool:
    """Whether an archive begins here."""
    return MAGIC.match(data) is not None


def entries(stream: Stream, wanted: Callable[[bytes, int], bool]) -> Iterator[Entry]:
    """The members of all archives that follow each other, trailers left out; Damaged where one is broken.

    `wanted(name, size)` says whether a body is kept; the others are passed over without being held.
    """
    count = names = 0
    while begins(stream.peek(6)):
        entry = _entry(stream, wanted)
        if entry is None:
            stream.skip_zeros()
            continue
        count += 1
        if count > COUNT_LIMIT:
            raise Damaged(f"it holds more than {COUNT_LIMIT} names")
        names += len(entry.name) + (len(entry.body or b"") if entry.mode & 0o170000 == 0o120000 else 0)
        if names > NAMES_LIMIT:
            raise Damaged(f"it holds more than {NAMES_LIMIT >> 20} MiB of names")
        yield entry


def _entry(stream: Stream, wanted: Callable[[bytes, int], bool]) -> Entry | None:
    """The next member, or None for a trailer."""
    header = stream.take(HEADER_SIZE)
    if not HEADER.fullmatch(header):
        raise Damaged("a header holds something else than hexadecimal digits")
    number = [int(header[6 + 8 * n : 14 + 8 * n], 16) for n in range(13)]
    inode, mode, links, size, name_size, check = (number[i] for i in (0, 1, 4, 6, 11, 12))
    if not 0 < name_size <= NAME_LIMIT:
        raise Damaged(f"a name has {name_size} bytes")
    name = stream.take(name_size).split(b"\0", 1)[0]
    stream.skip(-(HEADER_SIZE + name_size) % 4)
    if name == TRAILER:
        stream.skip(size)
        return None
    is_link = mode & 0o170000 == 0o120000
    if is_link and size > NAME_LIMIT:
        raise Damaged(f"a link's target has {size} bytes")
    body: bytes | None = None
    if is_link or (size and wanted(name, size)):
        body = stream.take(size)
        if header[5:6] == b"2" and sum(body) & 0xFFFFFFFF != check:
            raise Damaged("a file does not match its checksum")
    else:
        stream.skip(size)
    padding = -size % 4
    if padding and len(stream.peek(padding)) == padding:
        stream.skip(padding)
    return Entry(name, (inode, number[7], number[8]), mode, links, size, body)
