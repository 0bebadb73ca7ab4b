"""Pins and disks name iothreads that exist.

Expected
    Each iothreadpin and each iothread= of a disk or controller is one of the guest's iothreads.
Why
    libvirt refuses the guest: it cannot find the iothread.
How it is read
    <iothreads>, <iothreadids>, <iothreadpin>, <driver iothread=>.
Fix
    Raise the number of iothreads, or drop the pin.
Valid for
    QEMU guests.
Sources
    libvirt formatdomain, iothreads allocation.
"""

from __future__ import annotations

from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("GUEST-IOTHREAD-ID", Severity.FAIL, fires="guest-pins", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    named = {i for i, _ in domain.iothread_pins} | domain.devices.used_iothreads
    if not named:
        return
    there = set(domain.iothread_ids)
    evidence = seen(
        domain.source, f"iothreads {format_list(there) or 'none'}, pins and devices name {format_list(named)}"
    )
    lost = named - there
    if not lost:
        yield holds(domain.name, f"iothread {format_list(named)} exist", evidence)
        return
    used = lost & domain.devices.used_iothreads
    goals = [("domain.iothread.add", str(i)) for i in sorted(used)]
    goals += [("domain.iothreadpin.drop", str(i)) for i in sorted(lost - used)]
    yield fails(
        domain.name,
        f"It has no iothread {format_list(lost)}, which its pins or disks name: it does not start.",
        evidence,
        fix=fix("add the iothreads, or drop what names them", Risk.R2, *goals),
    )
