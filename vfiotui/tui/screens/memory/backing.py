"""Whether each guest got its huge pages, and how the kernel fared with them."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.guest.domain import Domain
from vfiotui.model.memory.guest_backing import GuestBacking
from vfiotui.model.memory.guest_memory import page_size, pool_of
from vfiotui.model.memory.host_memory import Memory
from vfiotui.model.memory.page_words import page_words
from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.memory.words import gib
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import fit, shown, wrap

FARED = (
    ("huge faults", "thp_fault_alloc"),
    ("fell back to small pages", "thp_fault_fallback"),
    ("waits for compaction", "compact_stall"),
    ("failed", "compact_fail"),
)


def trend_rows(memory: Memory, history: Sequence[Memory], width: int) -> list[Row]:
    """Counters since boot; behind each what came since the screen looks."""
    stat = or_else(memory.vmstat, {})
    first = or_else(history[0].vmstat, {}) if history else {}
    words, moved = [], False
    for name, key in FARED:
        if key in stat:
            new = stat[key] - first.get(key, stat[key])
            moved = moved or new > 0
            words.append(f"{stat[key]:,} {name}{f' (+{new:,})' if new > 0 else ''}")
    since = "since boot (and since you look)" if moved else "since boot"
    lines = wrap(f"{since}: {', '.join(words)}", max(width - 12, 20)) if words else []
    return [row(" " * 12, line) for line in lines]


NAME = 16


def guest_rows(memory: Memory, domains: Reading[tuple[Domain, ...]] | None, glyphs: Glyphs, width: int) -> list[Row]:
    """The answer first: who runs without its huge pages; then every guest, running ones on top."""
    running = or_else(memory.guests, ())
    known = {d.name: d for d in or_else(domains, ())} if domains is not None else {}
    rows = [_answer(running, glyphs)]
    shared = _shared_reason(running)
    rows += [row(" " * 12, (line, "dim")) for line in wrap(shared, max(width - 12, 20)) if shared]
    for guest in running:
        word, lines = _running(guest, known.get(guest.name), memory, max(width - NAME - 16, 20), shared)
        rows += _lines(guest.name, gib(guest.memory_kib), word, lines, glyphs)
    for domain in known.values():
        if not domain.running:
            word, text = _goal(domain, memory)
            rows += _lines(domain.name, gib(domain.memory_kib), word, wrap(text, max(width - NAME - 16, 20)), glyphs)
    if domains is None or isinstance(domains, Unread):
        reason = "libvirt is being asked" if domains is None else str(domains)
        rows += [row("  ", (line, "unknown")) for line in wrap(f"other guests: {reason}", width - 2)[:1]]
    elif not known and not running:
        rows.append(row(("  none is defined", "dim")))
    return rows


def _answer(guests: Sequence[GuestBacking], glyphs: Glyphs) -> Row:
    """One sentence for everybody."""
    bad = sum(guest.well is False for guest in guests)
    unknown = sum(isinstance(guest.well, Unread) for guest in guests)
    label = (fit("guests", 12), "head")
    if not guests:
        return row(label, ("none runs", "dim"))
    several = len(guests) > 1
    if bad:
        whose = (
            f"{bad} of {len(guests)} running guests {'lie' if bad > 1 else 'lies'}"
            if several
            else "the running guest lies"
        )
        return row(label, (f"{glyphs.warn} {whose} in small pages", "warn"))
    if unknown:
        which = f"the {unknown}" if unknown == len(guests) else f"{unknown} of the {len(guests)}"
        whose = f"{which} running guests" if several else "the running guest"
        return row(label, (f"{glyphs.unknown} the huge pages of {whose} are unknown: s counts", "unknown"))
    who = f"all {len(guests)} running guests have their" if several else "the running guest has its"
    return row(label, (f"{glyphs.holds} {who} huge pages", "holds"))


def _lines(name: str, size: str, word: str, lines: list[str], glyphs: Glyphs) -> list[Row]:
    style = word if word != "info" else "dim"
    first = row("  ", (glyphs.mark(word), style), f" {fit(name, NAME)} {size:>9}  ", (lines[0], style))
    return [first, *(row(" " * (NAME + 15), (line, style)) for line in lines[1:])]


def _shared_reason(guests: Sequence[GuestBacking]) -> str:
    """Why nothing is known of several guests, where it is the same for all of those; else ""."""
    reasons = [g.coverage.reason for g in guests if isinstance(g.coverage, Unread)]
    return reasons[0] if len(reasons) > 1 and len(set(reasons)) == 1 else ""


def _running(
    guest: GuestBacking, domain: Domain | None, memory: Memory, width: int, said: str
) -> tuple[str, list[str]]:
    """A running guest's word and what is to be said of it; the reason that was `said` of all is not said again."""
    coverage, small, untouched = guest.coverage, guest.small_kib, guest.untouched_kib
    if isinstance(coverage, Unread) or isinstance(small, Unread) or isinstance(untouched, Unread):
        reason = coverage.reason if isinstance(coverage, Unread) else "unknown"
        if reason == said:
            reason = "unknown"
        predicted = guest.foretold_ms
        cost = (
            ""
            if isinstance(predicted, Unread) or guest.walk_ms is not None
            else f", in about {max(predicted, 1):.0f} ms"
        )
        return "unknown", wrap(f"{reason}{'' if not cost else f'; s counts{cost}'}", width)
    words = [f"{coverage:.1%} in huge pages", f"{small:,} kB in small ones"]
    if untouched > 1024:
        words.append(f"{gib(untouched)} never touched")
    words += _places(guest, domain, memory)
    if guest.walk_ms is not None:
        words.append(f"counted in {guest.walk_ms:.0f} ms")
    lines = wrap(", ".join(words), width)
    if guest.well:
        return "holds", lines
    return "warn", [*lines, *wrap(_why(guest, domain, memory), width)]


def _why(guest: GuestBacking, domain: Domain | None, memory: Memory) -> str:
    """What can be done about small pages."""
    thp, table = memory.thp, memory.thp.table_kib
    size = f"of {page_words(table)}" if isinstance(table, int) else "that fill a page table"
    # The kernel counts pages of that size as huge, and joins small ones to no other.
    if domain is not None and domain.shared_memory:
        if thp.shared_word(or_else(table, 0)) in ("never", "deny"):
            return f"its memory is shared, and shmem_enabled is {shown(thp.shmem_enabled)}: it gets no huge pages"
    elif thp.word(or_else(table, 0)) == "never":
        smaller = [page_words(s) for s in or_else(thp.allowed(), {})]
        if smaller:
            return (
                f"transparent huge pages {size} are off (never): those of {' and '.join(smaller)} count as small ones"
            )
        return "transparent huge pages are off (never): it gets none"
    if guest.pinned or (domain is not None and domain.pci_hostdevs):
        return "its memory is held where it lies: only a restart after c (compact) fixes it"
    return "khugepaged may still join them while it runs; c makes room for it"


def _places(guest: GuestBacking, domain: Domain | None, memory: Memory) -> list[str]:
    """How many pages of which pool, and on which nodes where that is known."""
    nodes = sorted(guest.on_nodes.items())
    if nodes:
        return [f"node {node}: {kib // size:,} of {page_words(size)}" for (size, node), kib in nodes]
    sizes = {or_else(page_size(memory, p), 0) for p in domain.huge_pages} if domain is not None else set()
    if len(sizes) == 1 and isinstance(guest.hugetlb_kib, int) and guest.hugetlb_kib and (size := sizes.pop()):
        return [f"{guest.hugetlb_kib // size:,} pages of {page_words(size)} from the pool"]
    return []


def _goal(domain: Domain, memory: Memory) -> tuple[str, str]:
    """What a guest that does not run would need, and whether it is there."""
    if not domain.huge_pages:
        trap = "; shared memory follows shmem_enabled" if domain.shared_memory else ""
        return "info", f"off; asks for no pool: THP, or small pages{trap}"
    if len(domain.huge_pages) > 1:
        return "info", f"off; asks for pages of {len(domain.huge_pages)} sizes or cells"
    size = or_else(page_size(memory, domain.huge_pages[0]), 0)
    pool = pool_of(memory, size)
    if not size or pool is None:
        return "fail", f"off; asks for pages of {page_words(size)}: this host has no such pool"
    need = -(-domain.memory_kib // size)
    spare = max(or_else(pool.overcommit, 0) - or_else(pool.surplus, 0), 0)
    free = max(or_else(pool.free, 0) - or_else(pool.reserved, 0), 0) + spare
    if free >= need:
        return "info", f"off; needs {need:,} pages of {page_words(size)}: they are free"
    return (
        "warn",
        f"off; needs {need:,} pages of {page_words(size)} and {free:,} are free: + sets aside, h at its start",
    )
