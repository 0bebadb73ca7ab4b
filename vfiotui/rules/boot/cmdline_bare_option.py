"""Options of modules bear the module's name on the command line.

Expected
    vfio_iommu_type1.allow_unsafe_interrupts=1 rather than allow_unsafe_interrupts=1, and so for all options of modules.
Why
    The kernel hands MODULE.OPTION to the module. An option alone has no effect.
How it is read
    The kernel command line: the running one and the next one.
Fix
    Put the module's name and a dot in front of it.
Valid for
    Every kernel.
Sources
    Documentation/admin-guide/kernel-parameters.rst.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.dead_words import dead_words
from vfiotui.rules.engine import LINES, Answers, rule


@rule("CMDLINE-BARE-OPTION", Severity.WARN, needs=("boot",), fires="cmdline-bare", silent="clean", reads=LINES)
def check(facts: Facts) -> Answers:
    yield from dead_words(facts, "bare", "write it so")
