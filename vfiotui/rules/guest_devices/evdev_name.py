"""Keyboard and mouse of a guest are named so that they stay the same.

Expected
    The device of an evdev input is a link below /dev/input/by-id or by-path.
Why
    eventN is given in the order of finding: after the next boot the guest may grab the power button.
How it is read
    <input type='evdev'>.
Fix
    Name it by its link below /dev/input/by-id.
Valid for
    libvirt 7.4 and later.
Sources
    libvirt formatdomain, input devices.
"""

from __future__ import annotations

import re

from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, fix, guest_rule, holds, seen

LOOSE = re.compile(r"/dev/input/event\d+")


@guest_rule("EVDEV-NAME", Severity.WARN, fires="guest-usb", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    loose = [path for path in domain.devices.evdev if LOOSE.fullmatch(path)]
    for path in loose:
        yield fails(
            domain.name,
            f"{path} can be another device after the next boot.",
            seen(domain.source, f"input evdev {path}"),
            # Only a running host has the links.
            fix=fix("name it by its link below /dev/input/by-id", Risk.R2, ("domain.input.by-id", path))
            if facts.mode in (Mode.LIVE, Mode.DEMO)
            else by_hand(ByHand.RUNNING_HOST, "name it by its link below /dev/input/by-id", Risk.R2),
        )
    if domain.devices.evdev and not loose:
        yield holds(domain.name, "its inputs are named lastingly", seen(domain.source, domain.devices.evdev[0]))
