"""The firmware's profile does not hold the processors back.

Expected
    The platform profile is none of low-power, cool and quiet.
Why
    The profile caps the power of the whole package: guests are slow, while governor and frequency limits look fine.
How it is read
    profile below /sys/class/platform-profile, else /sys/firmware/acpi/platform_profile.
Fix
    Choose performance or balanced: in the power menu of the desktop, with a key of the laptop, or in the file.
Valid for
    Kernel 5.12 and later, with a driver for the firmware's profiles.
Sources
    Documentation/ABI/testing/sysfs-platform_profile, sysfs-class-platform-profile.
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, not_applicable, rule, seen

SLOW = ("low-power", "cool", "quiet")
BETTER = ("performance", "balanced-performance", "balanced")
OLD = "/sys/firmware/acpi/platform_profile"


@rule("CPU-PLATFORM-PROFILE", Severity.WARN, needs=("limits",), fires="hot-laptop", silent="cool-laptop")
def check(facts: Facts) -> Answers:
    profiles = known(known(facts.limits).profiles)
    if not profiles:
        yield not_applicable("host", "this firmware has no platform profile", seen(OLD, "is not there"))
        return
    slow = [(p, chosen) for p in profiles if (chosen := known(p.chosen)) in SLOW]
    for profile, chosen in slow:
        better = next((word for word in BETTER if word in or_else(profile.choices, ())), "")
        goal = (("power.profile", better),) if better else ()
        yield fails(
            "host",
            f"The firmware's platform profile is {chosen}: it caps the power of all CPUs.",
            seen(profile.path, chosen),
            fix=fix(f"echo {better or 'another profile'} > {profile.path}", Risk.R1, *goal),
        )
    if not slow:
        yield holds(
            "host", f"the platform profile is {profiles[0].chosen}", *(seen(p.path, p.chosen) for p in profiles)
        )
