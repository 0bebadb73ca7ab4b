"""Words of the command line are spelt as the kernel knows them.

Expected
    vfio-pci.ids=, intel_iommu=on, iommu=pt and their kind are spelt so.
Why
    The kernel hands a word that it does not know to init, and logs nothing for most of them: the word has no effect.
How it is read
    The kernel command line: the running one and the next one.
Fix
    Put the right word in its place.
Valid for
    Every kernel.
Sources
    Documentation/admin-guide/kernel-parameters.rst; kernel/params.c.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.dead_words import dead_words
from vfiotui.rules.engine import LINES, Answers, rule


@rule("CMDLINE-MISSPELT", Severity.WARN, needs=("boot",), fires="cmdline-misspelt", silent="clean", reads=LINES)
def check(facts: Facts) -> Answers:
    yield from dead_words(facts, "misspelt", "write it so")
