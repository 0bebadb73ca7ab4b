"""Guests are pinned to CPUs that run.

Expected
    Every CPU of a pin is online.
Why
    A guest that is pinned to an offline CPU does not start (EINVAL), or its vCPU runs elsewhere.
How it is read
    vcpupin, emulatorpin, iothreadpin and <vcpu cpuset=> of every guest against /sys/devices/system/cpu/online.
Fix
    Pin to a CPU that runs, or bring it online.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, cputune; sched_setaffinity(2).
"""

from __future__ import annotations

from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("PIN-OFFLINE", Severity.FAIL, needs=("cpu",), fires="bad-pins", silent="tower")
def check(facts: Facts, domain: Domain) -> Answers:
    pins = (domain.pinned_cpus, domain.vcpu_cpuset or frozenset(), *(c for _, c in domain.iothread_pins))
    wanted = (domain.emulator_pin or frozenset()).union(*pins)
    if not wanted:
        return
    online = known(known(facts.cpu).online)
    evidence = (
        seen(domain.source, f"pins {format_list(wanted)}"),
        seen("/sys/devices/system/cpu/online", format_list(online)),
    )
    if wanted - online:
        yield fails(
            domain.name,
            f"Pinned to CPUs that do not run: {format_list(wanted - online)}.",
            *evidence,
            fix=fix("choose CPUs that run", Risk.R2, ("pin.clear", domain.name)),
        )
    else:
        yield holds(domain.name, f"pinned to {format_list(wanted)}, all online", *evidence)
