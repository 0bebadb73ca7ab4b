"""Bytes of a large file, of which only what is asked for is held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

WINDOW = 64 << 10
"""Bytes that are read at once where little is asked for: what is asked for next stands beside it."""


class Sliced(Protocol):
    """What has a length and gives bytes for `data[start:end]`: bytes, a memoryview, Pieces."""

    def __len__(self) -> int: ...

    def __getitem__(self, span: slice, /) -> bytes | memoryview: ...


class Pieces:
    """A file, or a part of one, that is read where it is looked at."""

    def __init__(self, read: Callable[[int, int], bytes], start: int, end: int) -> None:
        """`read(place, size)` gives bytes of the file, fewer only where it ends; `start` and `end` are the part's."""
        self._read = read
        self._start = start
        self._end = max(start, end)
        self._held = b""
        self._held_at = 0

    def __len__(self) -> int:
        return self._end - self._start

    def __getitem__(self, span: slice, /) -> bytes:
        """The bytes, read now; fewer where the part, or the file meanwhile, ends before."""
        first, last, _ = span.indices(len(self))
        place, size = self._start + first, max(0, last - first)
        if size >= WINDOW:
            return self._read(place, size)
        if not (self._held_at <= place and place + size <= self._held_at + len(self._held)):
            self._held, self._held_at = self._read(place, min(WINDOW, self._end - place)), place
        return self._held[place - self._held_at : place - self._held_at + size]

    def part(self, start: int, end: int) -> Pieces:
        """A part of this part."""
        return Pieces(self._read, self._start + min(start, len(self)), self._start + min(end, len(self)))


def held(data: bytes) -> Pieces:
    """Bytes that are in memory already."""
    return Pieces(lambda place, size: data[place : place + size], 0, len(data))
