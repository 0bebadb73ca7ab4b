"""The package may use the power for which it is made.

Expected
    The long-term limit of every package (RAPL, PL1) is not below its maximum.
Why
    A package at its power limit lowers the frequency of all cores: guests are slow under load, and only then.
How it is read
    constraint_0_power_limit_uw and constraint_0_max_power_uw of the package zones in /sys/class/powercap.
Fix
    Write the maximum into the limit; where it comes back look at thermald, throttled, TLP and the firmware setup.
Valid for
    Intel processors with a driver for RAPL; zones that report no maximum are not judged.
Sources
    Documentation/power/powercap/powercap.rst.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, not_applicable, rule, seen

FOLDER = "/sys/class/powercap"
LIMIT = "constraint_0_power_limit_uw"
TOP = "constraint_0_max_power_uw"


@rule("CPU-POWER-LIMIT", Severity.WARN, needs=("limits",), fires="hot-laptop", silent="cool-laptop")
def check(facts: Facts) -> Answers:
    zones = known(known(facts.limits).zones)
    judged = [(z, known(z.limit_uw), top) for z in zones if known(z.enabled) and (top := known(z.top_uw)) is not None]
    if not judged:
        what = "reports no limit with a maximum" if zones else "is empty or not there"
        yield not_applicable("host", "no package shows a power limit and its maximum", seen(FOLDER, what))
        return
    low = [(z, limit, top) for z, limit, top in judged if limit < top]
    for zone, limit, top in low:
        yield fails(
            "host",
            f"The package is limited to {limit / 1e6:g} W of {top / 1e6:g} W.",
            seen(f"{zone.folder}/{LIMIT}", limit),
            seen(f"{zone.folder}/{TOP}", top),
            fix=fix(
                f"echo {top} > {zone.folder}/{LIMIT}, and look what set it", Risk.R1, ("power.package-limit", "full")
            ),
        )
    if not low:
        zone, limit, _ = judged[0]
        yield holds("host", f"the package may use {limit / 1e6:g} W", seen(f"{zone.folder}/{LIMIT}", limit))
