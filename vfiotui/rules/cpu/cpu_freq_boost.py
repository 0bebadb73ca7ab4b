"""The processor may boost.

Expected
    Boost is not switched off (intel_pstate/no_turbo is 0, cpufreq/boost is 1, and so is boost of every policy).
Why
    Without it a desktop processor loses a third of its speed.
How it is read
    /sys/devices/system/cpu/intel_pstate/no_turbo, else /sys/devices/system/cpu/cpufreq/boost; boost of each policy
    where it is there.
Fix
    Write the other value; look into the firmware setup and the power profile if it comes back.
Valid for
    Every kernel with cpufreq; the policies' own switches since 6.11.
Sources
    Documentation/admin-guide/pm/cpufreq.rst; intel_pstate.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, not_applicable, rule, seen

POLICY = "/sys/devices/system/cpu/cpufreq/policy{}/boost"


@rule("CPU-FREQ-BOOST", Severity.WARN, needs=("power",), fires="lazy", silent="clean", changes=(Part.POWER,))
def check(facts: Facts) -> Answers:
    power = known(facts.power)
    boost = known(power.boost)
    if boost is False:
        value = "0" if "no_turbo" in power.boost_path else "1"
        yield fails(
            "host",
            "Boost is switched off: the processor does not leave its base frequency.",
            seen(power.boost_path, "1" if value == "0" else "0"),
            fix=fix(f"echo {value} > {power.boost_path}", Risk.R1, ("power.boost", "on")),
        )
        return
    switched = [(p, on) for p in known(power.policies) if (on := known(p.boost)) is not None]
    if off := [p for p, on in switched if not on]:
        cpus = format_list(c for p in off for c in or_else(p.cpus, frozenset({p.number})))
        path = POLICY.format(off[0].number)
        yield fails(
            "host",
            f"Boost is switched off for CPUs {cpus}: they do not leave their base frequency.",
            seen(path, "0"),
            fix=fix(f"echo 1 > {path}, and the same for each of these CPUs", Risk.R1, ("power.boost", "on")),
        )
    elif boost:
        yield holds("host", "boost is on", seen(power.boost_path, "on"))
    elif switched:
        yield holds("host", "boost is on", seen(POLICY.format(switched[0][0].number), "1"))
    else:
        yield not_applicable("host", "no switch for boost is to be seen here", seen(power.boost_path, "is not there"))
