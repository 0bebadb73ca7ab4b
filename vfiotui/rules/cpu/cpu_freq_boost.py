"""The processor may boost.

Expected
    Boost is not switched off (intel_pstate/no_turbo is 0, cpufreq/boost is 1).
Why
    Without it a desktop processor loses a third of its speed.
How it is read
    /sys/devices/system/cpu/intel_pstate/no_turbo, else /sys/devices/system/cpu/cpufreq/boost.
Fix
    Write the other value; look into the firmware setup and the power profile if it comes back.
Valid for
    Every kernel with cpufreq; boost of amd-pstate since 6.11.
Sources
    Documentation/admin-guide/pm/cpufreq.rst; intel_pstate.rst.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, not_applicable, rule, seen


@rule("CPU-FREQ-BOOST", Severity.WARN, needs=("power",), fires="lazy", silent="clean")
def check(facts: Facts) -> Answers:
    power = known(facts.power)
    boost = known(power.boost)
    if boost is None:
        yield not_applicable("host", "no switch for boost is to be seen here", seen(power.boost_path, "is not there"))
    elif boost:
        yield holds("host", "boost is on", seen(power.boost_path, "on"))
    else:
        value = "0" if "no_turbo" in power.boost_path else "1"
        yield fails(
            "host",
            "Boost is switched off: the processor does not leave its base frequency.",
            seen(power.boost_path, "1" if value == "0" else "0"),
            fix=fix(f"echo {value} > {power.boost_path}", Risk.R1),
        )
