"""Tells on the screen what the monitor notices about the guests while they run: a toast, and a mark in the graphs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from vfiotui.model.base.counted import counted
from vfiotui.model.base.reading import Unread
from vfiotui.state.topics import FACTS, VIRT
from vfiotui.tui.text import clean

if TYPE_CHECKING:
    # The first frame needs none of this.
    from vfiotui.live.monitor import Monitor, Started
    from vfiotui.model.guest.domain import Virt
    from vfiotui.model.live.alarm import Alarm
    from vfiotui.model.live.sample import LiveMoment
    from vfiotui.tui.context import ConsoleContext

TOAST_SECONDS = 300.0
"""Seconds for which an alarm of one kind and guest is reported once; the graphs show them all."""

GUARD_SECONDS = 30.0
"""Seconds for which the guard's warning stays; the Host screen goes on showing it."""


class Notifications:
    """Remembers what was told."""

    def __init__(self, console: ConsoleContext) -> None:
        self._console = console
        self._monitor: Monitor | None = None
        self._toasts: dict[tuple[str, str], float] = {}
        self._unmarked: list[Alarm] = []
        """Words about guests that have started, which await the next sample, to be marked at it."""
        self._waits_for_pages = False
        """Whether a timer is set."""
        self._guard_told = ""
        """When the check of the guard was made whose warning was shown."""

    @property
    def monitor(self) -> Monitor:
        """What notices it; made after the first frame."""
        if self._monitor is None:
            from vfiotui.live.monitor import Monitor
            from vfiotui.model.live.alarm import Limits

            self._monitor = Monitor(self._console.root_, Limits())
            self._monitor.hear_libvirt(self._console.store.get(VIRT), time.monotonic())
        return self._monitor

    def hear_libvirt(self, virt: Virt | None) -> None:
        """What libvirt says of the guests: those that have started are looked at once they have settled."""
        self.monitor.hear_libvirt(virt, time.monotonic())
        self._look_later()

    def hear_facts(self) -> None:
        """Shows what the guard found lost of the next boot, once for each check."""
        facts = self._console.store.get(FACTS)
        warning = None if facts is None or isinstance(facts.boot, Unread) else facts.boot.guard.warning
        if warning is None or warning.at == self._guard_told:
            return
        self._guard_told = warning.at
        text = "\n".join(clean(one.sentence) for one in warning.lost)
        title = f"the next boot loses {counted(len(warning.lost), 'thing')}"
        self._console.notify(text, title=title, severity="error", markup=False, timeout=GUARD_SECONDS)

    def hear_moment(self, moment: LiveMoment) -> None:
        """What is wrong at the newest sample."""
        from vfiotui.model.memory.start_pages import COUNTED

        console = self._console
        for word in self._unmarked:
            console.history.mark(word.text, alarm=word.kind != COUNTED)
        self._unmarked.clear()
        for alarm in self.monitor.hear_moment(moment):
            console.history.mark(alarm.text, alarm=True)
            told = self._toasts.get((alarm.guest, alarm.kind), -TOAST_SECONDS)
            if console.root_.is_live and alarm.at - told >= TOAST_SECONDS:
                self._toasts[alarm.guest, alarm.kind] = alarm.at
                self._toast(alarm, alarm.kind, 4)
        self._look_later()

    def investigates(self, at: float, guest: str) -> bool:
        """Whether a vCPU of the guest has waited lately; before the first frame nobody knows."""
        return self._monitor is not None and self._monitor.investigates(at, guest)

    def _look_later(self) -> None:
        due = self.monitor.next_due
        if due is not None and not self._waits_for_pages:
            self._waits_for_pages = True
            self._console.set_timer(max(due - time.monotonic(), 0.0), self._look)

    async def _look(self) -> None:
        self._waits_for_pages = False
        await self.judge_pages(self.monitor.settled(time.monotonic()))
        self._look_later()

    async def judge_pages(self, started: Iterable[Started]) -> None:
        """Tells once of a guest that has started whether it lacks its huge pages."""
        from vfiotui.model.memory.start_pages import COUNTED

        for word in await asyncio.to_thread(self.monitor.judge_pages, started):
            self._unmarked.append(word)
            if word.kind != COUNTED:
                self._toast(word, "huge pages", 10)

    def _toast(self, word: Alarm, title: str, seconds: float) -> None:
        self._console.notify(clean(word.text), title=title, severity="warning", markup=False, timeout=seconds)
