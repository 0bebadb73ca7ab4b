"""What is noticed about running guests, whoever looks at them: alarms, pages after a start, and waits to explain.

The console and the command line feed it what they sample and what libvirt says. It draws and prints nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.live.alarm import Alarm, Alarms, Limits, Wanted, wanted_pins
from vfiotui.model.live.interference import Culprits
from vfiotui.model.live.sample import LiveMoment
from vfiotui.model.memory.start_pages import SETTLE_SECONDS, shortfall

if TYPE_CHECKING:
    from vfiotui.live.sampler import Readers
    from vfiotui.model.guest.domain import Domain, Virt

INVESTIGATION_SECONDS = 10.0
"""How long it is looked who runs on the CPUs of a guest after one of its vCPUs has waited."""
GAP_SECONDS = 30.0
"""Seconds without a sample after which a process that was not seen before need not have started since."""


class Started(NamedTuple):
    """A guest whose pages are to be looked at once."""

    name: str
    due: float
    """Seconds of CLOCK_MONOTONIC from which on it has touched what it touches at its start."""
    pid: int | None = None
    """Its process; None where only libvirt has named it."""
    in_sight: bool = True
    """Whether it was seen to start. Only then its page tables may be walked: a guest waits for that."""


class Monitor:
    """Remembers what the guests did; all calls but `judge_pages` are cheap and belong to one thread."""

    def __init__(self, root: Root, limits: Limits) -> None:
        """`limits` are those of the alarms; the one of the delay also begins an investigation."""
        self._root = root
        self._alarms = Alarms(limits)
        self._virt: Virt | None = None
        self._wanted: Wanted = {}
        self._running: frozenset[str] | None = None
        """Names of the guests that run by libvirt's last word."""
        self._pids: frozenset[int] | None = None
        """Processes of guests at the last sample."""
        self._sampled = 0.0
        self._settling: dict[str, Started] = {}
        self._judged: set[int] = set()
        """Processes whose pages were looked at."""
        self._looked = 0.0
        """When it was last looked who runs beside the vCPUs, by `look`."""

    @property
    def _domains(self) -> tuple[Domain, ...]:
        return () if self._virt is None else or_else(self._virt.domains, ())

    def hear_libvirt(self, virt: Virt | None, at: float) -> None:
        """Takes in the guests as libvirt describes them, at a time of CLOCK_MONOTONIC."""
        self._virt, self._wanted = virt, wanted_pins(virt)
        running = frozenset(d.name for d in self._domains if d.running)
        before, self._running = self._running, running
        for name in running - (running if before is None else before):
            self._settling.setdefault(name, Started(name, at + SETTLE_SECONDS))

    def hear_moment(self, moment: LiveMoment) -> list[Alarm]:
        """Takes a sample in, and gives the alarms that begin with it."""
        if not isinstance(moment.guests, Unread):
            known = self._pids if moment.at - self._sampled < GAP_SECONDS else None
            self._pids, self._sampled = frozenset(g.pid for g in moment.guests), moment.at
            for guest in moment.guests:
                if known is None or guest.pid not in known:
                    due = moment.at + SETTLE_SECONDS
                    self._settling[guest.name] = Started(guest.name, due, guest.pid, known is not None)
            self._judged &= self._pids
        return self._alarms.check(moment, self._wanted)

    def is_new(self, moment: LiveMoment) -> bool:
        """Whether a guest runs that the last sample did not have: libvirt may be asked for it then."""
        return not isinstance(moment.guests, Unread) and not {g.pid for g in moment.guests} <= (
            self._pids or frozenset()
        )

    @property
    def next_due(self) -> float | None:
        """When `settled` has something next, in seconds of CLOCK_MONOTONIC."""
        return min((s.due for s in self._settling.values()), default=None)

    def settled(self, at: float) -> tuple[Started, ...]:
        """The guests whose pages are to be looked at now; each is given once."""
        due = tuple(s for s in self._settling.values() if s.due <= at)
        for started in due:
            del self._settling[started.name]
        return due

    def judge_pages(self, started: Iterable[Started]) -> list[Alarm]:
        """The words about the pages of these guests; blocks, and may be called in a worker.

        Page tables are walked only where nothing else tells, and only of a guest that was seen to start.
        """
        from vfiotui.host.memory.guest_backing import BackingReader, read_guest, settled

        found = []
        for one in started:
            if one.pid is None:
                guests = [g for g in or_else(BackingReader(self._root).read(), ()) if g.name == one.name]
            else:
                guests = [read_guest(self._root, one.pid)]
            for guest in guests:
                if guest.pid in self._judged:
                    continue
                self._judged.add(guest.pid)
                domain = next((d for d in self._domains if d.name == guest.name), None)
                word = shortfall(settled(self._root, guest) if one.in_sight else guest, time.monotonic(), domain)
                found += [] if word is None else [word]
        return found

    def investigates(self, at: float, guest: str | None = None) -> bool:
        """Whether a vCPU of a guest, or of any, has waited so lately that it is to be looked who runs beside it."""
        waited = self._alarms.waited
        last = max(waited.values(), default=None) if guest is None else waited.get(guest)
        return last is not None and at - last < INVESTIGATION_SECONDS

    def look(self, readers: Readers, moment: LiveMoment) -> Culprits | None:
        """Who ran on the CPUs of all vCPUs since the last look; None where none has waited, or it is not time yet.

        Costs no more than the sampler's own looks: see `Readers.culprit_pause`.
        """
        if not self.investigates(moment.at):
            readers.let_culprits_go()
        elif moment.at - self._looked >= readers.culprit_pause():
            self._looked = moment.at
            found = readers.culprits(vcpu_cpus(moment))
            return found if readers.culprits_known else None
        return None


def vcpu_cpus(moment: LiveMoment) -> frozenset[int]:
    """The host CPUs on which vCPUs ran last."""
    guests = () if isinstance(moment.guests, Unread) else moment.guests
    vcpus = (t for g in guests for t in g.threads if t.kind == "vcpu")
    return frozenset(t.ran_on for t in vcpus if not isinstance(t.ran_on, Unread))
