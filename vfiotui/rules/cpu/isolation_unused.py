"""Isolated CPUs are the ones that guests are pinned to.

Expected
    Every CPU of isolcpus= or nohz_full= carries a pinned vCPU, and no guest without pins can land there.
Why
    The scheduler does not balance isolated CPUs: what is started there stays on the first one, and what no vCPU
    is pinned to lies idle.
How it is read
    /sys/devices/system/cpu/isolated and nohz_full against the vcpupins of all guests.
Fix
    Make the list equal to the pinned CPUs, or use a cpuset at the guest's start instead (user.slice
    AllowedCPUs).
Valid for
    Every kernel; before libvirt 10.4 QEMU without pins was put onto isolated CPUs.
Sources
    Documentation/admin-guide/kernel-parameters.txt isolcpus=; Documentation/admin-guide/cpu-isolation.rst.
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, all_guests, fails, fix, holds, known, not_applicable, rule, seen


@rule(
    "ISOLATION-UNUSED",
    Severity.WARN,
    needs=(
        "cpu",
        "virt",
    ),
    fires="isolated",
    silent="tower",
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    cpu = known(facts.cpu)
    isolated = known(cpu.isolated_cpus)
    if not isolated:
        yield not_applicable("host", "no CPU is isolated", seen("/sys/devices/system/cpu/isolated", "empty"))
        return
    domains = all_guests(facts)
    pinned = frozenset(c for d in domains for cpus in d.vcpu_cpus for c in cpus)
    evidence = (
        seen("/sys/devices/system/cpu/isolated", format_list(known(cpu.isolated))),
        *(seen(d.source, f"pins {format_list(d.pinned_cpus) or 'none'}") for d in domains),
    )
    if isolated - pinned:
        yield fails(
            "host",
            f"CPUs {format_list(isolated - pinned)} are isolated and no guest is pinned to them: they lie idle.",
            *evidence,
            fix=fix(
                "isolate only the pinned CPUs",
                Risk.R2,
                ("isolation.only", format_list(isolated & pinned) or "none"),
            ),
        )
    else:
        yield holds("host", f"all isolated CPUs ({format_list(isolated)}) are pinned", *evidence)
