"""CPUs with vCPUs do not sleep so deeply that waking takes long.

Expected
    The deepest idle state of pinned CPUs wakes in 200 microseconds or less, or is switched off on them.
Why
    An interrupt of a passed card waits until its CPU is awake: sound crackles and frames come late.
How it is read
    cpuidle/stateN/latency and disable; the states of the CPU with the most of them stand for all.
Fix
    While the guest runs hold /dev/cpu_dma_latency, or write 1 to the disable file of the deep states on the
    guest's CPUs. It costs power and, on some processors, boost.
Valid for
    Every kernel with cpuidle.
Sources
    Documentation/admin-guide/pm/cpuidle.rst; Documentation/power/pm_qos_interface.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.passthrough import pinned_cpus
from vfiotui.rules.engine import Answers, fails, fix, guests, holds, known, not_applicable, rule, seen

LONG_US = 200
DRIVER = "/sys/devices/system/cpu/cpuidle/current_driver"


@rule("CPU-CSTATE-DEEP", Severity.INFO, needs=("power", "virt"), fires="lazy", silent="clean", changes=(Part.POWER,))
def check(facts: Facts) -> Answers:
    power = known(facts.power)
    guests(facts)
    pinned = pinned_cpus(facts.virt)
    states = power.idle
    if not pinned:
        yield not_applicable("host", "no guest is pinned")
        return
    if not known(states):
        yield not_applicable("host", "this kernel has no driver for idle states", seen(DRIVER, "none"))
        return
    state = known(states)[-1]
    latency = known(state.latency_us)
    open_to = pinned - known(power.shallow) if latency > LONG_US else pinned
    evidence = seen(f"{state.folder}/state{state.index}/latency", f"{or_else(state.name, '?')} {latency} µs")
    if latency > LONG_US and open_to:
        yield fails(
            "host",
            f"CPUs {format_list(open_to)} carry vCPUs and may sleep in {or_else(state.name, '?')}: "
            f"waking takes {latency} µs.",
            evidence,
            fix=fix(
                "disable the state on these CPUs, or hold /dev/cpu_dma_latency while the guest runs",
                Risk.R1,
                ("power.idle", f"{format_list(open_to)}={LONG_US}"),
            ),
        )
    else:
        yield holds("host", "pinned CPUs wake quickly", evidence)
