"""From the store to the visible screen: a topic is told once, however often it changed meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class RedrawQueue:
    """Subscriber of the store on behalf of the console.

    It uses the loop itself, not Textual's messages: those take longer than a live figure takes to be drawn.
    """

    def __init__(self, draw: Callable[[str], None], failed: Callable[[Exception], object]) -> None:
        """`draw` is called on the loop with each topic that has changed; what it raises goes to `failed`."""
        self._draw = draw
        self._failed = failed
        self._waiting: dict[str, None] = {}
        self._soon: asyncio.Handle | None = None

    def tell(self, topic: str) -> None:
        """Has the topic drawn soon; runs on the loop, like the store."""
        if not self._waiting:
            self._soon = asyncio.get_running_loop().call_soon(self.deliver)
        self._waiting[topic] = None

    def deliver(self) -> None:
        """Has everything drawn that was told, without waiting for the loop."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        waiting, self._waiting = self._waiting, {}
        for topic in waiting:
            try:
                self._draw(topic)
            except Exception as error:
                self._failed(error)
