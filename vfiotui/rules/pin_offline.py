"""Guests are pinned to CPUs that run.

What must hold
    Every CPU of a pin is online.
Why
    A guest that is pinned to an offline CPU does not start (EINVAL), or its vCPU runs elsewhere.
How it is read
    vcpupin, emulatorpin and iothreadpin of every guest against /sys/devices/system/cpu/online.
Fix
    Pin to a CPU that runs, or bring it online.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, cputune; sched_setaffinity(2).
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, fails, fix, holds, known, not_applicable, rule, seen


@rule(
    "PIN-OFFLINE",
    "H15",
    Severity.FAIL,
    needs=(
        "virt",
        "cpu",
    ),
    fires="bad-pins",
    silent="tower",
)
def check(facts: Facts) -> Iterator[Answer]:
    domains = known(known(facts.virt).domains)
    online = known(known(facts.cpu).online)
    pinned = [d for d in domains if d.vcpu_pins or d.emulator_pin or d.iothread_pins]
    if not pinned:
        yield not_applicable("host", "no guest is pinned")
    for domain in pinned:
        wanted = domain.pinned_cpus | (domain.emulator_pin or frozenset())
        for _, cpus in domain.iothread_pins:
            wanted |= cpus
        off = wanted - online
        evidence = seen("/sys/devices/system/cpu/online", format_list(online))
        if off:
            yield fails(
                domain.name,
                f"Pinned to CPUs that do not run: {format_list(off)}.",
                seen(domain.source, f"pins {format_list(wanted)}"),
                evidence,
                fix=fix("choose CPUs that run", Risk.R2, ("pin.clear", domain.name)),
            )
        else:
            yield holds(domain.name, f"pinned to {format_list(wanted)}, all online", evidence)
