"""Transparent huge pages are not switched off for all.

What must hold
    The command line does not hold transparent_hugepage=never.
Why
    It takes huge pages from everything else on the host; a guest on hugetlb pages does not need it.
How it is read
    The kernel command line: the running one and the next one.
Fix
    Drop the word, or use madvise.
Valid for
    Every kernel.
Sources
    Documentation/admin-guide/mm/transhuge.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.cmdline import CommandLine
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, fails, fix, holds, known, rule, seen


@rule("W11-THP-NEVER", "H17", Severity.WARN, needs=("boot",), fires="old-advice", silent="clean")
def check(facts: Facts) -> Iterator[Answer]:
    boot = known(facts.boot)
    lines = [line for line in (boot.cmdline, boot.intended) if isinstance(line, CommandLine)]
    known(boot.cmdline if not lines else lines[0])
    found = {
        word.text: line
        for line in reversed(lines)
        for word in line.words()
        if word.key == "transparent_hugepage" and word.value == "never"
    }
    for text, line in found.items():
        yield fails(
            "host",
            "transparent_hugepage=never takes huge pages from every program; reserved pages do not need it.",
            seen(line.source, text),
            fix=fix("drop the word or use madvise", Risk.R2, ("cmdline.remove", text)),
        )
    if not found:
        yield holds("host", "no such word on the command line", *(seen(line.source, line.text) for line in lines))
