"""Heat has not slowed the processors down since boot.

Expected
    The throttle counters of all cores and packages are 0.
Why
    A processor at its highest temperature drops to some hundred MHz for milliseconds: games stutter and sound breaks.
How it is read
    core_throttle_count and package_throttle_count in /sys/devices/system/cpu/cpuN/thermal_throttle.
Fix
    Clean the cooler, look at fans and paste, and at other programs that heat the package while the guest runs.
Valid for
    Intel processors; others show no such counters.
Sources
    Documentation/admin-guide/thermal/intel_thermal_throttle.rst.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import Answers, ByHand, by_hand, counted, fails, holds, known, not_applicable, rule, seen

FEW = 100
"""So many events may be those of one warm afternoon."""


@rule("CPU-THROTTLED", Severity.WARN, needs=("limits",), fires="hot-laptop", silent="cool-laptop")
def check(facts: Facts) -> Answers:
    counters = known(known(facts.limits).throttled)
    if not counters:
        path = "/sys/devices/system/cpu/cpu0/thermal_throttle"
        yield not_applicable("host", "this processor counts no throttling", seen(path, "is not there"))
        return
    count, path = max((known(c.count), c.path) for c in counters)
    if count:
        yield fails(
            "host",
            f"Heat slowed the processor down {counted(count, 'time')} since boot.",
            seen(path, count),
            fix=by_hand(
                ByHand.HARDWARE, "look at cooler and fans, and at what else heats the package while the guest runs"
            ),
            severity=Severity.WARN if count >= FEW else Severity.INFO,
        )
    else:
        yield holds("host", "heat has not slowed the processor down since boot", seen(path, 0))
