"""The state that all screens share: topics with values, histories and subscribers.

A store belongs to one thread, that of the event loop; other threads hand values over with the
loop's own means. A subscriber is told that a topic changed, never what: it takes what it needs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from vfiotui.state.topics import Topic

T = TypeVar("T")


class Keeper(Protocol):
    """Keeps the values of a topic in its own way."""

    def append(self, value: Any, /) -> None:
        """Takes a value in."""

    def __len__(self) -> int:
        """How many values are kept."""


Subscriber = Callable[[Topic[Any]], None]


class Store:
    """Values by topic."""

    def __init__(self, depth: int = 3600) -> None:
        """`depth` is how many samples a history keeps: an hour at one a second."""
        self._depth = depth
        self._values: dict[str, Any] = {}
        self._histories: dict[str, deque[Any]] = {}
        self._keepers: dict[str, Keeper] = {}
        self._subscribers: dict[str, list[Subscriber]] = {}
        self._listeners: dict[str, list[Subscriber]] = {}
        self._on_wanted: list[Callable[[frozenset[str]], None]] = []

    def push(self, topic: Topic[T], value: T, *, keep: bool = False) -> None:
        """Sets a topic's value and tells its subscribers; `keep` adds it to the topic's history.

        A value equal to the last one is not news, unless it is kept.
        """
        if not keep and topic in self._values and self._values[topic] == value:
            return
        self._values[topic] = value
        if keep:
            self.kept(topic).append(value)
        for subscriber in (*self._subscribers.get(topic, ()), *self._listeners.get(topic, ())):
            subscriber(topic)

    def get(self, topic: Topic[T]) -> T | None:
        """The last value, or None before the first."""
        return self._values.get(topic)

    def history(self, topic: Topic[T], last: int | None = None) -> tuple[T, ...]:
        """The kept values, oldest first; at most the `last` ones."""
        kept = self._histories.get(topic, ())
        if last is None or last >= len(kept):
            return tuple(kept)
        return tuple(kept[i] for i in range(len(kept) - last, len(kept)))

    def keep_in(self, topic: Topic[Any], keeper: Keeper) -> None:
        """From now on the topic's history is what this keeper holds."""
        self._keepers[topic] = keeper

    def kept(self, topic: Topic[Any]) -> Keeper:
        """What holds the topic's history."""
        keeper = self._keepers.get(topic)
        return self._histories.setdefault(topic, deque(maxlen=self._depth)) if keeper is None else keeper

    def subscribe(self, topic: Topic[Any], subscriber: Subscriber) -> Callable[[], None]:
        """Calls the subscriber at every change until the returned function is called."""
        self._subscribers.setdefault(topic, []).append(subscriber)
        self._tell_wanted()

        def leave() -> None:
            present = self._subscribers.get(topic, [])
            if subscriber in present:
                present.remove(subscriber)
                self._tell_wanted()

        return leave

    def listen(self, topic: Topic[Any], listener: Subscriber) -> None:
        """Calls the listener at every change, for ever; the topic is not read for its sake."""
        self._listeners.setdefault(topic, []).append(listener)

    def wanted(self) -> frozenset[str]:
        """The topics that somebody looks at."""
        return frozenset(topic for topic, who in self._subscribers.items() if who)

    def on_wanted(self, listener: Callable[[frozenset[str]], None]) -> None:
        """Tells the listener now and whenever the wanted topics change."""
        self._on_wanted.append(listener)
        listener(self.wanted())

    def _tell_wanted(self) -> None:
        wanted = self.wanted()
        for listener in self._on_wanted:
            listener(wanted)
