"""<clock>: a guest's time and what keeps it."""

from __future__ import annotations

from vfiotui.formats.domain_xml.declared import Part, Switch, Word
from vfiotui.model.guest.domain_cpu import Clock as GuestClock
from vfiotui.model.guest.domain_cpu import Timer as GuestTimer


class Clock(Part):
    """What the guest's clock shows at its start."""

    path = "clock"
    offset = Word("offset", "utc, localtime, timezone, variable or absolute")


class Timer(Part):
    """A source of time."""

    path = "clock/timer"
    name = Word("name", "hpet, hypervclock, kvmclock, tsc, pit or rtc")
    present = Switch("present", "whether the guest has it", "yes", "no")
    mode = Word("mode", "of tsc: native, emulate, paravirt, auto or smpsafe")


def clock_of(domain: Part) -> GuestClock:
    """Offset and timers."""
    clock = Clock.of(domain)
    return GuestClock(clock.offset, tuple(GuestTimer(t.name, t.present, t.mode) for t in Timer.each(clock)))
