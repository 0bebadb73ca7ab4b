"""amd_iommu=on is not given.

What must hold
    The command line does not hold amd_iommu=on.
Why
    'on' is no option of the AMD driver: it is logged as unknown and does nothing. AMD-Vi starts by itself.
How it is read
    The kernel command line: the running one and the next one.
Fix
    Drop the word; the IOMMU stays on.
Valid for
    Every kernel: the option never existed.
Sources
    drivers/iommu/amd/init.c, parse_amd_iommu_options.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.cmdline import CommandLine
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, fails, fix, holds, known, rule, seen


@rule("W1-AMD-IOMMU-ON", "H17", Severity.WARN, needs=("boot",), fires="tower", silent="clean")
def check(facts: Facts) -> Iterator[Answer]:
    boot = known(facts.boot)
    lines = [line for line in (boot.cmdline, boot.intended) if isinstance(line, CommandLine)]
    known(boot.cmdline if not lines else lines[0])
    found = {
        word.text: line
        for line in reversed(lines)
        for word in line.words()
        if word.key == "amd_iommu" and "on" in (word.value or "").split(",")
    }
    for text, line in found.items():
        yield fails(
            "host",
            "amd_iommu=on has no effect: the AMD driver knows no such option.",
            seen(line.source, text),
            fix=fix("drop the word; the IOMMU stays on", Risk.R2, ("cmdline.remove", text)),
        )
    if not found:
        yield holds("host", "no such word on the command line", *(seen(line.source, line.text) for line in lines))
