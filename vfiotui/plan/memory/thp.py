"""Transparent huge pages: whom the kernel gives them, now and at every boot."""

from __future__ import annotations

from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import set_value
from vfiotui.model.finding.finding import Risk
from vfiotui.model.memory.page_words import page_words
from vfiotui.plan.boot.command_line import edit_command_line
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.memory.boot import write_at_boot

THP = "/sys/kernel/mm/transparent_hugepage"
TABLES_KIB = (1024, 2048, 16384, 32768, 524288)
"""What a page table maps: s390, small pages of 4 KiB, POWER without radix tables, 16 KiB, 64 KiB."""
OVERRULING = ("deny", "force")
"""Words of shmem_enabled that hold whatever a size says."""


def _file(draft: Draft, name: str, word: str, what: str) -> None:
    path = f"{THP}/{name}"
    before = draft.snapshot.content(path)
    if isinstance(before, Unread):
        raise PlanError(f"{path} cannot be read: {before.reason}")
    text = before.decode("utf-8", "replace")
    known = [w.strip("[]") for w in text.split()]
    if word not in known:
        raise PlanError(f"{word!r} is no choice of {path}: it takes {', '.join(known)}")
    if f"[{word}]" not in text:
        draft.add(set_value(path, before, word.encode(), f"{what}: {word}, now", risk=Risk.R1), Phase.RUNTIME)
    write_at_boot(draft, path, word, f"{what}: {word}, at every boot")


def _with_table(draft: Draft, name: str, word: str, what: str) -> None:
    """The word for all sizes; the size that fills a page table follows it, where it has another word of its own."""
    _file(draft, name, word, what)
    memory = draft.facts.memory
    table = memory if isinstance(memory, Unread) else memory.thp.table_kib
    if isinstance(table, Unread) or word in OVERRULING:
        return
    own = draft.snapshot.content(f"{THP}/hugepages-{table}kB/{name}")
    if not isinstance(own, Unread) and b"[inherit]" not in own:
        _file(draft, f"hugepages-{table}kB/{name}", "inherit", f"{what} of {page_words(table)} follow the word for all")


def _read(name: str) -> tuple[str, ...]:
    """The files about which a plan asks."""
    return (f"{THP}/{name}", *(f"{THP}/hugepages-{kib}kB/{name}" for kib in TABLES_KIB))


def _enabled(draft: Draft, argument: str) -> None:
    _with_table(draft, "enabled", argument, "transparent huge pages")


def _shared(draft: Draft, argument: str) -> None:
    _with_table(draft, "shmem_enabled", argument, "transparent huge pages of shared memory")


def _word(draft: Draft, argument: str) -> None:
    """By the kernel's own word: in force before anything starts, where tmpfiles.d comes later."""
    if argument not in ("always", "madvise", "never"):
        raise PlanError(f"{argument!r} is none of always, madvise, never")
    edit_command_line(
        draft, WordEdit(replace=(f"transparent_hugepage={argument}",)), f"transparent huge pages: {argument}, at boot"
    )


PLANNERS = (
    Planner("thp.enabled", "WORD", "set transparent huge pages now and at every boot",
            "Transparent huge pages: {}", _enabled, lambda argument: _read("enabled")),
    Planner("thp.cmdline", "WORD", "set transparent huge pages on the kernel command line", "THP at boot: {}", _word),
    Planner("memory.shmem-thp", "WORD", "set transparent huge pages of shared memory now and at every boot",
            "THP of shared memory: {}", _shared, lambda argument: _read("shmem_enabled")),
)  # fmt: skip
