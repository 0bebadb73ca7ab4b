"""A terminal driver whose input thread sleeps until there is input, and that trusts no terminal.

Textual's own asks ten times a second whether there is something to read; on a machine that runs a game, and on a
laptop, those wake-ups are the largest part of what an idle console costs. It also counts what is written.

The terminal is held from `start_application_mode` to `stop_application_mode`, and only while the console's process
group is the terminal's foreground one: in the background nothing is written, as the shell has the terminal then.

Only `door` imports this: it leans on the names of Textual in PRIVATE, and is loaded where all of them are there.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import signal
import sys
import termios
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from time import monotonic
from typing import Any

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Paste
from textual.message import Message

from vfiotui.tui.terminal.fence import QUESTION, Fence
from vfiotui.tui.terminal.keyboard import LIMIT, Answer, Keyboard, Pasted, Piece
from vfiotui.tui.terminal.size import terminal_size
from vfiotui.tui.terminal.writer import PromptWriter

PRIVATE = (
    (
        LinuxDriver,
        "_app _auto_restart _debug _file _get_terminal_size _key_thread _query_in_band_window_resize"
        " _request_terminal_sync_mode_support _run_input_thread _sigcont_application _sigtstp_application _size"
        " _writer_thread run_input_thread",
    ),
    (XTermParser, "feed tick _timeout_time"),
)
"""Classes of Textual, and the names in them that are used or replaced here without being promised."""
AHEAD = 1000
"""Messages that may wait for the console before the terminal has to."""
FOREGROUND = 0.5
"""Seconds between two looks whether a console in the background has the terminal again; no signal says so."""
CLEAN = "\x1b[0m\x1b(B\x0f\x1b[r\x1b[?25l\x1b[2J"
"""Undoes what a message of another program may have left: colours, line graphics, a scroll region, a cursor."""


def too_long(paste: Pasted) -> str:
    """A sentence on what was left out of a paste."""
    return f"the first {LIMIT} bytes of the paste were taken, {paste.left_out} were left out"


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
        self._held = self._muted = self._looking = False
        self._fence = Fence()
        self._loop_ = asyncio.get_running_loop()
        self._start_over()
        # What the console has until the first event says its size must be what that event says: two sizes at once
        # would chase each other through the screens.
        self._size = self._size or self._get_terminal_size()

    def _start_over(self) -> None:
        self._keyboard = Keyboard(round(constants.ESCAPE_DELAY * 1000))
        self._parser = XTermParser(self._debug)

    def _get_terminal_size(self) -> tuple[int, int]:
        """Columns and lines, also of a terminal that does not know them."""
        columns, lines = terminal_size(self.fileno, *(file.fileno() for file in (sys.__stdout__, self._file) if file))
        return columns, lines

    def _query_in_band_window_resize(self) -> None:
        """Not asked: SIGWINCH says it, and a false answer would silence that."""

    def _request_terminal_sync_mode_support(self) -> None:
        super()._request_terminal_sync_mode_support()
        self._ask()

    def _ask(self) -> None:
        """Asks what is answered last."""
        if self.input_tty:
            self._fence.asked()
            self.write(QUESTION)

    def _is_in_front(self) -> bool:
        """Whether the terminal is this process group's now; also where it is not the controlling one.

        A shell of a rescue system often has no job control ("can't access tty"): ENOTTY, and no signal stops anybody. A
        terminal that has gone away answers EIO.
        """
        try:
            return os.tcgetpgrp(self.fileno) == os.getpgrp()
        except OSError as error:
            return error.errno == errno.ENOTTY or not self.input_tty

    def start_application_mode(self) -> None:
        """Takes the terminal, once until it is given back, and only in the foreground.

        A terminal that goes away sends SIGHUP and then SIGCONT, at which Textual takes it again: a second pair of
        threads would outlive the console.
        """
        if self._held:
            return
        if not self._is_in_front():
            _stop_process(signal.SIGTTOU, signal.SIG_DFL)
            if not self._is_in_front():
                self._look_later()
                return
        self._held, self._muted = True, False
        self._start_over()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is not None and self._file is not None:
            # It has taken the terminal; what comes from now on comes in small pieces.
            self._writer_thread.stop()
            self._writer_thread = PromptWriter(self._file)  # type: ignore[assignment]

    def stop_application_mode(self) -> None:
        """Gives the terminal back, once its answers are there."""
        if not self._held:
            return
        self._muted = False
        with _from_behind():
            self.disable_input()
            self._drain()
            super().stop_application_mode()
        self._held = False

    def repaint(self) -> None:
        """Draws everything anew, over whatever another program has written."""
        self.write(CLEAN)
        self._app.refresh(layout=True)

    def _sigtstp_application(self, *_: object) -> None:
        """Ctrl+Z in the shell's sense: the terminal is given back, then the process stops.

        While another program has the terminal it is that program's affair: this one only stops too.
        """
        if self._auto_restart and self._held:
            self._loop_.call_soon_threadsafe(self._suspend)
        else:
            _stop_process(signal.SIGTSTP, self._sigtstp_application)

    def _suspend(self) -> None:
        self.suspend_application_mode()
        # Where no shell could continue it the kernel does not stop it (an orphaned process group, setpgid(2)).
        _stop_process(signal.SIGTSTP, self._sigtstp_application)
        self._come_back()

    def _sigcont_application(self, *_: object) -> None:
        if self._auto_restart:
            self._loop_.call_soon_threadsafe(self._come_back)

    def _come_back(self) -> None:
        """Takes the terminal after a stop, and draws everything: others have written to it, or changed its modes."""
        if not self._app.is_running:
            return
        if not self._is_in_front():
            self._muted = True
            self._look_later()
            return
        if self._held:
            self.suspend_application_mode()
        self.start_application_mode()
        self.repaint()

    def _look_later(self) -> None:
        if not self._looking:
            self._looking = True
            self._loop_.call_later(FOREGROUND, self._look)

    def _look(self) -> None:
        self._looking = False
        self._come_back()

    def write(self, data: str) -> None:
        """Writes, and counts; nothing while the terminal is not held or another program's."""
        if not self._held or self._muted:
            return
        self.written += len(data) if data.isascii() else len(data.encode())
        super().write(data)

    def run_input_thread(self) -> None:
        """Reads until `disable_input` rings."""
        keyboard = self._keyboard
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        poll.register(self._end, select.POLLIN)
        last = 0.0
        while True:
            patience = keyboard.patience
            ready = {fd for fd, _ in poll.poll(None if patience is None else max(0, patience - _milliseconds(last)))}
            if self._end in ready:
                os.read(self._end, 64)
                return
            if self.fileno in ready:
                data = self._read()
                if not data:
                    # Standard input has ended; the console lives on until somebody ends it.
                    return
                quiet, last = _milliseconds(last), monotonic()
                self._take(keyboard.feed(data, quiet))
            elif patience is not None and _milliseconds(last) >= patience:
                self._take(keyboard.silence())

    def _read(self) -> bytes:
        """What has come; nothing where the terminal is gone: a signal ends the console."""
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""

    def _run_input_thread(self) -> None:
        """A fault in this thread ends the console with a sentence, as one in the loop does."""
        try:
            self.run_input_thread()
        except Exception as error:
            fault = error

            def broken() -> None:
                raise fault

            self._app.call_later(self._app.call_next, broken)

    def _take(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            if isinstance(piece, str):
                self._take_keys(piece)
                continue
            if isinstance(piece, Answer):
                self._fence.answered()
                continue
            self.process_message(Paste(piece.text))
            if piece.left_out:
                self._app.call_later(partial(self._app.notify, too_long(piece), severity="warning", markup=False))

    def _take_keys(self, piece: str) -> None:
        """Hands keys to the console, no faster than it takes them.

        Textual's parser ends by an error where a number in a sequence is no character: what it was in the middle of is
        lost, and another one goes on. The same where it does not know a sequence: it would read it as single keys.
        """
        try:
            for message in self._messages(piece):
                self.process_message(message)
                self._wait_for_console()
        except (ValueError, OverflowError, IndexError, KeyError):
            self._parser = XTermParser(self._debug)

    def _messages(self, piece: str) -> Iterable[Message]:
        """What the parser makes of text, or of one whole sequence."""
        yield from self._parser.feed(piece)
        if self._parser._timeout_time is None:
            return
        if len(piece) > 2:
            self._parser = XTermParser(self._debug)
            return
        # Nothing more belongs to it: the escape key, or a key with Alt.
        self._parser._timeout_time = 0.0
        yield from self._parser.tick()

    def _wait_for_console(self) -> None:
        """Returns once the console is not far behind, or input is to end."""
        ended = select.poll()
        ended.register(self._end, select.POLLIN)
        while self._app.message_queue_size > AHEAD:
            if ended.poll(10):
                return

    def disable_input(self) -> None:
        """Ends the input thread; it may be started again."""
        if self._key_thread is None or not self._held:
            return
        if self._key_thread.is_alive():
            os.write(self._ring, b"\0")
        with _from_behind():
            super().disable_input()
        self._key_thread = None
        with suppress(BlockingIOError):
            os.read(self._end, 64)  # The thread had ended before it heard the ring.
        self.write("\x1b[?1004l\x1b[?2004l")
        if self._fence.answers:
            self._ask()

    def _drain(self) -> None:
        """Reads, and drops, what the terminal was going to send before it knew that the console leaves."""
        poll = select.poll()
        poll.register(self.fileno, select.POLLIN)
        while (patience := self._fence.patience()) and self._is_in_front():
            if not poll.poll(patience * 1000) or not (data := self._read()):
                break
            for piece in self._keyboard.feed(data):
                if isinstance(piece, Answer):
                    self._fence.answered()
        with suppress(termios.error):
            termios.tcflush(self.fileno, termios.TCIFLUSH)


def _milliseconds(since: float) -> float:
    return (monotonic() - since) * 1000


def _stop_process(number: signal.Signals, then: Any) -> None:
    """Stops this process as the signal does by itself; returns when it is continued, with the handler `then`."""
    signal.signal(number, signal.SIG_DFL)
    try:
        signal.raise_signal(number)
    finally:
        signal.signal(number, then)
