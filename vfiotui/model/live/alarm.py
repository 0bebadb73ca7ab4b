"""What is worth a word while a guest runs: long delays, low frequencies, threads that left their CPUs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.live.sample import GuestMoment, LiveMoment, ThreadMoment

if TYPE_CHECKING:
    from vfiotui.model.guest.domain import Virt

CALM = 5.0
"""Seconds for which something must be in order before it is reported again."""
LONG_WAIT = 10.0
"""Milliseconds of scheduling delay in a second from which on a vCPU waits too long."""
SETTLE = 3.0
"""Seconds that a drift must stand: libvirt pins a starting guest's threads one after the other."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on it is told; None never."""

    delay_ms: float | None = LONG_WAIT
    """Milliseconds of scheduling delay of a vCPU in a second."""
    mhz: float | None = None
    """A vCPU that is busy on a CPU below this frequency."""
    drift: bool = True
    """A vCPU that may run elsewhere than its configuration says."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One sentence about one thread, or about a guest's memory."""

    guest: str
    kind: str
    """delay, frequency, drift; of start_pages also pages, counted."""
    text: str
    at: float


Wanted = Mapping[tuple[str, int], frozenset[int]]
"""Guest and vCPU → the CPUs of its configuration."""


NONE_WANTED: Wanted = {}


def wanted_pins(virt: Virt | None) -> Wanted:
    """The pins of all running guests, as libvirt tells them."""
    if virt is None or isinstance(virt.domains, Unread):
        return {}
    return {(d.name, vcpu): cpus for d in virt.domains if d.running for vcpu, cpus in d.vcpu_pins}


class Alarms:
    """Remembers what was told, so that a lasting trouble is told once."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._told: dict[tuple[str, str, int], float] = {}
        self._drifts: dict[tuple[str, int], tuple[float, int]] = {}
        """Since when a vCPU drifts, and the last check that saw it."""
        self._checks = 0
        self.waited: dict[str, float] = {}
        """Guest → when one of its vCPUs waited too long last."""

    def check(self, moment: LiveMoment, wanted: Wanted = NONE_WANTED) -> list[Alarm]:
        """The alarms that begin at this moment."""
        found: list[Alarm] = []
        self._checks += 1
        megahertz = {} if isinstance(moment.cpus, Unread) else {c.cpu: c.mhz for c in moment.cpus}
        limits = self.limits
        bearable = -1.0 if limits.mhz is not None or limits.delay_ms is None else limits.delay_ms
        for guest in () if isinstance(moment.guests, Unread) else moment.guests:
            for thread in guest.threads:
                if thread.kind != "vcpu":
                    continue
                delay, pins = thread.delay_ms, thread.pinned
                # Nearly every vCPU is calm at nearly every moment: that is seen at once.
                in_place = not wanted or wanted.get((guest.name, thread.number), pins) == pins
                if in_place and not isinstance(delay, Unread) and delay <= bearable:
                    continue
                for kind, text in self._bad(guest, thread, megahertz, wanted, moment.at):
                    key = (guest.name, kind, thread.number)
                    if moment.at - self._told.get(key, -CALM * 2) > CALM:
                        found.append(Alarm(guest.name, kind, f"{guest.name} vCPU {thread.number} {text}", moment.at))
                    self._told[key] = moment.at
        return found

    def _bad(
        self, guest: GuestMoment, thread: ThreadMoment, megahertz: Mapping[int, object], wanted: Wanted, at: float
    ) -> list[tuple[str, str]]:
        limits, found = self.limits, []
        delay, ran_on = thread.delay_ms, thread.ran_on
        where = "an unknown CPU" if isinstance(ran_on, Unread) else f"CPU {ran_on}"
        if limits.delay_ms is not None and not isinstance(delay, Unread) and delay > limits.delay_ms:
            self.waited[guest.name] = at
            found.append(("delay", f"waited {delay:.1f} ms in a second for {where}"))
        mhz = None if isinstance(ran_on, Unread) else megahertz.get(ran_on)
        busy = not isinstance(thread.busy, Unread) and thread.busy > 0.5
        if limits.mhz is not None and busy and isinstance(mhz, float) and mhz < limits.mhz:
            found.append(("frequency", f"is busy on {where} at {mhz:.0f} MHz"))
        pins = wanted.get((guest.name, thread.number))
        if limits.drift and pins is not None and not isinstance(thread.pinned, Unread) and thread.pinned != pins:
            may, should = format_list(thread.pinned), format_list(pins)
            if self._stands((guest.name, thread.number), at):
                found.append(("drift", f"may run on {may}, its configuration says {should}"))
        return found

    def _stands(self, vcpu: tuple[str, int], at: float) -> bool:
        """Whether a vCPU has drifted in every check for some seconds."""
        since, last = self._drifts.get(vcpu, (at, 0))
        if last != self._checks - 1:
            since = at
        self._drifts[vcpu] = since, self._checks
        return at - since >= SETTLE
