"""Signals that end the console: in order where its loop turns, else at once; the terminal is given back."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import TYPE_CHECKING

from vfiotui.tui.terminal import door

if TYPE_CHECKING:
    from textual.app import App

INTERRUPTED = 130
"""The exit code of a console that was interrupted."""
ASKED = (signal.SIGTERM, signal.SIGHUP)
"""A request to end, and a terminal that is gone: exit code 0."""
INTERRUPTS = tuple(
    signal.Signals[f"SIG{name}"] for name in "QUIT INT USR1 USR2 ALRM VTALRM PROF XCPU IO PWR STKFLT".split()
)
"""All others that end a process which has no handler (signal(7)), but for those of faults."""
STUCK = 5.0
"""Seconds after which a loop that has not begun to end never will."""


def end_on_signals(app: App[int]) -> None:
    """From now on these signals end the console; to be called in its main thread, while its loop runs."""
    ending = _Ending(app)
    for number in (*ASKED, *INTERRUPTS):
        signal.signal(number, ending.signalled)


class _Ending:
    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._loop = asyncio.get_running_loop()
        self._code: int | None = None
        self._begun = threading.Event()

    def signalled(self, number: int, _: object) -> None:
        """Leaves in order, and at once where that was asked before."""
        again, code = self._code is not None, 0 if number in ASKED else INTERRUPTED
        if again and number == signal.SIGHUP:
            return  # A terminal that goes away may say it twice.
        self._code = code if self._code is None else self._code
        try:
            if again:
                raise RuntimeError
            self._loop.call_soon_threadsafe(self._leave)
        except RuntimeError:  # The loop has ended, or does not turn.
            door.give_back(self._app)
            os._exit(self._code)
        # The handlers of signals run in the main thread, also while the loop is held up there.
        late = threading.Timer(STUCK, self._insist, (threading.get_ident(),))
        late.daemon = True
        late.start()

    def _leave(self) -> None:
        self._begun.set()
        self._app.exit(self._code)

    def _insist(self, main: int) -> None:
        if not self._begun.is_set():
            signal.pthread_kill(main, signal.SIGQUIT)
