"""From the sampler's thread to the event loop: one bell, and everything that waits is taken in at once.

The loop's own way makes an object, a context and three system calls of every value; a bell costs two calls.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any


class ThreadQueue:
    """Values in the order in which they were put in; made and closed on the loop."""

    def __init__(self, take: Callable[..., object], failed: Callable[[Exception], object]) -> None:
        """`take` is called on the loop with each value's parts; what it raises goes to `failed`."""
        self._take = take
        self._failed = failed
        self._waiting: deque[tuple[Any, ...]] = deque()
        self._lock = threading.Lock()
        """Held while the bell is rung: once it is closed its number may be another file's."""
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._bell, self._answer)

    def put(self, *value: Any) -> None:
        """Hands a value over, from any thread; what comes after the end is for nobody."""
        self._waiting.append(value)
        with self._lock:
            if self._bell >= 0:
                os.eventfd_write(self._bell, 1)

    def close(self) -> None:
        """Takes nothing in any more."""
        with self._lock:
            bell, self._bell = self._bell, -1
        if bell >= 0:
            self._loop.remove_reader(bell)
            os.close(bell)

    def _answer(self) -> None:
        os.eventfd_read(self._bell)
        while self._waiting:
            try:
                self._take(*self._waiting.popleft())
            except Exception as error:
                self._failed(error)
