"""Writes to the terminal at once what it takes at once, and leaves the rest to a thread.

Textual hands everything to a thread, so that a slow terminal does not hold the console up. To wake that thread costs
more than to write what a sample changes. Here the terminal is opened once more, in such a way that a write never
waits: only what it does not take now is left to the thread.
"""

from __future__ import annotations

import contextlib
import os
from io import TextIOWrapper
from queue import Queue
from threading import Thread

MOST_WAITING = 30
"""Writes that may wait for a slow terminal before the console has to."""


class PromptWriter(Thread):
    """Takes the place of Textual's writing thread; started only where the terminal is slow."""

    def __init__(self, file: TextIOWrapper) -> None:
        super().__init__(daemon=True, name="terminal")
        self._file = file
        self._encoding = file.encoding
        self._rest: Queue[bytes | None] = Queue(MOST_WAITING)
        self._left = self._done = 0
        """Writes that were left to the thread, and those that it has done."""
        try:
            # A description of its own: the flag must not hold for the shell and others that share the terminal.
            self._prompt = os.open(os.ttyname(file.fileno()), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            self._prompt = -1

    def write(self, text: str) -> None:
        """Writes, in the order of the calls; waits only where the terminal has taken nothing for many of them."""
        data = text.encode(self._encoding, "backslashreplace")
        if self._prompt >= 0 and self._left == self._done:
            with contextlib.suppress(OSError):  # Full or gone: the thread finds out which.
                data = data[os.write(self._prompt, data) :]
        if data:
            self._left += 1
            self._rest.put(data)
            if self.ident is None:
                self.start()

    def run(self) -> None:
        """Writes what is left, and waits for the terminal as long as it takes."""
        fd = self._file.fileno()
        while (data := self._rest.get()) is not None:
            try:
                while data:
                    data = data[os.write(fd, data) :]
            except OSError:
                pass  # The terminal is gone: who reads it is told by the signal, not here.
            self._done += 1

    def stop(self) -> None:
        """Ends once everything is written."""
        if self.ident is not None:
            self._rest.put(None)
            self.join()
        if self._prompt >= 0:
            os.close(self._prompt)
            self._prompt = -1
