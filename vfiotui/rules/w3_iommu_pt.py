"""iommu=pt is given for what it does.

What must hold
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

from collections.abc import Iterator

from vfiotui.model.cmdline import CommandLine
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, fails, fix, holds, known, rule, seen


@rule("W3-IOMMU-PT", "H17", Severity.INFO, needs=("boot",), fires="old-advice", silent="clean")
def check(facts: Facts) -> Iterator[Answer]:
    boot = known(facts.boot)
    lines = [line for line in (boot.cmdline, boot.intended) if isinstance(line, CommandLine)]
    known(boot.cmdline if not lines else lines[0])
    found = {
        word.text: line
        for line in reversed(lines)
        for word in line.words()
        if word.key == "iommu" and "pt" in (word.value or "").split(",")
    }
    for text, line in found.items():
        yield fails(
            "host",
            "iommu=pt speeds up the host's own devices and takes their DMA protection; passthrough does not need it.",
            seen(line.source, text),
            fix=fix("keep or drop it; guests do not care", Risk.R2, ("cmdline.remove", text)),
        )
    if not found:
        yield holds("host", "no such word on the command line", *(seen(line.source, line.text) for line in lines))
