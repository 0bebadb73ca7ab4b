"""cgroup v2 can keep the host off CPUs at run time.

Expected
    The unified hierarchy of control groups (version 2) is mounted.
Why
    AllowedCPUs= of systemd, which keeps the host off the guest's CPUs while it runs, needs it.
How it is read
    /sys/fs/cgroup/cgroup.controllers.
Fix
    Take systemd.unified_cgroup_hierarchy=0 from the command line where it is there; older systemd needs =1.
Valid for
    systemd 244 and later.
Sources
    systemd.resource-control(5); Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Fix, Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, rule, seen

WORD = "systemd.unified_cgroup_hierarchy"


@rule("CPU-CGROUP-V1", Severity.INFO, needs=("boot",), fires="old-groups", silent="clean", only_running=True)
def check(facts: Facts) -> Answers:
    unified = known(known(facts.boot).cgroup_v2)
    path = "/sys/fs/cgroup/cgroup.controllers"
    if unified:
        yield holds("host", "control groups are unified", seen(path, "is there"))
    else:
        yield fails(
            "host",
            "This host uses cgroup v1: AllowedCPUs= cannot keep the host off CPUs at run time.",
            seen(path, "is not there"),
            fix=_fix(facts),
        )


def _fix(facts: Facts) -> Fix:
    """Takes away the word that asks for the old kind where one is there, else asks for the new kind."""
    boot = known(facts.boot)
    old = next(
        (w for line in reversed(boot.lines) for w in line.words() if w.key == WORD and w.value in ("0", "no", "false")),
        None,
    )
    if old is not None:
        return fix(f"boot without {old.text}", Risk.R2, ("cmdline.remove", old.text))
    return fix(f"boot with {WORD}=1", Risk.R2, ("cmdline.set", f"{WORD}=1"))
