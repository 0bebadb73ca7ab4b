"""Words of the kernel's command line that nothing takes as they were meant: one check for all of them."""

from __future__ import annotations

from vfiotui.formats.loaders.cmdline_faults import faults
from vfiotui.model.facts import Facts
from vfiotui.rules.engine import Answers, all_lines, fails, holds, known, seen
from vfiotui.rules.ids_in_force import with_vfio_first
from vfiotui.rules.old_words import NO_WORD, without

UNSAFE = "allow_unsafe_interrupts"
"""An option that no fix brings into force: see IOMMU-UNSAFE-INTERRUPTS."""


def dead_words(facts: Facts, kind: str, advice: str) -> Answers:
    """Fails for each such fault of the running or the next command line; the fix drops or replaces the words."""
    boot = known(facts.boot)
    found = {f.words: (f, line) for line in reversed(boot.lines) for f in faults(line) if f.kind == kind}
    for fault, line in found.values():
        right = tuple(w for w in fault.right if UNSAFE not in w)
        meant = f"{advice}: {' '.join(right)}" if right else advice
        if right != fault.right:
            meant = f"take it out; where the board cannot remap interrupts: {' '.join(fault.right)}"
        yield fails(
            "host",
            fault.sentence,
            seen(line.source, " ".join(fault.words)),
            fix=with_vfio_first(without(boot, fault.words, meant, right), " ".join(right)),
        )
    if not found:
        yield holds("host", NO_WORD, *(seen(line.source, line.text) for line in all_lines(facts)))
