"""Why it stuttered: the longest wait that is shown, where it was, and what is known of the reason.

What costs nothing is always told: which of the guests' own threads ran on the same CPU, and how much of the CPU's time
went to others. Names of tasks come from the looks that were taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from vfiotui.live.history import AT_WORK, NOTHING, Key, LiveHistory, Newest, cpu_key
from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.live.interference import Culprit, Culprits
from vfiotui.tui.row import Row, Run, row
from vfiotui.tui.screens.live.interference import words
from vfiotui.tui.screens.live.time_window import Window
from vfiotui.tui.screens.live.view import LATE, clock_text, name_of
from vfiotui.tui.text import clean, fit

SHARED = 0.02
"""Of a CPU's time: what others took below this is within the ticks of /proc/stat."""
TICK = 0.015
"""Seconds that the ticks of /proc/stat may be wrong by."""
SLOW = 0.7
"""A vCPU that is at work at less than this share of the highest frequency seen is reported."""
LITTLE, MANY = 0.001, 500.0
"""Of a CPU's time, and interrupts in a second: less is no reason."""
NEAR = 30.0
"""Seconds after a wait within which a task that is found on the CPU is still shown as a trace of the reason."""
LOOKS = 120
"""Looks at all tasks that are remembered."""


@dataclass(slots=True)
class Worst:
    """The longest wait and the lowest frequency at work among the samples shown.

    Only new samples are compared; all are looked through again when what was found has left the window.
    """

    shape: tuple[str, int, int] = ("", 0, 0)
    """Guest, samples in a cell, cells."""
    begin: int = 0
    end: int = 0
    delay: float = -1.0
    key: Key | None = None
    number: int = -1
    fast: float = 0.0
    """The highest frequency of a vCPU at work."""
    slow: float = math.inf
    slow_key: Key | None = None
    slow_number: int = -1

    def follow(self, history: LiveHistory, guest: str, window: Window, width: int) -> None:
        """Brings it up to a window of a guest's graphs, which are so many cells wide."""
        shape = (guest, window.zoom, width)
        begin = max(window.begin(width), history.first)
        left = min((n for n in (self.number, self.slow_number) if n >= 0), default=begin) < begin
        if shape != self.shape or window.end < self.end or begin < self.begin or left:
            self.delay, self.key, self.number = -1.0, None, -1
            self.fast, self.slow, self.slow_key, self.slow_number = 0.0, math.inf, None, -1
            self.shape, self.end = shape, begin
        first = max(self.end, begin)
        if first == window.end - 1 == history.count - 1:  # The usual case, at every sample.
            self._compare_newest(history.newest.get(guest, NOTHING), first)
        else:
            for key in history.guests.get(guest, ()):
                if key[1] == "vcpu":
                    self._compare(history, key, first, window.end)
        self.begin, self.end = begin, window.end

    # Of equal values the newest one counts: it stays in the window longest.

    def _compare_newest(self, newest: Newest, number: int) -> None:
        if newest.waited >= self.delay:
            self.delay, self.key, self.number = newest.waited, newest.waiter, number
        for key, mhz in newest.at_work:
            self._compare_frequency(key, number, mhz)

    def _compare(self, history: LiveHistory, key: Key, begin: int, end: int) -> None:
        delays, loads, clocks = (history.values(key, f, begin, end) for f in ("delay", "busy", "mhz"))
        for number, (delay, busy, mhz) in enumerate(zip(delays, loads, clocks, strict=True), begin):
            if delay >= self.delay:
                self.delay, self.key, self.number = delay, key, number
            if busy > AT_WORK:
                self._compare_frequency(key, number, mhz)

    def _compare_frequency(self, key: Key, number: int, mhz: float) -> None:
        self.fast = max(self.fast, mhz)
        if mhz <= self.slow:
            self.slow, self.slow_key, self.slow_number = mhz, key, number

    @property
    def told(self) -> tuple[float, int, int]:
        """What the words are made of: the same, as long as they are."""
        late, slow = self.delay > LATE, self.slow < SLOW * self.fast
        return (
            self.delay if late else min(self.delay, 0.0),
            self.number if late else -1,
            self.slow_number if slow else -1,
        )


def verdict_rows(
    history: LiveHistory, worst: Worst, looks: Sequence[Culprits], where_more: str, width: int
) -> list[Row]:
    """Two lines: what was worst among the samples shown, and because of whom; `where_more` says how to learn more."""
    if not history.count or not history.guests:
        return [row(""), row("")]
    slow = _slow_words(history, worst)
    if worst.key is None or worst.delay <= LATE:
        known = worst.key is not None
        calm = f"no vCPU waited longer than {LATE:.0f} ms in a second" if known else "no wait is measured yet"
        return [
            row((fit(f" {calm}", width), "holds" if known and not slow else "dim")),
            row((fit(f" but {slow}" if slow else "", width), "warn")),
        ]
    key, number = worst.key, worst.number
    ran_on, mhz = history.value(key, "ran_on", number), history.value(key, "mhz", number)
    place = f" on CPU {ran_on:.0f}" if ran_on == ran_on else ""
    clock = f" at {mhz:.0f} MHz" if mhz == mhz else ""
    told = f"{name_of(key)} waited {worst.delay:.1f} ms/s{place}{clock}, {clock_text(history.wall(number))}"
    runs: list[Run] = [(" worst: ", "dim"), (told, "warn")]
    if slow and len(told) + len(slow) + 18 <= width:
        runs.append((f" · {slow}", "mark"))
    because = reason(history, key, number, looks) or "nothing was seen there"
    more = f" · {where_more}" if where_more and len(because) + len(where_more) + 14 <= width else ""
    return [Row(tuple(runs)), row((" because: ", "dim"), (fit(because + more, max(width - 10, 0)), "head"))]


def _slow_words(history: LiveHistory, worst: Worst) -> str:
    """A vCPU that worked at a low frequency, where there was one."""
    top = worst.fast
    if worst.slow_key is None or worst.slow >= SLOW * top:
        return ""
    clock = clock_text(history.wall(worst.slow_number))
    return f"{name_of(worst.slow_key)} worked at {worst.slow:.0f} MHz of {top:.0f}, {clock}"


def reason(history: LiveHistory, key: Key, number: int, looks: Sequence[Culprits]) -> str:
    """Who ran on the CPU while the vCPU waited; the sentence says where it only infers."""
    ran_on = history.value(key, "ran_on", number)
    if ran_on != ran_on:
        return "it is not known where it ran"
    cpu = int(ran_on)
    thread = history.thread(key)
    parts = list(_own_threads(history, key, cpu, number))
    seen, later = _look_at(looks, history.at(number))
    if seen is not None:
        found = [c for c in seen.on(cpu, 0 if thread is None else thread.tid) if _matters(c)]
        named = " · ".join(words(c) for c in found[:4])
        if named:
            parts.append(f"seen there later: {named}" if later else named)
    load, own = history.value(cpu_key(cpu), "busy", number), history.value(key, "busy", number)
    if not parts and load == load and own == own:
        rest = load - own
        # /proc/stat counts hundredths of a second: of a short time they tell little.
        seconds = history.at(number) - history.at(number - 1)
        least = max(SHARED, TICK / seconds) if seconds > 0 else SHARED
        if rest > least:
            parts.append(f"others used {rest:.0%} of CPU {cpu}")
        elif least > SHARED:
            parts.append(f"others used less than {least:.0%} of CPU {cpu}")
        else:
            parts.append(f"no task of the host used CPU {cpu}: interrupts, or a CPU limit on the guest")
    return " · ".join(parts)


def _matters(culprit: Culprit) -> bool:
    """Whether it takes enough of a CPU to be a reason; where only interrupts are counted, many of them may."""
    return culprit.share > LITTLE or (not culprit.share and culprit.per_second > MANY)


def _own_threads(history: LiveHistory, key: Key, cpu: int, number: int) -> Iterable[str]:
    """Threads of the guests that ran on the same CPU at the same sample: pins that overlap."""
    for guest, keys in history.guests.items():
        for other in keys:
            if other != key and history.value(other, "ran_on", number) == cpu:
                busy = history.value(other, "busy", number)
                if busy > SHARED:
                    of = "" if guest == key[0] else f" of {clean(guest)}"
                    yield f"{name_of(other)}{of} ran there too, {busy:.0%}"


def _look_at(looks: Sequence[Culprits], at: float) -> tuple[Culprits | None, bool]:
    """The look in whose time the moment lies; else the next one soon after it, and True."""
    for look in looks:
        if isinstance(look.found, Unread):
            continue
        if look.at >= at - 0.5:
            begun = look.at - look.seconds
            if begun <= at + 0.5:
                return look, False
            return (look, True) if begun - at < NEAR else (None, False)
    return None, False
