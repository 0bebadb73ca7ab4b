"""iommu=pt is given for what it does.

Expected
    The command line does not hold iommu=pt, or its reason is the host's own speed.
Why
    It gives the host's own devices direct access to memory. It has no effect on a group that a guest owns, and
    does not stop the kernel from touching other devices.
How it is read
    The kernel command line: the running one and the next one.
Fix
    Keep it for the host's speed, or drop it for the host's protection.
Valid for
    Every kernel.
Sources
    Documentation/admin-guide/kernel-parameters.txt: iommu=pt is iommu.passthrough=1.
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import LINES, Answers, rule
from vfiotui.rules.old_words import old_word


@rule(
    "CMDLINE-IOMMU-PT",
    Severity.INFO,
    needs=("boot",),
    fires="old-advice",
    silent="clean",
    reads=LINES,
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    yield from old_word(
        facts,
        lambda word: word.key == "iommu" and "pt" in word.options,
        "iommu=pt speeds up the host's own devices and takes their DMA protection; passthrough does not need it.",
        "keep or drop it; guests do not care",
    )
