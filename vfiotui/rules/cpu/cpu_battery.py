"""The host does not run on its battery.

Expected
    A host with a battery is fed by its power supply.
Why
    Firmware, governor and graphics cards slow down on battery: the same guest is slower without a change of its own.
How it is read
    type, status and online of every entry in /sys/class/power_supply; batteries of mice and headsets do not count.
Fix
    Connect the power supply, and compare.
Valid for
    Every kernel.
Sources
    Documentation/ABI/testing/sysfs-class-power.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, holds, known, not_applicable, rule, seen

FOLDER = "/sys/class/power_supply"


@rule("CPU-BATTERY", Severity.WARN, needs=("limits",), fires="hot-laptop", silent="cool-laptop")
def check(facts: Facts) -> Answers:
    supplies = known(known(facts.limits).supplies)
    batteries = [s for s in supplies if known(s.kind) == "Battery"]
    if not batteries:
        yield not_applicable("host", "this host has no battery", seen(FOLDER, "holds none" if supplies else "is empty"))
        return
    empties = [s for s in batteries if known(s.status) == "Discharging"]
    fed = [s for s in supplies if known(s.kind) not in ("Battery", "UPS") and known(s.online)]
    if empties and not fed:
        yield fails(
            "host",
            "The host runs on its battery: firmware and drivers slow it down.",
            seen(f"{empties[0].folder}/status", "Discharging"),
            *(seen(f"{s.folder}/online", "0") for s in supplies if s.online is False),
            fix=by_hand(ByHand.HARDWARE, "connect the power supply"),
        )
    else:
        by = seen(f"{fed[0].folder}/online", "1") if fed else seen(f"{batteries[0].folder}/status", batteries[0].status)
        yield holds("host", "the host does not run on its battery", by)
