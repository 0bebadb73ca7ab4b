"""Which CPUs the kernel isolates at boot: fewer than its words say now."""

from __future__ import annotations

from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.cpu.cpuset import format_list, parse_list
from vfiotui.plan.boot.command_line import edit_command_line, next_line
from vfiotui.plan.draft import Draft, PlanError, Planner

KEYS = ("isolcpus", "nohz_full", "rcu_nocbs")
"""Words that take CPUs out of the host's use (Documentation/admin-guide/kernel-parameters.txt)."""


def only(draft: Draft, argument: str) -> None:
    """The words name no CPU but these; one that would name none goes. `none` isolates no CPU."""
    wanted = frozenset[int]() if argument == "none" else parse_list(argument)
    if isinstance(wanted, Unread):
        raise PlanError(f"{argument!r} is no list of CPUs, such as 2-3,6-7, nor none")
    line = next_line(draft)
    replace, remove, found = [], [], False
    for key in KEYS:
        for word in (w for w in line.words() if w.key == key and w.value):
            found = True
            flags, cpus = _split(word.value or "", word.text)
            kept = cpus & wanted
            if not kept:
                remove.append(word.text)
            elif kept != cpus:
                replace.append(f"{key}={','.join((*flags, format_list(kept)))}")
    if not found:
        raise PlanError(f"no word of the next command line isolates CPUs ({', '.join(KEYS)}): something else does")
    if replace or remove:
        why = f"isolate CPUs {format_list(wanted)} only" if wanted else "isolate no CPU"
        edit_command_line(draft, WordEdit(remove=tuple(remove), replace=tuple(replace)), why)


def _split(value: str, text: str) -> tuple[tuple[str, ...], frozenset[int]]:
    """Flags such as managed_irq, and the CPUs."""
    parts = value.split(",")
    flags = tuple(part for part in parts if part[:1].isalpha() and part not in ("all", "N"))
    cpus = parse_list(",".join(part for part in parts if part not in flags))
    if isinstance(cpus, Unread):
        raise PlanError(f"{text} names CPUs in a way that is not edited here: correct it by hand")
    return flags, cpus


def words_isolate(line: CommandLine) -> bool:
    """Whether a command line isolates CPUs by one of these words."""
    return any(word.key in KEYS and word.value for word in line.words())


PLANNERS = (Planner("isolation.only", "CPUS", "isolate no CPU but these at boot", "Isolate CPUs {} only", only),)
