"""Transparent huge pages are not switched off for all.

Expected
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

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import Answers, rule
from vfiotui.rules.old_words import old_word


@rule("MEM-THP-NEVER", Severity.WARN, needs=("boot",), fires="old-advice", silent="clean", changes=(Part.BOOT,))
def check(facts: Facts) -> Answers:
    yield from old_word(
        facts,
        lambda word: word.key == "transparent_hugepage" and word.value == "never",
        "transparent_hugepage=never takes huge pages from every program; reserved pages do not need it.",
        "drop the word or use madvise",
    )
