"""From the threads that read to the screen that is shown: values go into the store, and a topic is drawn once.

asyncio's own way from another thread makes an object, a context and three system calls of every value, and Textual's
messages take longer than a live figure takes to be drawn. Here a value costs one write to an eventfd (eventfd(2)), and
everything that waits is taken in at once.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from vfiotui.state.topics import Topic


class Bridge:
    """Takes values from any thread to the event loop, in their order, and draws what they changed."""

    def __init__(
        self,
        take: Callable[[Topic[Any], Any, bool], object],
        draw: Callable[[str], object],
        failed: Callable[[Exception], object],
    ) -> None:
        """All three are called on the loop: `take` with each value, which puts it into the store; `draw` with each
        topic that has changed, however often; `failed` with what one of them raises."""
        self._take = take
        self._draw = draw
        self._failed = failed
        self._values: deque[tuple[Topic[Any], Any, bool]] = deque()
        self._lock = threading.Lock()
        """Held while the eventfd is written: once it is closed its number may be another file's."""
        self._event = -1
        self._loop: asyncio.AbstractEventLoop | None = None
        self._topics: dict[str, None] = {}
        self._soon: asyncio.Handle | None = None

    def open(self) -> None:
        """Takes values from other threads from now on; on the loop."""
        self._loop = asyncio.get_running_loop()
        self._event = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._loop.add_reader(self._event, self._take_all)

    def close(self) -> None:
        """Takes no value any more; on the loop."""
        with self._lock:
            event, self._event = self._event, -1
        if event >= 0 and self._loop is not None:
            self._loop.remove_reader(event)
            os.close(event)

    def post(self, topic: Topic[Any], value: Any, keep: bool) -> None:
        """Hands a value over, from any thread; `keep` adds it to the topic's history. Before `open` and after `close`
        values are dropped."""
        with self._lock:
            if self._event >= 0:
                self._values.append((topic, value, keep))
                os.eventfd_write(self._event, 1)

    def tell(self, topic: str) -> None:
        """Has the topic drawn soon; on the loop, as a subscriber of the store."""
        if not self._topics:
            self._soon = asyncio.get_running_loop().call_soon(self.deliver)
        self._topics[topic] = None

    def deliver(self) -> None:
        """Draws what has changed now; on the loop."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        topics, self._topics = self._topics, {}
        for topic in topics:
            self._guard(self._draw, topic)

    def _take_all(self) -> None:
        os.eventfd_read(self._event)
        while self._values:
            self._guard(self._take, *self._values.popleft())
        # Another turn of the loop would find nothing more to draw with these.
        self.deliver()

    def _guard(self, use: Callable[..., object], *arguments: Any) -> None:
        try:
            use(*arguments)
        except Exception as error:
            self._failed(error)
