"""What a terminal sends, for Textual's own driver: it is divided and cleaned before that decodes it.

Textual's driver ends, and the console with it, at a byte that is no UTF-8 and at a number that is no character. It is
in use where the door is shut, so nothing of it is known for sure: what it reads with is replaced where it has the usual
name, and what is left of such a fault begins its reading anew.
"""

from __future__ import annotations

import os
import select
import time
from types import ModuleType
from typing import Any

from textual.driver import Driver

from vfiotui.tui.terminal.keyboard import Keyboard, Pasted, Piece
from vfiotui.tui.terminal.sequences import BEGIN, END

LONGEST_WAIT = 1.0
"""Seconds for which a read waits for the rest of something; what comes later is read with what comes then."""
ENDED = 0.1
"""Seconds between two looks at a terminal that is gone: Textual's driver looks again at once."""
UNREADABLE = (ValueError, OverflowError, IndexError, KeyError)
"""What Textual's parser and decoder raise for bytes that are no text and numbers that are no character."""


class CleanReader:
    """`os.read` of a terminal, whose bytes are whole keys, reports of the mouse and pastes in UTF-8."""

    def __init__(self) -> None:
        self._keyboard = Keyboard()

    def read(self, fd: int, size: int) -> bytes:
        """What has come, cleaned; empty where nothing of it is a key, and where the terminal is gone."""
        data = _read(fd, size)
        if not data:
            time.sleep(ENDED)
            return b""
        pieces = self._keyboard.feed(data)
        end = time.monotonic() + LONGEST_WAIT
        while (patience := self._keyboard.patience) is not None and (left := end - time.monotonic()) > 0:
            if select.select([fd], [], [], min(patience / 1000, left))[0]:
                data = _read(fd, size)
                if not data:
                    break
                pieces += self._keyboard.feed(data)
            elif patience / 1000 <= left:
                pieces += self._keyboard.silence()
        return b"".join(map(as_bytes, pieces))


def _read(fd: int, size: int) -> bytes:
    try:
        return os.read(fd, size)
    except OSError:
        return b""


def as_bytes(piece: Piece) -> bytes:
    """A piece as a terminal sends it; nothing for an answer, and for what Textual's parser cannot read."""
    if isinstance(piece, Pasted):
        return BEGIN + piece.text.encode("utf-8", "replace") + END
    if isinstance(piece, str):
        # Kitty's sub-parameters are not asked for.
        return b"" if piece.startswith("\x1b[") and ":" in piece else piece.encode("utf-8", "replace")
    return b""


class _System(ModuleType):
    """The module `os` with another `read`."""

    def __init__(self, reader: CleanReader) -> None:
        super().__init__("os")
        self.read = reader.read

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


def clean_driver(base: type[Driver]) -> type[Driver]:
    """A driver of Textual that lives through whatever a terminal sends; the same one where it reads no terminal."""
    import textual.drivers.linux_driver as module

    kind = getattr(module, "LinuxDriver", None)
    if kind is None or not issubclass(base, kind):
        return base
    if getattr(module, "os", None) is os:
        module.os = _System(CleanReader())  # type: ignore[attr-defined]
    if not hasattr(base, "run_input_thread"):
        return base

    class CleanDriver(base):  # type: ignore[misc, valid-type]
        """Begins to read anew after bytes that end the reading."""

        def run_input_thread(self) -> None:
            """Reads until the console ends."""
            while True:
                try:
                    super().run_input_thread()
                except UNREADABLE:
                    continue
                return

    return CleanDriver
