"""Huge pages for guests, set aside and given back while the host runs."""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.change.change import Effect, nudge, set_pages
from vfiotui.model.finding.finding import Risk
from vfiotui.model.memory.host_memory import HugePool
from vfiotui.model.memory.page_words import page_words
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.memory.ask import PageAsk, leave_room, memory_of, number, parse, pool_of, predictable

COMPACT = "/proc/sys/vm/compact_memory"


def _unused(pool: HugePool) -> int:
    """Free pages that no guest was promised; of a node all free ones, where nobody tells whose promise it is."""
    free = number(pool.free, "the free pages of the pool")
    return max(free - or_else(pool.reserved, 0), 0)


def _alone(draft: Draft, ask: PageAsk) -> None:
    """The host's pool counts the pages of its nodes: a plan changes the one or the others."""
    for step in draft.steps("pages"):
        same = step.subject.rsplit("/", 2)[1] == ask.place.rsplit("/", 2)[1]
        if same and (step.subject == ask.place or ask.node is None or "/node/" not in step.subject):
            raise PlanError(
                f"two goals change the pools of {page_words(ask.size_kib)}: name each node once, or the host once"
            )


def _taken_kib(draft: Draft) -> int:
    """What earlier goals of the same plan take from the host."""
    found = 0
    for step in draft.steps("pages"):
        size = int(step.subject.rsplit("hugepages-", 1)[1].partition("kB")[0])
        found += max(int(step.after or b"0") - int(step.before or b"0"), 0) * size
    return found


def reserve(draft: Draft, argument: str) -> None:
    """The pool grows until so many of its pages are free; memory is compacted first where too few blocks are whole."""
    ask, memory = parse(argument), memory_of(draft.facts)
    pool = pool_of(memory, ask)
    if ask.count is None:
        raise PlanError("say how many pages to reserve: all of the memory cannot be reserved")
    total, more = number(pool.total, ask.place), ask.count - _unused(pool)
    if more <= 0:
        return
    _alone(draft, ask)
    needed = leave_room(memory, _taken_kib(draft) + more * ask.size_kib)
    draft.require("available", "memory", str(needed), "stop what holds memory, or reserve less")
    size = page_words(ask.size_kib)
    blocks = memory.free_blocks(ask.size_kib, ask.node)
    if not predictable(memory, ask.size_kib):
        draft.note(f"whether pages of {size} are available is unknown until the kernel tries; at boot they are sure")
        compact(draft, "")
    elif isinstance(blocks, Unread) or blocks < more:
        compact(draft, "")
    draft.add(
        set_pages(ask.place, total, total + more, f"set {more} more pages of {size} aside{ask.where}", whole=ask.whole),
        Phase.RUNTIME,
    )


def release(draft: Draft, argument: str) -> None:
    """Free pages go back to the host; pages in use are never touched."""
    ask, memory = parse(argument), memory_of(draft.facts)
    pool = pool_of(memory, ask)
    total, unused = number(pool.total, ask.place), _unused(pool)
    fewer = unused if ask.count is None else ask.count
    if fewer > unused:
        raise PlanError(
            f"only {unused} of {total} pages of {page_words(ask.size_kib)}{ask.where} are free: guests have the rest"
        )
    if fewer == 0:
        return
    _alone(draft, ask)
    draft.add(
        set_pages(
            ask.place,
            total,
            total - fewer,
            f"give {fewer} pages of {page_words(ask.size_kib)}{ask.where} back to the host",
        ),
        Phase.RUNTIME,
    )


def compact(draft: Draft, argument: str) -> None:
    """Free memory is moved together into larger blocks; the host may stutter meanwhile."""
    draft.add(nudge(COMPACT, "1", "move free memory together into larger blocks"), Phase.RUNTIME)


def drop_caches(draft: Draft, argument: str) -> None:
    """Written files and names leave memory, after everything unwritten was written."""
    draft.run(
        ("sync",), "write out what is not on the disks yet", Phase.RUNTIME, products=(), risk=Risk.R1, effect=Effect.NOW
    )
    draft.add(
        nudge("/proc/sys/vm/drop_caches", "3", "drop the caches of files and names: they are refresh"), Phase.RUNTIME
    )


PLANNERS = (
    Planner(
        "memory.reserve", "[nodeN:]KIB=COUNT", "reserve so many free huge pages for guests now", "Reserve {}", reserve
    ),
    Planner(
        "memory.release", "[nodeN:]KIB=COUNT", "give free huge pages back to the host (all)", "Release {}", release
    ),
    Planner("memory.compact", "now", "compact memory into larger free blocks", "Compact memory", compact),
    Planner("memory.drop-caches", "now", "drop the page cache", "Drop the caches", drop_caches),
)
