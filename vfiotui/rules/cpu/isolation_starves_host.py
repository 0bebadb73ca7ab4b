"""The host keeps CPU 0 and a whole core.

Expected
    The isolated CPUs leave CPU 0 and all threads of at least one core to the host.
Why
    Interrupts, kernel threads, QEMU's emulator and the desktop need a place; CPU 0 cannot be freed from all of
    its work.
How it is read
    isolcpus= and nohz_full= as the kernel understood them, with the cores of the topology.
Fix
    Shorten the list.
Valid for
    Every kernel.
Sources
    Documentation/admin-guide/kernel-parameters.txt: nohz_full= forces the boot CPU out.
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.topology import Topology
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, not_applicable, rule, seen


def _first_core(cpu: Topology) -> frozenset[int]:
    """The threads of the first core that is online."""
    first = min(cpu.online_cpus, key=lambda c: c.cpu)
    return or_else(first.siblings, frozenset({first.cpu}))


@rule("ISOLATION-STARVES-HOST", Severity.WARN, needs=("cpu",), fires="starved", silent="clean", changes=(Part.BOOT,))
def check(facts: Facts) -> Answers:
    cpu = known(facts.cpu)
    isolated = known(cpu.isolated_cpus)
    if not isolated:
        yield not_applicable("host", "no CPU is isolated")
        return
    rest = frozenset(c.cpu for c in cpu.online_cpus) - isolated
    whole = [c for c in cpu.online_cpus if or_else(c.siblings, frozenset({c.cpu})) <= rest]
    evidence = seen("/sys/devices/system/cpu/isolated", format_list(isolated))
    if min((c.cpu for c in cpu.online_cpus), default=0) in isolated or not whole:
        yield fails(
            "host",
            f"The host keeps only CPU {format_list(rest) or 'none'}: not CPU 0, or no whole core.",
            evidence,
            fix=fix(
                "leave CPU 0 and its whole core to the host",
                Risk.R3,
                ("isolation.only", format_list(isolated - _first_core(cpu)) or "none"),
            ),
        )
    else:
        yield holds("host", f"the host keeps CPU {format_list(rest)}", evidence)
