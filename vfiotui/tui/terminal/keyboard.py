"""What a terminal sends, before it is read as keys: pastes, answers, reports of old mice and bytes that are no text.

Whatever comes, a piece of it is text or one sequence for the parser of keys, a paste, or an answer. Pasted text is
never read as keys: not where the terminal marks it (bracketed paste, xterm's control sequences, "Bracketed Paste
Mode"), and not where it does not but sends more at once than a person types. Neither is an answer that nobody waits
for, wherever it is divided.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from vfiotui.tui.terminal import sequences
from vfiotui.tui.terminal.sequences import BEGIN, END, TOKEN, UNREADABLE

LIMIT = 8192
"""Bytes of a paste that are kept: no field takes more."""
LONGEST = 64
"""Bytes of an unfinished sequence that are kept: no key has more."""
FLOOD = 512
"""Bytes of text that arrive at once and are no typing: a held key makes 30 a second."""
ESCAPE = 100
"""Milliseconds in which what follows an escape character follows it; without, it was the key."""
QUIET = 100
"""Milliseconds of silence after which unmarked pasted text has ended, and a key was pressed alone."""
PAUSE = 300
"""Milliseconds of silence before a key that is pressed while the end of something is lost."""
LATE = 1000
"""Milliseconds of silence after which the rest of a sequence will not come."""
LOST = 3000
"""Milliseconds of silence after which the end of a marked paste is lost. The rest of a slow one must not become keys,
and a keyboard must not stay dead."""
_ALONE = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\x1b\[[\d:;]*[A-Za-z~]|\x1bO[A-Za-z]")
"""A key that is no text, and that nothing else came with."""


class Pasted(NamedTuple):
    """Text that was pasted, without control characters, and how many bytes of it were left out."""

    text: str
    left_out: int


class Answer(NamedTuple):
    """The terminal's answer to the question that it is asked last: all others have been answered."""

    text: str


Piece = str | Pasted | Answer
"""Text, or one whole sequence, that may be keys; a paste; an answer."""


class Keyboard:
    """Divides the bytes of a terminal."""

    def __init__(self, escape: int = ESCAPE) -> None:
        """`escape`: milliseconds after which an escape character alone is the key."""
        self._escape = escape
        self._rest = b""
        """The beginning of something whose end has not come yet."""
        self._paste: bytearray | None = None
        self._marked = False
        self._left_out = 0
        self._string = b""
        """The introducer of the control string that is swallowed."""
        self._doubtful: bool | None = False
        """Whether that may have been a key with Alt: None, the string has only begun; True, nothing has followed."""
        self._held = b""
        """A key that came alone in a paste: it is one if nothing follows."""
        self._escaped = False
        """Whether the escape key was read for want of anything that followed."""

    @property
    def patience(self) -> int | None:
        """Milliseconds of silence after which `silence` is to be called; None where nothing is unfinished."""
        if self._held:
            return QUIET
        if self._paste is not None:
            return LOST if self._marked else QUIET
        if self._string:
            return self._escape if self._doubtful is None else LATE
        if not self._rest:
            return None
        soon = self._rest[:1] not in b"\x1b\x9b" or self._rest == b"\x1b" or sequences.CUT_KEY.fullmatch(self._rest)
        return self._escape if soon else LATE

    def feed(self, data: bytes, quiet: float = 0) -> list[Piece]:
        """Takes what was read, after so many milliseconds of silence; gives what is whole, in order."""
        found: list[Piece] = []
        if self._key_alone(data, quiet, found):
            return found
        if self._escaped and sequences.REST.match(data):
            data = b"\x1b" + data
        self._escaped = False
        data, self._rest, self._held = self._held + self._rest + data, b"", b""
        flood = not self._string and BEGIN not in data and len(sequences.NO_TEXT.sub(b"", data)) > FLOOD
        if self._paste is None and flood:
            self._paste, self._marked = bytearray(), False
        while data:
            data = self._step()(data, found)
        return found

    def silence(self) -> list[Piece]:
        """What is whole because nothing followed."""
        if self._paste is not None:
            key, self._held = self._held, b""
            if not key:
                self._keep(self._rest)
            self._rest = b""
            return [self._end(), *(self.feed(key) if key else ())]
        if self._string:
            if self._doubtful is None:
                self._doubtful = True
            else:
                self._string, self._rest = b"", b""
            return []
        rest, self._rest = self._rest, b""
        if rest == b"\x1b":
            self._escaped = True
            return ["\x1b"]
        if sequences.CUT_KEY.fullmatch(rest):
            return [rest.decode()]
        return [UNREADABLE] if rest and rest[:1] not in b"\x1b\x9b" else []

    def _step(self) -> Callable[[bytes, list[Piece]], bytes]:
        """Who takes the next bytes and returns what is left to do."""
        if self._paste is not None:
            return self._pasted
        return self._swallowed if self._string else self._typed

    def _key_alone(self, data: bytes, quiet: float, found: list[Piece]) -> bool:
        """Whether it is a key that is pressed because the end of a paste or a control string does not come.

        In a paste it must stay alone for a moment. In a string the escape character may be the half of its end.
        """
        if quiet < PAUSE or self._rest or self._held or not _ALONE.fullmatch(data):
            return False
        if self._paste is not None and self._marked:
            self._held = data
            return True
        if self._string and data != b"\x1b":
            self._string = b""
        return False

    def _typed(self, data: bytes, found: list[Piece]) -> bytes:
        """Takes one piece of what was typed or reported."""
        match = TOKEN.match(data)
        assert match is not None and match.lastgroup is not None
        kind, whole = match.lastgroup, match[0]
        rest = data[match.end() :]
        if kind == "unfinished":
            # Of a sequence that is longer than any key enough is kept to swallow what follows.
            self._rest = whole if len(whole) <= LONGEST else b"\x1b[?"
        elif kind == "begin":
            self._paste, self._marked = bytearray(), True
        elif kind == "string":
            self._string, self._doubtful = whole, False if rest else None
        elif kind == "mouse":
            found += filter(None, [sequences.sgr_mouse(match["report"])])
        elif kind == "sequence":
            text = whole.replace(b"\x9b", b"\x1b[", 1).decode()
            if sequences.is_fence(text):
                found.append(Answer(text))
            elif sequences.is_key(text):
                found.append(text)
        elif kind == "noise":
            found.append(UNREADABLE)
        elif kind != "broken":
            found.append(whole.decode(errors="replace"))
        return rest

    def _swallowed(self, data: bytes, found: list[Piece]) -> bytes:
        """Takes the bytes of a control string up to its end."""
        if self._doubtful and len(data) == 1 and not sequences.STRING_BEGINS.match(self._string[-1:] + data):
            self._string = b""
            return data
        self._doubtful = False
        # Within UTF-8 the byte of the 8-bit ST is a part of a character: it ends only what began in 8 bits.
        short = len(self._string) == 1
        for end in sequences.STRING_END.finditer(data):
            if end[0] == b"\x9c" and not short:
                continue
            self._string = b""
            return data[end.start() if end[0] == b"\x1b" else end.end() :]
        self._rest = b"\x1b" if data.endswith(b"\x1b") else b""
        return b""

    def _pasted(self, data: bytes, found: list[Piece]) -> bytes:
        """Takes pasted bytes up to their end."""
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
