"""No cooling device slows the processors down now.

Expected
    Idle injection (intel_powerclamp) and cooling by lower frequencies are at state 0.
Why
    They let CPUs idle, or lower their frequency, whatever runs on them: vCPUs stop for milliseconds.
How it is read
    type, cur_state and max_state of /sys/class/thermal/cooling_deviceN; fans do not count.
Fix
    Find out what is hot: cooler, fans, case. thermald uses these devices where its configuration names them.
Valid for
    Every kernel with thermal zones.
Sources
    Documentation/driver-api/thermal/sysfs-api.rst; admin-guide/thermal/intel_powerclamp.rst.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, holds, known, not_applicable, rule, seen

FOLDER = "/sys/class/thermal"


@rule("CPU-COOLING", Severity.WARN, needs=("limits",), fires="hot-laptop", silent="cool-laptop")
def check(facts: Facts) -> Answers:
    devices = known(known(facts.limits).cooling)
    if not devices:
        yield not_applicable(
            "host", "no cooling device here slows processors down", seen(FOLDER, "is not there, or holds none")
        )
        return
    active = [(d, kind, state) for d in devices if (kind := known(d.type)) and (state := known(d.state)) > 0]
    if active:
        device, kind, state = active[0]
        does = "injects idle time" if kind == "intel_powerclamp" else "lowers the frequency"
        yield fails(
            "host",
            f"The cooling device {kind} {does}: it is at {state} of {known(device.top)}.",
            *(seen(f"{d.folder}/cur_state", s) for d, _, s in active[:3]),
            fix=by_hand(ByHand.HARDWARE, "find out what is hot, and whether thermald is set to cool so"),
        )
    else:
        yield holds(
            "host", "no cooling device slows processors down", seen(f"{devices[0].folder}/cur_state", devices[0].state)
        )
