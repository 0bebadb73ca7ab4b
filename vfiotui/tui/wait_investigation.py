"""What Live reads to explain a wait: unasked and seldom while a vCPU waits, closer when somebody asks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vfiotui.live.history import LiveHistory
from vfiotui.live.sampler import Sampler
from vfiotui.model.base.reading import Unread
from vfiotui.model.live.interference import Culprits, Wait
from vfiotui.state.store import Store
from vfiotui.state.topics import CULPRITS, EXITS, TRACE, Topic
from vfiotui.tui.screens.live.verdict import LOOKS

if TYPE_CHECKING:
    from vfiotui.tui.screens.live.details import LiveDetails

WAITS = 20
"""Traced waits that are remembered: the longest."""


class WaitInvestigation:
    """What is looked for at the moment, and what was found so far."""

    def __init__(
        self,
        store: Store,
        sampler: Sampler,
        asks: Callable[[], LiveDetails],
        tell: Callable[[Topic[Any]], None],
        waited: Callable[[float, str], bool],
        recorded: tuple[Culprits, ...] = (),
    ) -> None:
        """`asks` is called where somebody asks for more than culprits; `tell` hears of every topic that is read.
        `waited` is the monitor's word, whether a guest has waited lately before a time.

        `recorded` was seen when a recording was made.
        """
        self._store = store
        self._sampler = sampler
        self._asks = asks
        self._tell = tell
        self._leave: dict[Topic[Any], Callable[[], None]] = {}
        self._waited = waited
        self.asked = False
        """Whether culprits are wanted though no vCPU waits."""
        self.looks = deque(recorded, maxlen=max(LOOKS, len(recorded)))
        self.waits: list[tuple[float, Wait]] = []
        """Seconds since the epoch and wait, the longest first."""

    def wants(self, topic: Topic[Any]) -> bool:
        """Whether a topic is being read."""
        return topic in self._leave

    def want(self, topic: Topic[Any], wanted: bool) -> None:
        """Begins or ends to read a topic: culprits, trace, exits, core."""
        if wanted and topic not in self._leave:
            if topic != CULPRITS:
                self._asks()
            self._leave[topic] = self._store.subscribe(topic, self._tell)
        elif not wanted and topic in self._leave:
            self._leave.pop(topic)()
            self._store.push(topic, None)

    def ask(self) -> None:
        """Looks on the CPUs of all vCPUs, or only of those that wait."""
        self.asked = not self.asked

    def trace(self, history: LiveHistory, guest: str) -> None:
        """Traces a guest's vCPUs, or ends that."""
        keys = [k for k in history.guests.get(guest, ()) if k[1] == "vcpu"]
        asks = self._asks()
        asks.cpus = self._cpus_of(history, guest)
        asks.tids = frozenset(t.tid for k in keys if (t := history.thread(k)) is not None)
        self.want(TRACE, not self.wants(TRACE))

    def follow(self, history: LiveHistory, guest: str) -> None:
        """At every sample: while a vCPU waits, and for a while after, it is looked who else runs there."""
        if self.wants(EXITS):
            self._asks().guest = guest
        self._sampler.asked = self.asked
        waited = self.asked or self._waited(history.at(history.count - 1), guest)
        hunting = waited and not self.wants(TRACE)
        if hunting:
            self._sampler.cores = self._cpus_of(history, guest)
        self.want(CULPRITS, hunting)

    def rest(self) -> None:
        """Nothing is looked for any more."""
        for topic in tuple(self._leave):
            self.want(topic, False)

    def hear(self, topic: str) -> None:
        """Remembers what a look has found."""
        if topic not in (CULPRITS, TRACE):
            return
        look = self._store.get(TRACE if topic == TRACE else CULPRITS)
        if not isinstance(look, Culprits) or isinstance(look.found, Unread):
            return
        self.looks.append(look)
        if look.traced is not None:
            wall = time.time() - time.monotonic()
            told = [*self.waits, *((wall + w.at, w) for w in look.traced.waits)]
            self.waits = sorted(told, key=lambda pair: -pair[1].ms)[:WAITS]

    @staticmethod
    def _cpus_of(history: LiveHistory, guest: str) -> frozenset[int]:
        """Where the guest's vCPUs ran last."""
        at = history.count - 1
        found: set[int] = set()
        for key in history.guests.get(guest, ()):
            ran_on = history.value(key, "ran_on", at)
            if key[1] == "vcpu" and ran_on == ran_on:
                found.add(int(ran_on))
        return frozenset(found)
