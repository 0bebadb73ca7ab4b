"""Guests that start can have transparent huge pages made for them.

Expected
    The setting defrag of transparent huge pages is madvise, always or defer+madvise.
Why
    A guest with passed devices pins all its memory at its start: what is small then stays small. With defer or
    never the kernel takes what lies there.
How it is read
    /sys/kernel/mm/transparent_hugepage/defrag, where a guest has neither huge pages nor shared memory.
Fix
    echo madvise > /sys/kernel/mm/transparent_hugepage/defrag, or compact memory before the start.
Valid for
    Every kernel with transparent huge pages.
Sources
    Documentation/admin-guide/mm/transhuge.rst.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, fails, fix, holds, known, not_applicable, rule, seen


@rule("MEM-DEFRAG", Severity.INFO, needs=("memory", "virt"), fires="lazy", silent="clean")
def check(facts: Facts) -> Answers:
    defrag = known(facts.memory).thp.defrag
    plain = [d for d in known(known(facts.virt).domains) if not d.huge_pages and not d.shared_memory]
    path = "/sys/kernel/mm/transparent_hugepage/defrag"
    if not plain:
        yield not_applicable("host", "no guest has ordinary memory")
    elif known(defrag) in ("defer", "never"):
        yield fails(
            "host",
            f"defrag is {defrag}: a guest that starts takes small pages where no huge ones lie ready.",
            seen(path, defrag),
            fix=fix(f"echo madvise > {path}", Risk.R1, ("value.set", f"{path}=madvise")),
        )
    else:
        yield holds("host", f"defrag is {defrag}", seen(path, defrag))
