"""What goes on beside a stream of live figures: restraint, alarms, and the hunt for the reason of a wait."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from vfiotui.cli.machine import look_at_guests
from vfiotui.host.memory.guest_backing import read_guest, settled
from vfiotui.host.root.root import Root
from vfiotui.live.sampler import CULPRIT_SECONDS, CULPRIT_SHARE, Readers
from vfiotui.live.self_affinity import SelfRestraint
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.guest.domain import Domain
from vfiotui.model.live.alarm import Alarm, Wanted, wanted_pins
from vfiotui.model.live.interference import Culprits
from vfiotui.model.live.sample import LiveMoment
from vfiotui.model.memory.start_pages import SETTLE_SECONDS, shortfall

HUNT_SECONDS = 10.0
"""How long culprits are looked for after a vCPU has waited."""


class Beside:
    """Hears every moment of the host; everything else is read seldom, and only when there is a reason."""

    def __init__(self, args: argparse.Namespace, root: Root) -> None:
        self._args = args
        self._root = root
        self.readers = Readers(root)
        self._restraint = SelfRestraint(root)
        self._limit: float = args.alarm_delay
        self._pids: frozenset[int] | None = None
        self._started: set[int] = set()
        """Guests that were seen to start: only these are worth a walk over their page tables."""
        self._domains: dict[str, Domain] = {}
        self._settling: dict[int, float] = {}
        """A guest's process → when its pages are looked at."""
        self._hunt_until = self._look_due = 0.0
        self.wanted: Wanted = {}
        """The pins of the guests' configuration, read when a guest appears."""

    def hear(self, moment: LiveMoment) -> Iterator[Alarm]:
        """Keeps off the guests' CPUs; gives the alarms about pages of guests that started a while ago."""
        if isinstance(moment.guests, Unread):
            return
        self._restraint.hear_moment(moment)
        pids = frozenset(g.pid for g in moment.guests)
        new = pids - (self._pids or frozenset())
        self._started = (self._started if self._pids is None else self._started | new) & pids
        if new:
            virt = look_at_guests(self._args, self._root)
            self.wanted = {} if isinstance(virt, Unread) else wanted_pins(virt)
            self._domains = {} if isinstance(virt, Unread) else {d.name: d for d in or_else(virt.domains, ())}
            self._settling |= dict.fromkeys(new, moment.at + SETTLE_SECONDS)
        self._pids = pids
        for pid in [p for p, due in self._settling.items() if due <= moment.at or p not in pids]:
            del self._settling[pid]
            alarm = self._judge(pid, moment.at) if pid in pids else None
            if alarm is not None:
                yield alarm

    def _judge(self, pid: int, at: float) -> Alarm | None:
        guest = read_guest(self._root, pid)
        guest = settled(self._root, guest) if pid in self._started else guest
        return shortfall(guest, at, self._domains.get(guest.name))

    def look(self, moment: LiveMoment) -> Culprits | None:
        """Who ran on the CPUs of vCPUs that waited lately; None where none did, or it is not time yet."""
        cores = set()
        for guest in () if isinstance(moment.guests, Unread) else moment.guests:
            for thread in guest.threads:
                if thread.kind == "vcpu" and not isinstance(thread.ran_on, Unread):
                    cores.add(thread.ran_on)
                    if not isinstance(thread.delay_ms, Unread) and thread.delay_ms > self._limit:
                        self._hunt_until = moment.at + HUNT_SECONDS
        if moment.at >= self._hunt_until:
            self.readers.let_culprits_go()
            self._look_due = 0.0
        elif moment.at >= self._look_due:
            found = self.readers.culprits(frozenset(cores))
            known = self.readers.culprits_known
            self._look_due = moment.at + max(
                CULPRIT_SECONDS, self.readers.culprit_cost / CULPRIT_SHARE if known else 0.0
            )
            return found if known else None
        return None
