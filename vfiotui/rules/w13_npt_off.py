"""Nested paging is on.

What must hold
    Neither the command line nor a module option switches npt or ept off.
Why
    The NPT slowness was mended in kernel 4.14; without nested paging a guest is several times slower.
How it is read
    The kernel command line: the running one and the next one.
Fix
    Drop the word.
Valid for
    Kernel 4.14 and later.
Sources
    Documentation/admin-guide/kernel-parameters.txt: kvm-amd.npt.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.cmdline import CommandLine
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, fails, fix, holds, known, rule, seen


@rule("W13-NPT-OFF", "H17", Severity.WARN, needs=("boot",), fires="old-advice", silent="clean")
def check(facts: Facts) -> Iterator[Answer]:
    boot = known(facts.boot)
    lines = [line for line in (boot.cmdline, boot.intended) if isinstance(line, CommandLine)]
    known(boot.cmdline if not lines else lines[0])
    found = {
        word.text: line
        for line in reversed(lines)
        for word in line.words()
        if word.key in ("kvm_amd.npt", "kvm_intel.ept") and word.value in ("0", "N", "n")
    }
    for text, line in found.items():
        yield fails(
            "host",
            "Nested paging is switched off: guests are several times slower.",
            seen(line.source, text),
            fix=fix("drop the word", Risk.R2, ("cmdline.remove", text)),
        )
    if not found:
        yield holds("host", "no such word on the command line", *(seen(line.source, line.text) for line in lines))
