"""The host keeps a keyboard.

What must hold
    Not every keyboard hangs on controllers that are meant for guests.
Why
    With the last keyboard gone nobody can type at the host: no password for the disk, no way out of a stuck
    guest.
How it is read
    /proc/bus/input/devices against the devices that are meant for guests; PS/2 and Bluetooth keyboards count.
Fix
    Plug one keyboard into another controller, or share it with evdev input instead of giving the controller away.
Valid for
    Every kernel.
Sources
    Documentation/input/input.rst; libvirt formatdomain, input type evdev.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.model.given import meant
from vfiotui.model.host_use import last_keyboards
from vfiotui.rules.rule import Answer, fails, fix, holds, known, not_applicable, rule, seen


@rule("GIVEN-KEYBOARD", "H5", Severity.WARN, needs=("pci", "host_use"), fires="gives-all-away", silent="clean")
def check(facts: Facts) -> Iterator[Answer]:
    bus, use = known(facts.pci), known(facts.host_use)
    given = meant(bus, facts.boot, facts.virt)
    if not given:
        yield not_applicable("host", "no device is meant for a guest")
        return
    boards = known(use.keyboards)
    lost = last_keyboards(facts.host_use, frozenset(given))
    if lost:
        yield fails(
            lost[0].bdf,
            f"Every keyboard hangs on controllers that are meant for guests: {', '.join(k.name for k in lost)}.",
            *(e for k in lost for e in given[k.bdf][:1]),
            *(seen("/proc/bus/input/devices", f"{k.name} below {k.bdf}") for k in lost),
            fix=fix("plug one keyboard into a controller that the host keeps", Risk.R0),
        )
    elif not boards:
        yield not_applicable("host", "no keyboard is plugged in", seen("/proc/bus/input/devices", "none"))
    else:
        yield holds("host", f"the host keeps {boards[0].name}")
