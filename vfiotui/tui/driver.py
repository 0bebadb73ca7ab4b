"""A terminal driver whose input thread sleeps until there is input.

Textual's own asks ten times a second whether there is something to read; on a machine that runs a game, and on a
laptop, those wake-ups are the largest part of what an idle console costs. It also counts what is written.

Leans on names of Textual that are not public: `driver_class` gives it only for the versions it was proved with,
and None, which means Textual's own driver, for all others.
"""

from __future__ import annotations

import os
import select
from codecs import getincrementaldecoder
from functools import cache
from pathlib import Path
from typing import Any

import textual
from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from vfiotui.tui.writer import PromptWriter

PROVED = "8.2."
"""The minor line of Textual whose insides this and `direct` were proved with."""
PUBLIC = "VFIOTUI_DRAW"
"""Environment: "public" keeps to what Textual promises, for comparison and for terminals that mind."""
UNFINISHED = 100
"""Milliseconds after which the rest of an escape sequence will not come."""


def textual_version() -> str:
    """Textual's version, from the name of the folder with its metadata.

    Textual itself asks importlib.metadata, whose parser of mail takes as long as three frames, and 1.3 MB for good.
    """
    begin, end = "textual-", ".dist-info"
    package = Path(textual.__file__).parent
    names = [n for n in os.listdir(package.parent) if n.startswith(begin) and n.endswith(end)]
    return names[0][len(begin) : -len(end)] if len(names) == 1 else textual.__version__


@cache
def known_version() -> bool:
    """Whether this is a Textual that we were proved with."""
    return textual_version().startswith(PROVED)


def proved() -> bool:
    """Whether the insides of Textual may be leant on: its version is known, and nobody forbids it."""
    return known_version() and os.environ.get(PUBLIC) != "public"


def driver_class() -> type[Driver] | None:
    """The quiet driver, or None where Textual's own is to be used."""
    return QuietDriver if proved() and hasattr(LinuxDriver, "run_input_thread") else None


class QuietDriver(LinuxDriver):
    """Waits for input, or for its end, without a timer."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.written = 0
        """Bytes written to the terminal so far."""
        self._end, self._ring = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._started = False

    def start_application_mode(self) -> None:
        """Takes the terminal, once until it is given back.

        A terminal that goes away sends SIGHUP and then SIGCONT, at which Textual takes it again: a second pair of
        threads would outlive the console.
        """
        if not self._started:
            self._started = True
            super().start_application_mode()  # type: ignore[no-untyped-call]
            if self._writer_thread is not None and self._file is not None:
                # It has taken the terminal; what comes from now on comes in small pieces.
                self._writer_thread.stop()
                self._writer_thread = PromptWriter(self._file)

    def stop_application_mode(self) -> None:
        """Gives the terminal back."""
        self._started = False
        super().stop_application_mode()

    def write(self, data: str) -> None:
        """Writes, and counts."""
        self.written += len(data) if data.isascii() else len(data.encode())
        super().write(data)

    def run_input_thread(self) -> None:
        """Reads until `disable_input` rings."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")().decode
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        poll.register(self._end, select.POLLIN)
        unfinished = False
        while True:
            ready = {fd for fd, _ in poll.poll(UNFINISHED if unfinished else None)}
            if self._end in ready:
                os.read(self._end, 64)
                return
            unfinished = self.fileno in ready
            if unfinished:
                data = os.read(self.fileno, 4096)
                if not data:
                    # Standard input has ended; the console lives on until somebody ends it.
                    return
                for message in parser.feed(decode(data)):
                    self.process_message(message)
            for message in parser.tick():
                self.process_message(message)

    def disable_input(self) -> None:
        """Ends the input thread; it may be started again."""
        if self._key_thread is not None and self._key_thread.is_alive():
            os.write(self._ring, b"\0")
        super().disable_input()
