"""What was measured, kept as numbers: an hour of a guest in less memory than a minute of moments would take.

Every series is a ring of single-precision numbers; what has no value is NaN. All series share one count of samples,
so a sample has the same place in each of them.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from typing import NamedTuple

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.live.sample import CpuMoment, GuestMoment, LiveMoment, ThreadMoment

NAN = math.nan
THREAD_FIELDS = ("mhz", "delay", "busy", "forced", "slices", "ran_on")
CPU_FIELDS = ("mhz", "busy")
STEAL = "steal"
"""The third field of a host CPU, from the first time on that a hypervisor below the host took some."""
DEPTH = 3600
"""Samples: an hour at one a second."""
ROOM = 4 << 20
"""Bytes that all rings together may take; on a very large host an hour becomes less."""
SHORTEST = 240
FIRST_ROOM = 240
"""Samples that rings have room for at first; they grow by half, so that an hour takes its memory when it has passed."""
LONGEST = 200_000
"""Samples of a recording: more than two days at one a second."""

MARKS, RECORDED_MARKS = 200, 20_000
"""Marks that are kept: while a guest is watched, and of a recording."""

Key = tuple[str, str, int]
"""A guest's name, "vcpu", "emulator" or "iothread", and its number; or "", "cpu" and the CPU's number."""


def cpu_key(cpu: int) -> Key:
    """The key of a host CPU."""
    return ("", "cpu", cpu)


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that somebody wants to find again."""

    number: int
    """The sample's."""
    text: str
    alarm: bool = False


AT_WORK = 0.5
"""A vCPU that is this much of the time on its CPU shows at what frequency it is served."""


class Newest(NamedTuple):
    """What a guest's newest sample says at a glance, so that nobody has to look through its threads again."""

    longest: float = NAN
    """Milliseconds of delay in a second, of the thread that waited most; NaN where no delay is known."""
    waited: float = NAN
    """The same among vCPUs, as it is kept."""
    waiter: Key | None = None
    at_work: tuple[tuple[Key, float], ...] = ()
    """vCPUs at work, and their frequencies."""


NOTHING = Newest()


class _Rings:
    """The rings of one key."""

    __slots__ = ("fields", "last", "static")

    def __init__(self, fields: tuple[str, ...], room: int) -> None:
        blank = array("f", [NAN]) * room
        self.fields = {name: array("f", blank) for name in fields}
        self.last = -1
        self.static: ThreadMoment | None = None


def _number(value: Reading[float]) -> float:
    return NAN if isinstance(value, Unread) else value


class LiveHistory:
    """The live samples of the last hour or less."""

    def __init__(self, depth: int | None = None, marks: int = MARKS) -> None:
        """`depth` is how many samples are kept; without it, as many as fit into the room."""
        self._most_marks = marks
        self._asked = depth
        self.depth = depth or DEPTH
        self.count = 0
        """Samples so far; the newest has number count - 1."""
        self.marks: list[Mark] = []
        self._room = 0
        """Samples that every ring has room for: the depth at last."""
        self._times: array[float] = array("d")
        self._walls: array[float] = array("d")
        self._rings: dict[Key, _Rings] = {}
        self.guests: dict[str, tuple[Key, ...]] = {}
        """The rows of every guest that ran at the newest sample."""
        self.newest: dict[str, Newest] = {}
        """Of every guest that ran at the newest sample."""
        self.cpus: tuple[Key, ...] = ()
        self.fastest = NAN
        """The highest frequency of a CPU at the newest sample."""
        self.last: LiveMoment | None = None
        self.stolen = False
        """Whether a hypervisor below this host takes time from its CPUs."""

    def append(self, moment: LiveMoment) -> None:
        """Takes a moment in."""
        cpus = () if isinstance(moment.cpus, Unread) else moment.cpus
        guests = () if isinstance(moment.guests, Unread) else moment.guests
        if not self.count:
            self._begin(len(cpus) * len(CPU_FIELDS) + sum(len(g.threads) for g in guests) * len(THREAD_FIELDS))
        place = self.count % self.depth
        if place >= self._room:
            self._grow()
        self._times[place], self._walls[place] = moment.at, moment.sample.wall
        megahertz: dict[int, float] = {}
        for cpu in cpus:
            megahertz[cpu.cpu] = self._cpu(place, cpu)
        self.fastest = max((v for v in megahertz.values() if v == v), default=NAN)
        self.newest = {}
        self.guests = {g.name: self._guest(place, g, megahertz) for g in guests}
        self.cpus = tuple([cpu_key(c.cpu) for c in cpus])
        self._vanished(place)
        self.count += 1
        self.last = moment

    def __len__(self) -> int:
        return min(self.count, self.depth)

    @property
    def first(self) -> int:
        """The number of the oldest sample that is kept."""
        return max(self.count - self.depth, 0)

    def mark(self, text: str, *, number: int | None = None, alarm: bool = False) -> None:
        """Marks a sample, the newest one unless another is named."""
        self.marks.append(Mark(self.count - 1 if number is None else number, text, alarm))
        if self.marks[0].number < self.first or len(self.marks) > self._most_marks:
            self.marks = [m for m in self.marks if m.number >= self.first][-self._most_marks :]

    def at(self, number: int) -> float:
        """Seconds of CLOCK_MONOTONIC of a sample; NaN where it is not kept."""
        return self._times[number % self.depth] if self.first <= number < self.count else NAN

    def wall(self, number: int) -> float:
        """Seconds since the epoch of a sample; NaN where it is not kept."""
        return self._walls[number % self.depth] if self.first <= number < self.count else NAN

    def value(self, key: Key, field: str, number: int) -> float:
        """One value; NaN where there is none."""
        rings = self._rings.get(key)
        if rings is None or field not in rings.fields or not self.first <= number < self.count:
            return NAN
        return rings.fields[field][number % self.depth]

    def moment(self, key: Key, number: int) -> tuple[float, ...]:
        """All values of one moment in the order of the fields; empty where there are none."""
        rings = self._rings.get(key)
        if rings is None or not self.first <= number < self.count:
            return ()
        place = number % self.depth
        return tuple([ring[place] for ring in rings.fields.values()])

    def peak(self, key: Key, field: str, begin: int, end: int) -> float:
        """The highest value of the samples begin … end-1; NaN where none is known."""
        rings = self._rings.get(key)
        low, high = max(begin, self.first), min(end, self.count)
        if rings is None or low >= high:
            return NAN
        ring, first, last = rings.fields[field], low % self.depth, (high - 1) % self.depth + 1
        kept = ring[first:last] if first < last else ring[first:] + ring[:last]
        highest = max(kept)
        # Nothing is greater than NaN: it is the answer where it stands first, and nowhere else.
        return highest if highest == highest else max((v for v in kept if v == v), default=NAN)

    def values(self, key: Key, field: str, begin: int, end: int) -> list[float]:
        """The values of the samples begin … end-1; NaN for what is not kept."""
        rings = self._rings.get(key)
        if rings is None:
            return [NAN] * max(end - begin, 0)
        low, high = max(begin, self.first), min(end, self.count)
        if low >= high:
            return [NAN] * max(end - begin, 0)
        ring, depth = rings.fields[field], self.depth
        first, last = low % depth, (high - 1) % depth + 1
        kept = ring[first:last] if first < last else ring[first:] + ring[:last]
        return [NAN] * (low - begin) + list(kept) + [NAN] * (end - high)

    def thread(self, key: Key) -> ThreadMoment | None:
        """The last that was told of a thread: its id and its pins."""
        rings = self._rings.get(key)
        return None if rings is None else rings.static

    def _begin(self, series: int) -> None:
        if self._asked is None:
            self.depth = max(min(DEPTH, ROOM // (4 * max(series, 1))), SHORTEST)

    def _grow(self) -> None:
        more = min(max(FIRST_ROOM, self._room // 2), self.depth - self._room)
        self._room += more
        for ring in (self._times, self._walls):
            ring.extend(array("d", [NAN]) * more)
        blank = array("f", [NAN]) * more
        for rings in self._rings.values():
            for values in rings.fields.values():
                values.extend(blank)

    def _of(self, key: Key, fields: tuple[str, ...]) -> _Rings:
        rings = self._rings.get(key)
        if rings is None:
            self._make_room(len(fields))
            rings = self._rings[key] = _Rings(fields, self._room)
        rings.last = self.count
        return rings

    def _make_room(self, more: int) -> None:
        """Where guests came and went by the dozen, those that went first are forgotten before their samples are old."""
        if self._asked is not None:
            return
        over = 4 * self.depth * (more + sum(len(r.fields) for r in self._rings.values())) - ROOM
        if over <= 0:
            return
        # A thread of the newest sample but one may be met later in this sample.
        for key in sorted((k for k, r in self._rings.items() if r.last < self.count - 1), key=self._seen):
            over -= 4 * self.depth * len(self._rings.pop(key).fields)
            if over <= 0:
                return

    def _seen(self, key: Key) -> int:
        return self._rings[key].last

    def _cpu(self, place: int, cpu: CpuMoment) -> float:
        """Takes a CPU in, and gives its frequency as it is kept."""
        fields = self._of(cpu_key(cpu.cpu), CPU_FIELDS).fields
        of_mhz, of_busy = fields["mhz"], fields["busy"]
        of_mhz[place], of_busy[place] = _number(cpu.mhz), _number(cpu.busy)
        if self.stolen or cpu.steal != 0.0:
            self.stolen = True
            if STEAL not in fields:
                fields[STEAL] = array("f", [NAN]) * self._room
            fields[STEAL][place] = _number(cpu.steal)
        return of_mhz[place]

    def _guest(self, place: int, guest: GuestMoment, megahertz: dict[int, float]) -> tuple[Key, ...]:
        """Takes the threads of a guest in; without calls where that can be, for this is done for every one of them."""
        name, found, known = guest.name, [], self._rings
        longest = waited = -1.0
        waiter: Key | None = None
        at_work = []
        for thread in guest.threads:
            kind, number, _, _, ran_on, busy, delay, slices, forced = thread
            # A guest that is started again goes on in the same row.
            key = (name, kind, number)
            rings = known.get(key) or self._of(key, THREAD_FIELDS)
            rings.last, rings.static = self.count, thread
            cpu = -1 if isinstance(ran_on, Unread) else ran_on
            mhz = megahertz.get(cpu, NAN)
            delay = NAN if isinstance(delay, Unread) else delay
            busy = NAN if isinstance(busy, Unread) else busy
            # In the order of THREAD_FIELDS.
            of_mhz, of_delay, of_busy, of_forced, of_slices, of_cpu = rings.fields.values()
            of_mhz[place] = mhz
            of_delay[place] = delay
            of_busy[place] = busy
            of_forced[place] = NAN if isinstance(forced, Unread) else forced
            of_slices[place] = NAN if isinstance(slices, Unread) else slices
            of_cpu[place] = NAN if cpu < 0 else cpu
            if delay > longest:
                longest = delay
            if kind == "vcpu":
                if delay >= waited:
                    waited, waiter = delay, key
                if busy > AT_WORK:
                    at_work.append((key, mhz))
            found.append(key)
        told = NAN if waiter is None else known[waiter].fields["delay"][place]
        self.newest[name] = Newest(NAN if longest < 0 else longest, told, waiter, tuple(at_work))
        return tuple(found)

    def _vanished(self, place: int) -> None:
        """What was not seen has a gap; what has not been seen for the whole depth is forgotten."""
        for key, rings in list(self._rings.items()):
            if rings.last != self.count:
                if self.count - rings.last > self.depth:
                    del self._rings[key]
                    continue
                for ring in rings.fields.values():
                    ring[place] = NAN


def windows(values: list[float], zoom: int, choose: Callable[[list[float]], float]) -> Iterator[float]:
    """Every `zoom` values as one: NaN where none of them is known."""
    if zoom <= 1:
        yield from values
        return
    for begin in range(0, len(values), zoom):
        known = [v for v in values[begin : begin + zoom] if v == v]
        yield choose(known) if known else NAN
