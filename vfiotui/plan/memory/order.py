"""A count of huge pages on the command line stands behind its size, which the kernel binds it to."""

from __future__ import annotations

from itertools import pairwise

from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.model.memory.page_words import parse_size_word
from vfiotui.plan.boot.command_line import edit_command_line, next_line
from vfiotui.plan.draft import Draft, PlanError, Planner
from vfiotui.plan.memory.ask import leave_room_at_boot, memory_of


def draw(draft: Draft, argument: str) -> None:
    """`hugepages=N hugepagesz=S` becomes `hugepagesz=S hugepages=N`, where the host has room for so many such pages.

    The kernel counts pages of the size named last before a count, else of the default size (mm/hugetlb.c).
    """
    if argument != "cmdline":
        raise PlanError(f"{argument!r} is no place of huge pages that is put in order: only 'cmdline' is")
    words = [w for w in next_line(draft).words() if w.key in ("hugepages", "hugepagesz", "default_hugepagesz")]
    remove, add, sized = [], [], False
    for first, second in pairwise(words):
        sized = sized or first.key != "hugepages"
        if first.key == "hugepages" and second.key == "hugepagesz" and not sized:
            size = parse_size_word(second.value or "")
            if size is None or not (first.value or "").isdecimal():
                raise PlanError(f"{first.text} {second.text} is not understood: put it in order by hand")
            leave_room_at_boot(memory_of(draft.facts), int(first.value or "0") * size)
            remove += [first.text, second.text]
            add.append(f"{second.text} {first.text}")
        sized = False if first.key == "hugepages" else sized
    if not remove:
        raise PlanError("the next command line has no count before its size; another line has")
    edit_command_line(draft, WordEdit(remove=tuple(remove), add=tuple(add)), "count pages of the size that is meant")


PLANNERS = (
    Planner("memory.order", "cmdline", "put counts of huge pages behind their sizes", "Sizes before counts: {}", draw),
)
