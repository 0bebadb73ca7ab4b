"""From samples to moments: the only place where live rates are computed, for the screen, files and replays alike."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.live.sample import CpuCount, CpuMoment, GuestMoment, LiveMoment, Sample, ThreadCount, ThreadMoment

TICKS = 100
"""USER_HZ: /proc/stat counts hundredths of a second on every Linux architecture that libvirt runs on."""
FIRST = Unread("first sample", Why.NOT_HERE)
RESET = Unread("the counter was reset", Why.VANISHED)
NO_TIME = Unread("no time has passed", Why.NOT_HERE)


def per_second(before: Reading[int], now: Reading[int], seconds: float, unit: float) -> Reading[float]:
    """How much a counter grew in a second, in units; a counter that ran backwards has no rate.

    >>> per_second(100, 300, 2.0, 1.0)
    100.0
    """
    if isinstance(now, Unread):
        return now
    if isinstance(before, Unread):
        return FIRST
    if now < before:
        return RESET
    return (now - before) / (seconds * unit) if seconds > 0 else NO_TIME


class Rates:
    """Remembers the last sample."""

    def __init__(self) -> None:
        self._at = 0.0
        self._cpus: dict[int, CpuCount] = {}
        self._threads: dict[int, tuple[ThreadCount, ThreadMoment]] = {}

    def moment(self, sample: Sample) -> LiveMoment:
        """What the sample says of the time since the last one; the first one has no rates."""
        seconds = sample.at - self._at
        cpus: Reading[tuple[CpuMoment, ...]]
        if isinstance(sample.cpus, Unread):
            cpus = sample.cpus
        else:
            cpus = tuple([self._cpu(c, seconds) for c in sample.cpus])
            self._cpus = {c.cpu: c for c in sample.cpus}
        guests: Reading[tuple[GuestMoment, ...]]
        if isinstance(sample.guests, Unread):
            guests, self._threads = sample.guests, {}
        else:
            known: dict[int, tuple[ThreadCount, ThreadMoment]] = {}
            found = []
            for guest in sample.guests:
                moments = []
                for thread in guest.threads:
                    moment = self._thread(thread, seconds)
                    known[thread.tid] = (thread, moment)
                    moments.append(moment)
                found.append(GuestMoment(guest.name, guest.pid, tuple(moments), guest.missing))
            guests, self._threads = tuple(found), known
        self._at = sample.at
        return LiveMoment(sample.at, cpus, guests, sample)

    def _cpu(self, now: CpuCount, seconds: float) -> CpuMoment:
        before = self._cpus.get(now.cpu)
        busy = per_second(FIRST if before is None else before.busy, now.busy, seconds, TICKS)
        if not now.steal:
            return CpuMoment(now.cpu, now.mhz, busy if isinstance(busy, Unread) else min(busy, 1.0))
        steal = per_second(FIRST if before is None else before.steal, now.steal, seconds, TICKS)
        return CpuMoment(
            now.cpu,
            now.mhz,
            busy if isinstance(busy, Unread) else min(busy, 1.0),
            steal if isinstance(steal, Unread) else min(steal, 1.0),
        )

    def _thread(self, now: ThreadCount, seconds: float) -> ThreadMoment:
        known = self._threads.get(now.tid)
        if known is None:
            return ThreadMoment(now.kind, now.number, now.tid, now.pinned, now.ran_on, FIRST, FIRST, FIRST, FIRST)
        before, last = known
        if now is before and last.busy == 0.0 and last.delay_ms == 0.0 and last.slices == 0.0:
            return last
        forced = last.forced
        if now.status_at != before.status_at:
            forced = per_second(before.forced, now.forced, now.status_at - before.status_at, 1)
        kind, number, tid, pinned, ran_on, run, wait, slices, _, _ = now
        try:
            ran, waited, sliced = run - before.run, wait - before.wait, slices - before.slices  # type: ignore[operator]
            if ran >= 0 and waited >= 0 and sliced >= 0 and seconds > 0:
                busy = ran / (seconds * 1e9)
                return ThreadMoment(
                    kind,
                    number,
                    tid,
                    pinned,
                    ran_on,
                    busy if busy < 1.0 else 1.0,
                    waited / (seconds * 1e6),
                    sliced / seconds,
                    forced,
                )
        except TypeError:
            pass  # Something is no number: what exactly is told below.
        return ThreadMoment(kind, number, tid, pinned, ran_on, *self._told(before, now, seconds), forced)

    def _told(
        self, before: ThreadCount, now: ThreadCount, seconds: float
    ) -> tuple[Reading[float], Reading[float], Reading[float]]:
        """Share on a CPU, milliseconds of delay and slices in a second, or why there is none of one of them."""
        share = per_second(before.run, now.run, seconds, 1e9)
        return (
            share if isinstance(share, Unread) else min(share, 1.0),
            per_second(before.wait, now.wait, seconds, 1e6),
            per_second(before.slices, now.slices, seconds, 1),
        )
