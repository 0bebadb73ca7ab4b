"""One thread that reads what moves, and only while somebody looks at it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from vfiotui.host import memory
from vfiotui.host.live_cpu import CpuReader
from vfiotui.host.live_guest import GuestReader
from vfiotui.host.own_cost import CostReader
from vfiotui.host.root import Root
from vfiotui.model.facts import Mode
from vfiotui.model.live import LiveMoment
from vfiotui.model.reading import Unread, Why

STILL = Unread("a disk or a capture holds no live figures", Why.NOT_HERE)
Post = Callable[[str, Any, bool], None]
"""Hands a topic's value over to the store's thread; the flag asks to keep it in the history."""

SLOWEST, FASTEST = 10.0, 0.1
"""Seconds between two samples."""
MEMORY_SECONDS = 2.0
COST_SECONDS = 2.0
TOPICS = frozenset({"live", "memory", "cost"})


class Sampler:
    """Wakes at the interval while a topic is wanted and not paused; sleeps without a timer otherwise."""

    def __init__(self, root: Root, post: Post) -> None:
        self._root = root
        self._post = post
        self._wanted: frozenset[str] = frozenset()
        self._interval = 1.0
        self._wake = threading.Event()
        self._again = threading.Event()
        self._ended = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="sampler")

    def start(self) -> None:
        """Begins; may be called once."""
        self._thread.start()

    @property
    def interval(self) -> float:
        """Seconds between two samples of what is live: 0.1 to 10."""
        return self._interval

    @interval.setter
    def interval(self, seconds: float) -> None:
        self._interval = min(max(seconds, FASTEST), SLOWEST)
        self._wake.set()

    def want(self, topics: frozenset[str]) -> None:
        """From now on reads these of its topics, and no others."""
        wanted = topics & TOPICS
        if wanted != self._wanted:
            self._wanted = wanted
            self._wake.set()

    def look_again(self) -> None:
        """Searches for guests at the next sample: one has started or ended."""
        self._again.set()

    def stop(self, seconds: float = 2.0) -> None:
        """Ends the thread, and waits for it a little."""
        self._ended = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        readers = _Readers(self._root)
        due = dict.fromkeys(TOPICS, 0.0)
        try:
            while not self._ended:
                wanted = self._wanted
                now = time.monotonic()
                for topic in wanted:
                    if due[topic] <= now:
                        self._sample(readers, topic)
                        due[topic] = time.monotonic() + self._period(topic)
                if "live" not in wanted:
                    readers.rest()
                pause = min((due[t] for t in wanted), default=None)
                self._wake.wait(None if pause is None else max(pause - time.monotonic(), 0.01))
                self._wake.clear()
        finally:
            readers.rest()

    def _period(self, topic: str) -> float:
        return {"memory": max(MEMORY_SECONDS, self._interval), "cost": COST_SECONDS}.get(topic, self._interval)

    def _sample(self, readers: _Readers, topic: str) -> None:
        if self._again.is_set():
            self._again.clear()
            readers.guests.look_again()
        try:
            value: Any = {"live": readers.live, "memory": readers.memory, "cost": readers.cost.read}[topic]()
        except Exception as error:
            # One bad sample must not end all later ones.
            value = Unread(f"the reading failed ({type(error).__name__}: {error})", Why.DAMAGED)
        self._post(topic, value, topic != "cost")


class _Readers:
    """The readers of one sampler; they keep files open while they are in use."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self.cost = CostReader()
        self.guests = GuestReader(root)
        self._cpus: CpuReader | None = None

    def live(self) -> LiveMoment:
        if self._root.mode not in (Mode.LIVE, Mode.DEMO):
            return LiveMoment(time.monotonic(), STILL, STILL)
        if self._cpus is None:
            self._cpus = CpuReader(self._root)
        return LiveMoment(time.monotonic(), self._cpus.read(), self.guests.read())

    def memory(self) -> Any:
        return memory.read(self._root)

    def rest(self) -> None:
        """Closes the files of what nobody looks at."""
        if self._cpus is not None:
            self._cpus.close()
            self._cpus = None
            self.guests.close()
            self.guests.look_again()
