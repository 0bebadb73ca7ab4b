"""CPUs with vCPUs have no limit below their top.

Expected
    scaling_max_freq of every CPU that a vCPU is pinned to is its cpuinfo_max_freq, and intel_pstate/max_perf_pct
    is 100.
Why
    A limit that some power profile left behind costs the guest its speed without a visible cause.
How it is read
    scaling_max_freq and cpuinfo_max_freq of every policy; /sys/devices/system/cpu/intel_pstate/max_perf_pct, which
    the other two do not show.
Fix
    cpupower frequency-set -u with the top frequency, or 100 to max_perf_pct; look for TLP (CPU_MAX_PERF_ON_AC,
    CPU_MAX_PERF_ON_BAT), tuned or a script that sets the limit.
Valid for
    Every kernel with cpufreq.
Sources
    Documentation/admin-guide/pm/cpufreq.rst; intel_pstate.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.passthrough import pinned_cpus
from vfiotui.rules.engine import Answers, fails, fix, guests, holds, known, not_applicable, rule, seen

PERCENT = "/sys/devices/system/cpu/intel_pstate/max_perf_pct"


@rule("CPU-FREQ-LIMIT", Severity.WARN, needs=("power", "virt"), fires="lazy", silent="clean", changes=(Part.POWER,))
def check(facts: Facts) -> Answers:
    power = known(facts.power)
    guests(facts)
    pinned = pinned_cpus(facts.virt)
    mine = known(power.policies_of(pinned)) if pinned else ()
    if not mine:
        yield not_applicable("host", "no CPU with a vCPU shows a frequency policy")
        return
    low = [(p, limit, top) for p in mine if (limit := known(p.limit_khz)) < (top := known(p.top_khz))]
    if low:
        cpus = format_list(c for p, _, _ in low for c in or_else(p.cpus, frozenset()) & pinned)
        policy, limit, top = low[0]
        yield fails(
            "host",
            f"CPUs {cpus} carry vCPUs and are held at {limit // 1000} of {top // 1000} MHz.",
            seen(f"/sys/devices/system/cpu/cpufreq/policy{policy.number}/scaling_max_freq", limit),
            seen(f"/sys/devices/system/cpu/cpufreq/policy{policy.number}/cpuinfo_max_freq", top),
            fix=fix(
                f"cpupower frequency-set -u {top}kHz, and look what set it", Risk.R1, ("power.full-frequency", cpus)
            ),
        )
    percent = known(power.max_percent)
    if percent is not None and percent < 100:
        yield fails(
            "host",
            f"All CPUs are held at {percent} % of their top frequency, those with vCPUs too.",
            seen(PERCENT, percent),
            fix=fix(
                f"echo 100 > {PERCENT}, and look what set it: TLP does by CPU_MAX_PERF_ON_AC",
                Risk.R1,
                ("power.full-frequency", format_list(pinned)),
            ),
        )
    elif not low:
        yield holds("host", f"none of {len(mine)} policies has a limit below its top")
