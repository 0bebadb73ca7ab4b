"""Pinned CPUs are among those that guests may use.

Expected
    Every pinned CPU is in cpuset.cpus.effective of machine.slice.
Why
    libvirt starts guests below that slice: a pin outside of it is refused with 'Invalid argument'.
How it is read
    /sys/fs/cgroup/machine.slice/cpuset.cpus.effective against the vcpupins.
Fix
    systemctl set-property --runtime machine.slice AllowedCPUs= with all CPUs; keep the host off by user.slice,
    system.slice and init.scope instead.
Valid for
    Unified control groups.
Sources
    systemd.resource-control(5); Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, guests, holds, known, not_applicable, rule, seen


@rule("PIN-SLICE", Severity.FAIL, needs=("isolation", "virt"), fires="narrow-slice", silent="clean", only_running=True)
def check(facts: Facts) -> Answers:
    allowed = known(known(facts.isolation).machine_cpus)
    domains = guests(facts)
    path = "/sys/fs/cgroup/machine.slice/cpuset.cpus.effective"
    if not allowed:
        yield not_applicable(
            "host", "machine.slice sets no limit", seen("/sys/fs/cgroup", "no cpuset of machine.slice")
        )
        return
    pinned = [d for d in domains if d.vcpu_pins]
    online = frozenset[int]() if isinstance(facts.cpu, Unread) else frozenset(c.cpu for c in facts.cpu.online_cpus)
    for domain in pinned:
        # The slice has no CPU that is offline, whatever limits it: see PIN-OFFLINE.
        outside = (domain.pinned_cpus & online if online else domain.pinned_cpus) - allowed
        evidence = (seen(path, format_list(allowed)), seen(domain.source, f"pins {format_list(domain.pinned_cpus)}"))
        if outside:
            yield fails(
                domain.name,
                f"CPUs {format_list(outside)} are pinned and machine.slice has not got them: the guest does not start.",
                *evidence,
                fix=fix(
                    "give machine.slice all CPUs: systemctl set-property --runtime machine.slice AllowedCPUs=",
                    Risk.R1,
                    ("slice.cpus", "all"),
                ),
            )
        else:
            yield holds(domain.name, "machine.slice allows all of its CPUs", *evidence)
    if not pinned:
        yield not_applicable("host", "no guest is pinned")
