"""Control groups can keep the host off CPUs at run time.

What must hold
    The unified hierarchy of control groups (version 2) is mounted.
Why
    AllowedCPUs= of systemd, which keeps the host off the guest's CPUs while it runs, needs it.
How it is read
    /sys/fs/cgroup/cgroup.controllers.
Fix
    Take systemd.unified_cgroup_hierarchy=0 from the command line; without that word every current distribution
    has it.
Valid for
    systemd 244 and later.
Sources
    systemd.resource-control(5); Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, fails, fix, holds, known, rule, seen


@rule("CPUSET-LEGACY", "H15", Severity.INFO, needs=("boot",), fires="old-groups", silent="clean")
def check(facts: Facts) -> Iterator[Answer]:
    unified = known(known(facts.boot).cgroup_v2)
    path = "/sys/fs/cgroup/cgroup.controllers"
    if unified:
        yield holds("host", "control groups are unified", seen(path, "is there"))
    else:
        yield fails(
            "host",
            "Control groups are of the old kind: AllowedCPUs= cannot keep the host off CPUs at run time.",
            seen(path, "is not there"),
            fix=fix("boot without systemd.unified_cgroup_hierarchy=0", Risk.R2),
        )
