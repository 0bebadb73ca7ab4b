"""One program at most decides about frequencies.

Expected
    Not more than one of power-profiles-daemon, tuned, TLP, auto-cpufreq and thermald's kin runs.
Why
    Each overwrites what the other, or you, has set: governors jump back some seconds after a guest has started.
How it is read
    Units that run or are wanted at boot.
Fix
    Keep one of them and switch the others off.
Valid for
    Systems with systemd or OpenRC.
Sources
    Documentation/admin-guide/pm/cpufreq.rst; the programs' own manuals, which exclude each other.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, rule, seen

PROGRAMS = ("power-profiles-daemon", "tuned", "tlp", "auto-cpufreq", "cpupower", "cpufrequtils", "laptop-mode")


@rule("CPU-FREQ-DAEMONS", Severity.INFO, needs=("services",), fires="lazy", silent="clean")
def check(facts: Facts) -> Answers:
    services = known(facts.services)
    wanted = services.wanted(*PROGRAMS)
    evidence = seen("/etc/systemd/system/*.wants", ", ".join(wanted) or "none of them")
    if len(wanted) > 1:
        yield fails(
            "host",
            f"{' and '.join(wanted)} all decide about frequencies: each overwrites the others.",
            evidence,
            fix=fix(f"keep one of them: systemctl disable --now {wanted[-1]}", Risk.R2),
        )
    else:
        known(services.every)
        yield holds("host", f"{wanted[0]} decides alone" if wanted else "no program decides", evidence)
