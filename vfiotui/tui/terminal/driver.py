"""A terminal driver whose input thread sleeps until there is input.

Textual's own asks ten times a second whether there is something to read; on a machine that runs a game, and on a
laptop, those wake-ups are the largest part of what an idle console costs. It also counts what is written.

Only `door` imports this: it leans on the names of Textual in PRIVATE, and is loaded where all of them are there.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic
from typing import Any

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Paste, Resize
from textual.geometry import Size
from textual.message import Message

from vfiotui.tui.keyboard import LIMIT, Keyboard, Pasted
from vfiotui.tui.terminal.writer import PromptWriter

PRIVATE = (
    (LinuxDriver, "_app _debug _file _key_thread _run_input_thread _writer_thread run_input_thread"),
    (XTermParser, "feed tick"),
)
"""Classes of Textual, and the names in them that are used or replaced here without being promised."""
AHEAD = 1000
"""Messages that may wait for the console before the terminal has to."""
UNFINISHED = 100
"""Milliseconds after which the rest of an escape sequence will not come."""


def too_long(paste: Pasted) -> str:
    """A sentence on what was left out of a paste."""
    return f"the first {LIMIT} bytes of the paste were taken, {paste.left_out} were left out"


def _until(last: float, *waits: int | None) -> int | None:
    """Milliseconds until the first of some silences, that began at `last`, is over; None without one."""
    found = [w for w in waits if w is not None]
    return max(0, round(min(found) - (monotonic() - last) * 1000)) if found else None


@contextmanager
def _from_behind() -> Iterator[None]:
    """The terminal may be changed from its background.

    A console that was stopped and continued is there: the kernel would stop it again in the middle of leaving (SIGTTOU,
    termios(3)), and it would never end.
    """
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTTOU, before)


class QuietDriver(LinuxDriver):
    """Waits for input, or for its end, without a timer."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.written = 0
        """Bytes written to the terminal so far."""
        self._end, self._ring = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._started = False
        self._parser = XTermParser(self._debug)

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
                self._writer_thread = PromptWriter(self._file)  # type: ignore[assignment]

    def stop_application_mode(self) -> None:
        """Gives the terminal back."""
        self._started = False
        with _from_behind():
            super().stop_application_mode()

    def write(self, data: str) -> None:
        """Writes, and counts."""
        self.written += len(data) if data.isascii() else len(data.encode())
        super().write(data)

    def run_input_thread(self) -> None:
        """Reads until `disable_input` rings."""
        keyboard = Keyboard()
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        poll.register(self._end, select.POLLIN)
        last, unfinished = 0.0, False
        while True:
            ready = {fd for fd, _ in poll.poll(_until(last, keyboard.patience, UNFINISHED if unfinished else None))}
            if self._end in ready:
                os.read(self._end, 64)
                return
            if self.fileno in ready:
                try:
                    data = os.read(self.fileno, 4096)
                except OSError:
                    data = b""  # The terminal is gone: a signal ends the console.
                if not data:
                    # Standard input has ended; the console lives on until somebody ends it.
                    return
                last, unfinished = monotonic(), True
                self._take(keyboard.feed(data))
            elif keyboard.patience is not None and _until(last, keyboard.patience) == 0:
                last, unfinished = monotonic(), True
                self._take(keyboard.silence())
            else:
                unfinished = False
            self._take_keys(self._parser.tick())

    def _run_input_thread(self) -> None:
        """A fault in this thread ends the console with a sentence, as one in the loop does."""
        try:
            self.run_input_thread()
        except Exception as error:
            fault = error

            def broken() -> None:
                raise fault

            self._app.call_later(self._app.call_next, broken)

    def _take(self, pieces: list[str | Pasted]) -> None:
        for piece in pieces:
            if isinstance(piece, str):
                self._take_keys(self._parser.feed(piece))
                continue
            self.process_message(Paste(piece.text))
            if piece.left_out:
                self._app.call_later(partial(self._app.notify, too_long(piece), severity="warning", markup=False))

    def _take_keys(self, messages: Iterable[Message]) -> None:
        """Hands keys to the console, no faster than it takes them.

        Textual's parser ends by an error where a number in a sequence is no character: what it was in the middle of is
        lost, and another one goes on.
        """
        found = iter(messages)
        while True:
            try:
                message = next(found)
            except StopIteration:
                return
            except (ValueError, OverflowError, IndexError, KeyError):
                self._parser = XTermParser(self._debug)
                return
            # A size that is not the terminal's was typed or pasted.
            if not isinstance(message, Resize) or message.size == Size(*os.get_terminal_size(self.fileno)):
                self.process_message(message)
            self._wait_for_console()

    def _wait_for_console(self) -> None:
        """Returns once the console is not far behind, or input is to end."""
        ended = select.poll()
        ended.register(self._end, select.POLLIN)
        while self._app.message_queue_size > AHEAD:
            if ended.poll(10):
                return

    def disable_input(self) -> None:
        """Ends the input thread; it may be started again."""
        if self._key_thread is not None and self._key_thread.is_alive():
            os.write(self._ring, b"\0")
        with _from_behind():
            super().disable_input()
