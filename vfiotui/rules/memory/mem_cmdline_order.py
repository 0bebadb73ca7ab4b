"""hugepages= on the command line counts pages of the size that is meant.

Expected
    Every hugepages= for another size than the default stands behind its hugepagesz=.
Why
    The kernel reads from left to right: a count before its size is one of pages of the default size, sixteen of 2
    MiB where sixteen of 1 GiB were meant.
How it is read
    The kernel command line, the running one and the next one.
Fix
    default_hugepagesz=1G hugepagesz=1G hugepages=16, in this order.
Valid for
    Every kernel.
Sources
    Documentation/admin-guide/mm/hugetlbpage.rst.
"""

from __future__ import annotations

from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, all_lines, fails, fix, holds, known, rule, seen


def misplaced(line: CommandLine) -> str:
    """A size that comes after its count; empty where the order is right."""
    counted = sized = False
    default = line.has("default_hugepagesz")
    for word in line.words():
        if word.key == "hugepages":
            counted, sized = not sized and not default, False
        elif word.key == "hugepagesz":
            if counted:
                return word.text
            sized = True
    return ""


@rule("MEM-CMDLINE-ORDER", Severity.WARN, needs=("boot",), fires="greedy", silent="tower", changes=(Part.BOOT,))
def check(facts: Facts) -> Answers:
    bad = [(line, word) for line in known(facts.boot).lines if (word := misplaced(line))]
    for line, word in bad:
        yield fails(
            "host",
            f"hugepages= stands before {word} and counts pages of the default size.",
            seen(line.source, line.text),
            fix=fix("write hugepagesz= first, then hugepages=", Risk.R2, ("memory.order", "cmdline")),
        )
    if not bad:
        yield holds("host", "counts follow their sizes", *(seen(line.source, line.text) for line in all_lines(facts)))
