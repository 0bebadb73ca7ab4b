"""Emulator and iothreads are not on isolated CPUs.

Expected
    Neither emulatorpin nor iothreadpin names a CPU of isolcpus.
Why
    Isolated CPUs are not balanced: all threads of such a pin sit on one of them, and wait for each other.
How it is read
    <emulatorpin>, <iothreadpin>, /sys/devices/system/cpu/isolated.
Fix
    Pin them to CPUs that the host keeps.
Valid for
    Kernels with isolcpus.
Sources
    libvirt kbase, kvm-realtime; Linux kernel-parameters, isolcpus.
"""

from __future__ import annotations

from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("PIN-HELPERS-ISOLATED", Severity.WARN, needs=("cpu",), fires="guest-isolated", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    helpers = (domain.emulator_cpus or frozenset()).union(*domain.iothread_cpus.values())
    if not helpers:
        return
    isolated = known(known(facts.cpu).isolated)
    bad = helpers & isolated
    evidence = (
        seen("/sys/devices/system/cpu/isolated", format_list(isolated) or "none"),
        seen(domain.source, f"emulator and iothreads on {format_list(helpers)}"),
    )
    if len(bad) > 1 or bad & domain.pinned_cpus:
        goal = "pin.emulator" if (domain.emulator_pin or frozenset()) & bad else "pin.iothreads"
        yield fails(
            domain.name,
            f"Emulator or iothreads are pinned to isolated CPU {format_list(bad)}: they all sit on one of them.",
            *evidence,
            fix=fix("pin them to CPUs that the host keeps", Risk.R2, (goal, domain.name)),
        )
    else:
        yield holds(domain.name, "emulator and iothreads are on CPUs of the host", *evidence)
