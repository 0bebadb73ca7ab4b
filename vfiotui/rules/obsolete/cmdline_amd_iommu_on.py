"""amd_iommu=on is not given.

Expected
    The command line does not hold amd_iommu=on.
Why
    'on' is no option of the AMD driver: it is logged as unknown and does nothing. AMD-Vi starts by itself.
How it is read
    The kernel command line: the running one and the next one.
Fix
    Drop the word; it changes nothing.
Valid for
    Every kernel: the option never existed.
Sources
    drivers/iommu/amd/init.c, parse_amd_iommu_options.
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import LINES, Answers, rule
from vfiotui.rules.old_words import old_word


@rule(
    "CMDLINE-AMD-IOMMU-ON",
    Severity.WARN,
    needs=("boot",),
    fires="tower",
    silent="clean",
    reads=LINES,
    changes=(Part.BOOT,),
)
def check(facts: Facts) -> Answers:
    yield from old_word(
        facts,
        lambda word: word.key == "amd_iommu" and "on" in word.options,
        "amd_iommu=on has no effect: the AMD driver knows no such option.",
        "drop the word; it changes nothing",
    )
