"""From the store to the visible screen: one message for each topic, however often it changed meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from vfiotui.tui.app import ConsoleApp


class Changed(Message, bubble=False):
    """A topic has changed; later changes of the same topic replace it in the queue."""

    def __init__(self, topic: str) -> None:
        super().__init__()
        self.topic = topic

    def can_replace(self, message: Message) -> bool:
        """One waiting message for a topic is enough."""
        return isinstance(message, Changed) and message.topic == self.topic


class Bridge:
    """Subscriber of the store on behalf of the app."""

    def __init__(self, app: ConsoleApp) -> None:
        self._app = app

    def tell(self, topic: str) -> None:
        """Posts one message for the topic; runs on the loop, like the store."""
        self._app.post_message(Changed(topic))
