"""Huge pages at every boot: by sysctl for the default size, by node through tmpfiles.d, else on the command line."""

from __future__ import annotations

from itertools import pairwise

from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.system import tmpfiles
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.change.change import Effect
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk
from vfiotui.model.memory.page_words import GIB, page_words, parse_size_word, size_word
from vfiotui.plan.boot.command_line import edit_command_line
from vfiotui.plan.boot.sysctl import at_boot
from vfiotui.plan.draft import FILE_NAME, Draft, Phase, PlanError, Planner
from vfiotui.plan.memory.ask import PageAsk, leave_room_at_boot, meminfo, memory_of, parse, pool_of, predictable

OWN = "/etc/tmpfiles.d/90-vfiotui.conf"
WRITES = (rf"/etc/tmpfiles\.d/{FILE_NAME}\.conf",)
X86 = ("x86", "")
"""What is not known otherwise is judged by the flags of its processor."""
SIZES_OF_X86 = (2048, GIB)
CMA_SINCE = (5, 7)
"""hugetlb_cma= (Documentation/admin-guide/kernel-parameters.txt)."""


def write_at_boot(draft: Draft, path: str, value: str, why: str) -> None:
    """systemd-tmpfiles writes the value into a sysfs file at every boot: in the line that does so, else in our own."""
    holders = [
        p
        for p in draft.snapshot.below("/etc/tmpfiles.d", ".conf")
        if any(e.path == path and e.type[0] == "w" for e in tmpfiles.entries(draft.text(p) or ""))
    ]
    file = holders[-1] if holders else OWN
    text = draft.text(file) or ""
    entry = tmpfiles.Entry("w", path, argument=value)
    draft.write(file, tmpfiles.put(text, entry), why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.BOOT)


def flagged(facts: Facts) -> None:
    """Pages of 1 GiB need an x86 processor that has them; those of other architectures show in the pools alone."""
    if not isinstance(facts.memory, Unread) and facts.memory.architecture not in X86:
        return
    flags = facts.cpu if isinstance(facts.cpu, Unread) else facts.cpu.flags
    if isinstance(flags, Unread):
        raise PlanError(f"whether this processor has pages of 1 GiB (pdpe1gb) cannot be read: {flags}")
    if "pdpe1gb" not in flags:
        raise PlanError("this processor has no pages of 1 GiB: its flags do not name pdpe1gb")


def _lines(facts: Facts) -> tuple[CommandLine, ...]:
    """The command lines of the sources, the next boot and this one, as far as they are known."""
    if isinstance(facts.boot, Unread):
        return ()
    return tuple(line for line in (facts.boot.configured, *reversed(facts.boot.lines)) if isinstance(line, CommandLine))


def _old_runs(facts: Facts, size_kib: int) -> tuple[str, ...]:
    """hugepagesz=… hugepages=… of this size as they stand; their order binds the count to the size."""
    found: dict[str, None] = {}
    for line in _lines(facts):
        given = list(line.words())
        for size, count in pairwise(given):
            if size.key == "hugepagesz" and count.key == "hugepages" and parse_size_word(size.value or "") == size_kib:
                found[f"{size.text} {count.text}"] = None
    return tuple(found)


def persist(draft: Draft, argument: str) -> None:
    """So many pages are set aside at every boot; 0 sets none aside."""
    ask, memory = parse(argument), memory_of(draft.facts)
    pool_of(memory, ask)
    if ask.count is None or ask.whole:
        raise PlanError("say how many pages every boot shall reserve, such as 2048=4096")
    others = sum(
        p.size_kib * or_else(p.total, 0)
        for p in or_else(memory.pools, ())
        if (p.node is None) == (ask.node is None) and (p.node, p.size_kib) != (ask.node, ask.size_kib)
    )
    leave_room_at_boot(memory, others + ask.count * ask.size_kib)
    why = f"set {ask.count} pages of {page_words(ask.size_kib)} aside{ask.where} at every boot"
    if ask.size_kib >= GIB:
        flagged(draft.facts)
    if not predictable(memory, ask.size_kib):
        # While the host runs the kernel may find none of these: at boot memory is whole.
        _on_command_line(draft, ask, why)
    elif ask.node is not None:
        write_at_boot(draft, ask.place, str(ask.count), why)
    elif ask.size_kib == meminfo(memory, "Hugepagesize"):
        at_boot(draft, "vm.nr_hugepages", str(ask.count), why)
    else:
        write_at_boot(draft, ask.place, str(ask.count), why)


def _on_command_line(draft: Draft, ask: PageAsk, why: str) -> None:
    assert ask.count is not None
    size, old = size_word(ask.size_kib), _old_runs(draft.facts, ask.size_kib)
    count = str(ask.count) if ask.node is None else f"{ask.node}:{ask.count}"
    new = f"hugepagesz={size} hugepages={count}"
    if ask.node is not None and any(":" in run for run in old):
        raise PlanError(f"the command line names pages by node already ({old[0]}): edit that word by hand")
    add = (new,) if ask.count else ()
    edit_command_line(draft, WordEdit(remove=tuple(run for run in old if run != new), add=add), why)


def _sizes(facts: Facts) -> tuple[int, ...]:
    """KiB of the huge pages that this kernel has, the largest last; PlanError where that cannot be seen."""
    if isinstance(facts.memory, Unread) or facts.memory.architecture in X86:
        # An x86 kernel has both, where its processor has those of 1 GiB.
        return SIZES_OF_X86
    if isinstance(facts.memory.pools, Unread):
        raise PlanError(f"which huge pages this kernel has cannot be seen: {facts.memory.pools}")
    return tuple(sorted({p.size_kib for p in facts.memory.pools}))


def default_size(draft: Draft, argument: str) -> None:
    """<hugepages/> without a size means this one, from the next boot on."""
    size, sizes = parse_size_word(argument), _sizes(draft.facts)
    if size is None or size not in sizes:
        raise PlanError(
            f"{argument!r} is none of {', '.join(map(size_word, sizes))}: this kernel has no such huge pages"
        )
    if size == GIB:
        flagged(draft.facts)
    word = size_word(size)
    edit_command_line(
        draft, WordEdit(replace=(f"default_hugepagesz={word}",)), f"make {word} the default size of huge pages"
    )


def cma(draft: Draft, argument: str) -> None:
    """An area for the largest huge pages of this kernel; until then the host uses it for what can be moved away.

    The kernel takes whole pages of that size only (mm/hugetlb.c, hugetlb_cma_reserve).
    """
    if not argument.isascii() or not argument.isdigit() or not 0 < int(argument) < 1 << 20:
        raise PlanError(f"{argument!r} is no number of GiB")
    flagged(draft.facts)
    size = _sizes(draft.facts)[-1:]
    if not size or int(argument) * GIB % size[0]:
        raise PlanError(f"{argument} GiB are no whole number of pages of {' '.join(map(page_words, size)) or '1 GiB'}")
    boot = draft.facts.boot
    kernel = boot if isinstance(boot, Unread) else boot.kernel
    if isinstance(kernel, Unread):
        raise PlanError(f"which kernel this host boots cannot be read: {kernel}")
    release = tuple(int(w) for w in kernel.release.split("-")[0].split(".")[:2] if w.isdigit())
    if release < CMA_SINCE:
        raise PlanError(f"Linux {kernel.release} has no hugetlb_cma=: it came with {CMA_SINCE[0]}.{CMA_SINCE[1]}")
    if or_else(kernel.config, {}).get("CONFIG_CMA", "y") != "y":
        raise PlanError("this kernel is built without CONFIG_CMA: hugetlb_cma= has no effect")
    leave_room_at_boot(memory_of(draft.facts), int(argument) * GIB)
    words = page_words(size[0])
    draft.note(f"with hugetlb_cma= the kernel sets no pages of {words} aside at boot: reserve them while it runs")
    edit_command_line(
        draft, WordEdit(replace=(f"hugetlb_cma={argument}G",)), f"keep {argument} GiB together for pages of {words}"
    )


PLANNERS = (
    Planner("memory.persist", "[nodeN:]KIB=COUNT", "reserve huge pages at every boot", "At every boot {}", persist),
    Planner(
        "memory.default-size", "SIZE", "set the size of huge pages where none is named", "Default size {}", default_size
    ),
    Planner(
        "memory.cma", "GIB", "keep memory together for pages of 1 GiB, usable until then", "Keep {} GiB together", cma
    ),
)
