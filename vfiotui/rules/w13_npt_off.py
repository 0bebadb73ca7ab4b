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

from vfiotui.model.facts import Facts
from vfiotui.model.finding import Severity
from vfiotui.rules.rule import Answer, old_word, rule


@rule("W13-NPT-OFF", "H17", Severity.WARN, needs=("boot",), fires="old-advice", silent="clean")
def check(facts: Facts) -> Iterator[Answer]:
    yield from old_word(
        facts,
        lambda word: word.key in ("kvm_amd.npt", "kvm_intel.ept") and word.value in ("0", "N", "n"),
        "Nested paging is switched off: guests are several times slower.",
        "drop the word",
    )
