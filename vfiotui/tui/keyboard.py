"""What a terminal sends, before it is read as keys: pastes, reports of old mice and bytes that are no text.

Whatever comes, a piece of it is text for the parser of keys or a paste. Pasted text is never read as keys: not where
the terminal marks it (bracketed paste, xterm's control sequences, "Bracketed Paste Mode"), and not where it does not
but sends more at once than a person types.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from typing import NamedTuple

BEGIN, END = b"\x1b[200~", b"\x1b[201~"
"""How a terminal marks what is pasted."""
MOUSE = b"\x1b[M"
"""How a mouse report of X10 begins; button, column and row follow as one byte each, with 32 added."""
LIMIT = 8192
"""Bytes of a paste that are kept: no field takes more."""
FLOOD = 512
"""Bytes of text that arrive at once and are no typing: a held key makes 30 a second."""
SPLIT = 20
"""Milliseconds in which the rest of a divided sequence follows."""
QUIET = 100
"""Milliseconds of silence after which unmarked pasted text has ended."""
LOST = 5000
"""Milliseconds of silence after which the end of a marked paste is lost. The rest of a slow one must not become keys,
and a keyboard must not stay dead."""
_SEQUENCE = re.compile(rb"\x1b\[M[^\x1b]{3}|\x1b\[[0-?]*[ -/]*[@-~]|\x1bO.|\x1b.?", re.DOTALL)
_SPECIAL = re.compile(re.escape(BEGIN) + b"|" + re.escape(MOUSE))


class Pasted(NamedTuple):
    """Text that was pasted, without control characters, and how many bytes of it were left out."""

    text: str
    left_out: int


class Keyboard:
    """Divides the bytes of a terminal."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._rest = b""
        """The beginning of something whose end has not come yet."""
        self._paste: bytearray | None = None
        self._marked = False
        self._left_out = 0

    @property
    def patience(self) -> int | None:
        """Milliseconds of silence after which `silence` is to be called; None where nothing is unfinished."""
        if self._paste is not None:
            return LOST if self._marked else QUIET
        return SPLIT if self._rest else None

    def feed(self, data: bytes) -> list[str | Pasted]:
        """Takes what was read; gives what is whole, in order."""
        data, self._rest = self._rest + data, b""
        found: list[str | Pasted] = []
        if self._paste is None and BEGIN not in data and len(_SEQUENCE.sub(b"", data)) > FLOOD:
            self._paste, self._marked = bytearray(), False
        while data:
            data = self._pasted(data, found) if self._paste is not None else self._typed(data, found)
        return found

    def silence(self) -> list[str | Pasted]:
        """What is whole because nothing followed."""
        if self._paste is not None:
            self._keep(self._rest)
            self._rest = b""
            return [self._end()]
        rest, self._rest = self._rest, b""
        return self._text(rest)

    def _text(self, data: bytes) -> list[str | Pasted]:
        text = self._decoder.decode(data)
        return [text] if text else []

    def _typed(self, data: bytes, found: list[str | Pasted]) -> bytes:
        """Takes keys up to a paste or a mouse report; returns what is left to do."""
        match = _SPECIAL.search(data)
        if match is None:
            held = max((n for n in range(1, len(BEGIN)) if data.endswith(BEGIN[:n])), default=0)
            whole = len(data) - held
            found += self._text(data[:whole])
            self._rest = data[whole:]
            return b""
        found += self._text(data[: match.start()])
        if match[0] == BEGIN:
            self._paste, self._marked = bytearray(), True
            return data[match.end() :]
        report, rest = data[match.end() : match.end() + 3], data[match.end() + 3 :]
        if len(report) < 3:
            self._rest = data[match.start() :]
            return b""
        found += _mouse(report)
        return rest

    def _pasted(self, data: bytes, found: list[str | Pasted]) -> bytes:
        """Takes pasted bytes up to their end; returns what is left to do."""
        if not self._marked:
            self._keep(data)
            return b""
        end = data.find(END)
        if end < 0:
            held = max((n for n in range(1, len(END)) if data.endswith(END[:n])), default=0)
            whole = len(data) - held
            self._keep(data[:whole])
            self._rest = data[whole:]
            return b""
        self._keep(data[:end])
        found.append(self._end())
        return data[end + len(END) :]

    def _keep(self, data: bytes) -> None:
        assert self._paste is not None
        room = LIMIT - len(self._paste)
        self._paste += data[:room]
        self._left_out += max(0, len(data) - room)

    def _end(self) -> Pasted:
        assert self._paste is not None
        text = self._paste.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
        done = Pasted("".join(c for c in text if c.isprintable() or c in "\n\t"), self._left_out)
        self._paste, self._left_out = None, 0
        return done


def _mouse(report: bytes) -> list[str | Pasted]:
    """A report of X10 in SGR's form, which has no bytes beyond ASCII; nothing where the place is beyond its reach."""
    button, column, row = (byte - 32 for byte in report)
    if button < 0 or column < 1 or row < 1:
        return []
    released = button & 3 == 3 and not button & (32 | 64)
    return [f"\x1b[<{button & ~3 if released else button};{column};{row}{'m' if released else 'M'}"]
