"""CPUs with vCPUs have a governor that keeps them fast.

Expected
    Every CPU that a vCPU is pinned to has the governor performance, or, with a driver in active mode, a
    preference for performance.
Why
    A vCPU sleeps and wakes a thousand times a second: a CPU whose governor saves power never comes up to speed
    between.
How it is read
    scaling_driver, scaling_governor and energy_performance_preference of every policy. In active mode
    (intel_pstate, amd-pstate-epp) the governor powersave is ordinary and the preference decides; intel_pstate on
    processors without hardware-managed P-states has none, and follows the load.
Fix
    cpupower frequency-set -g performance while the guest runs, or the performance profile of tuned or
    power-profiles-daemon.
Valid for
    Every kernel with cpufreq; preferences on intel_pstate and amd-pstate in active mode.
Sources
    Documentation/admin-guide/pm/intel_pstate.rst, amd-pstate.rst, cpufreq.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why, or_else
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.power import FrequencyPolicy
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.passthrough import pinned_cpus
from vfiotui.rules.engine import Answers, Missing, fails, fix, guests, holds, known, not_applicable, rule, seen

FAST = ("performance", "balance_performance")
SLOW_GOVERNORS = ("powersave", "conservative", "userspace")


def slow(policy: FrequencyPolicy) -> str:
    """What makes a policy slow; empty where nothing does."""
    governor = known(policy.governor)
    if governor == "performance":
        return ""
    known(policy.driver)
    preference = known(policy.preference)
    if policy.driver == "intel_pstate" and preference is None:
        # Without hardware-managed P-states this driver follows the load by itself, and has no preference.
        return ""
    if policy.by_preference and preference is None:
        path = f"/sys/devices/system/cpu/cpufreq/policy{policy.number}/energy_performance_preference"
        raise Missing(Unread("is not there, though this driver has one", Why.ABSENT, path))
    if policy.by_preference:
        # Some firmware takes numbers: 0 is all performance, 255 all saving (intel_pstate.rst).
        number = int(preference) if preference and preference.isdigit() else None
        fast = preference in FAST or preference == "default" or (number is not None and number <= 128)
        return "" if fast else f"preference {preference}"
    return f"governor {governor}" if governor in SLOW_GOVERNORS else ""


@rule("CPU-FREQ-GOVERNOR", Severity.WARN, needs=("power", "virt"), fires="lazy", silent="clean", changes=(Part.POWER,))
def check(facts: Facts) -> Answers:
    power = known(facts.power)
    guests(facts)
    pinned = pinned_cpus(facts.virt)
    if not pinned:
        yield not_applicable("host", "no guest is pinned")
        return
    mine = known(power.policies_of(pinned))
    if not mine:
        yield not_applicable(
            "host", "no CPU shows a frequency policy", seen("/sys/devices/system/cpu/cpufreq", "empty")
        )
        return
    bad: dict[str, set[int]] = {}
    for policy in mine:
        why = slow(policy)
        if why:
            bad.setdefault(why, set()).update(or_else(policy.cpus, frozenset()) & pinned)
    for why, cpus in bad.items():
        yield fails(
            "host",
            f"CPUs {format_list(cpus)} carry vCPUs and have a governor that saves power: {why}.",
            *(
                seen(
                    f"/sys/devices/system/cpu/cpufreq/policy{p.number}", f"{p.driver} {p.governor} {p.preference or ''}"
                )
                for p in mine[:3]
            ),
            fix=fix(
                "cpupower frequency-set -g performance while the guest runs",
                Risk.R1,
                ("power.performance", format_list(cpus)),
            ),
        )
    if not bad:
        first = f"/sys/devices/system/cpu/cpufreq/policy{mine[0].number}"
        yield holds(
            "host", "CPUs with vCPUs may be fast", seen(first, f"{mine[0].governor} {mine[0].preference or ''}")
        )
