"""What is told of the guests while they run, asked or not: a toast, and a mark in the graphs."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from vfiotui.model.base.reading import or_else
from vfiotui.state.topics import VIRT
from vfiotui.tui.text import clean

if TYPE_CHECKING:
    # The first frame needs none of this.
    from vfiotui.model.guest.domain import Domain, Virt
    from vfiotui.model.live.alarm import Alarm, Alarms, Wanted
    from vfiotui.model.live.sample import LiveMoment
    from vfiotui.model.memory.guest_backing import GuestBacking
    from vfiotui.tui.context import ConsoleContext

TOAST_SECONDS = 300.0
"""Seconds for which an alarm of one kind and guest is told once; the graphs show them all."""


class Notifications:
    """Remembers what was told."""

    def __init__(self, console: ConsoleContext) -> None:
        self._console = console
        self._alarms: Alarms | None = None
        self._wanted_of: tuple[Virt | None, Wanted] = (None, {})
        """The last word of libvirt, and the pins that it tells of."""
        self._toasts: dict[tuple[str, str], float] = {}
        self._run_before: frozenset[str] | None = None
        self._judged: set[int] = set()
        """Processes of guests whose pages were looked at after their start."""
        self._unmarked: list[Alarm] = []
        """Words about such guests that await the next sample, to be marked at it."""

    def hear_libvirt(self, virt: Virt | None) -> None:
        """Whoever has started since the last word is looked at once it has settled."""
        running = frozenset(d.name for d in _domains(virt) if d.running)
        started, self._run_before = running - (running if self._run_before is None else self._run_before), running
        if not started:
            return
        from vfiotui.model.memory.start_pages import SETTLE_SECONDS

        for name in started:
            self._console.set_timer(SETTLE_SECONDS, partial(self.judge_pages, name))

    async def judge_pages(self, name: str) -> None:
        """Whether a guest that has started got its huge pages: told once, and walked only where nothing else tells."""
        from vfiotui.host.memory.guest_backing import BackingReader, settled
        from vfiotui.model.memory.start_pages import COUNTED, shortfall

        root = self._console.root_

        def judge() -> tuple[GuestBacking, ...]:
            guests = or_else(BackingReader(root).read(), ())
            return tuple(settled(root, g) for g in guests if g.name == name and g.pid not in self._judged)

        found = await asyncio.to_thread(judge)
        domains = _domains(self._console.store.get(VIRT))
        for guest in found:
            self._judged.add(guest.pid)
            word = shortfall(guest, time.monotonic(), next((d for d in domains if d.name == name), None))
            if word is None:
                continue
            self._unmarked.append(word)
            if word.kind != COUNTED:
                self._toast(word, "huge pages", 10)

    def hear_moment(self, moment: LiveMoment) -> None:
        """What is wrong at the newest sample."""
        from vfiotui.model.live.alarm import Alarms, Limits, wanted_pins
        from vfiotui.model.memory.start_pages import COUNTED

        console = self._console
        if self._alarms is None:
            self._alarms = Alarms(Limits())
        for word in self._unmarked:
            console.history.mark(word.text, alarm=word.kind != COUNTED)
        self._unmarked.clear()
        virt = console.store.get(VIRT)
        if virt is not self._wanted_of[0]:
            self._wanted_of = virt, wanted_pins(virt)
        for alarm in self._alarms.check(moment, self._wanted_of[1]):
            console.history.mark(alarm.text, alarm=True)
            told = self._toasts.get((alarm.guest, alarm.kind), -TOAST_SECONDS)
            if console.root_.is_live and alarm.at - told >= TOAST_SECONDS:
                self._toasts[alarm.guest, alarm.kind] = alarm.at
                self._toast(alarm, alarm.kind, 4)

    def _toast(self, word: Alarm, title: str, seconds: float) -> None:
        self._console.notify(clean(word.text), title=title, severity="warning", markup=False, timeout=seconds)


def _domains(virt: Virt | None) -> tuple[Domain, ...]:
    return () if virt is None else or_else(virt.domains, ())
