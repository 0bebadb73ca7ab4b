"""What a running guest uses of the host, by its process: no question is put to the guest or to QEMU."""

from __future__ import annotations

from collections.abc import Mapping

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass
from vfiotui.model.guest.domain import Domain
from vfiotui.model.live.sample import GuestMoment, LiveMoment
from vfiotui.model.memory.guest_backing import GuestBacking

NO_PROCESS = Unread("no process of it is seen here", Why.NOT_HERE)
MINUTE, HOUR, DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Running:
    """One guest at one moment."""

    pid: int | None = None
    cpu: Reading[float] = NO_PROCESS
    """CPUs that its vCPUs, its emulator and its iothreads keep busy: 1.5 is one and a half."""
    memory_kib: Reading[int] = NO_PROCESS
    """What it has of the host's memory, huge pages of a pool among it."""
    age: Reading[int] = NO_PROCESS
    """Seconds since it was started."""


def _busy(guest: GuestMoment) -> Reading[float]:
    """The sum over its threads; Unread where one of them cannot be counted."""
    rates = [t.busy for t in guest.threads]
    first = next((r for r in rates if isinstance(r, Unread)), guest.missing)
    return sum(r for r in rates if not isinstance(r, Unread)) if first is None else first


def _memory(backing: GuestBacking) -> Reading[int]:
    """Resident memory and what the kernel counts apart from it."""
    if isinstance(backing.resident_kib, Unread) or isinstance(backing.hugetlb_kib, Unread):
        return backing.resident_kib if isinstance(backing.resident_kib, Unread) else backing.hugetlb_kib
    return backing.resident_kib + backing.hugetlb_kib


def running_guests(
    live: Reading[LiveMoment] | None, backings: Reading[tuple[GuestBacking, ...]] | None
) -> Mapping[str, Running]:
    """What each running guest uses, by its name; None is what was not read yet."""
    moments = _by_pid(live)
    known = () if backings is None or isinstance(backings, Unread) else backings
    found: dict[str, Running] = {}
    for backing in known:
        moment = moments.pop(backing.pid, None)
        cpu = NO_PROCESS if moment is None else _busy(moment)
        # Two daemons may both run a guest of that name: the first process keeps it.
        found.setdefault(backing.name, Running(backing.pid, cpu, _memory(backing), backing.age))
    for moment in moments.values():
        found.setdefault(moment.name, Running(moment.pid, _busy(moment)))
    return found


def _by_pid(live: Reading[LiveMoment] | None) -> dict[int, GuestMoment]:
    if live is None or isinstance(live, Unread) or isinstance(live.guests, Unread):
        return {}
    return {guest.pid: guest for guest in live.guests}


def of_domain(domain: Domain, found: Mapping[str, Running]) -> Running | None:
    """What a guest uses; None for one that does not run."""
    return found.get(domain.name, Running()) if domain.running else None


def age_words(seconds: int) -> str:
    """A duration by its two largest units.

    >>> [age_words(s) for s in (9, 61, 3600, 90061, 864000)]
    ['9 s', '1 min', '1 h 0 min', '1 d 1 h', '10 d 0 h']
    """
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < DAY:
        return f"{seconds // HOUR} h {seconds % HOUR // MINUTE} min"
    return f"{seconds // DAY} d {seconds % DAY // HOUR} h"


def percent(cpu: float) -> str:
    """Busy CPUs as top writes them.

    >>> percent(1.5), percent(0.004)
    ('150 %', '0 %')
    """
    return f"{cpu * 100:.0f} %"


def reached_at(domain: Domain) -> tuple[str, ...]:
    """The addresses of the screens of a running guest; none for one that does not run."""
    return tuple(d.address for d in domain.devices.displays if d.address) if domain.running else ()
