"""In which pages running guests lie, by the sources that cost nothing, and how the kernel fared with huge pages."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.guest_backing import GuestBacking
from vfiotui.model.memory import Memory
from vfiotui.model.reading import Unread, or_else
from vfiotui.tui.row import Row, row
from vfiotui.tui.text import fit, wrap
from vfiotui.tui.views.memory_words import gib, page_words

WELL = 0.99
"""Below this share of huge pages a guest is worth a colour."""
FARED = (
    ("huge faults", "thp_fault_alloc"),
    ("fell back to small pages", "thp_fault_fallback"),
    ("waits for compaction", "compact_stall"),
    ("compactions in vain", "compact_fail"),
)


def trend_rows(memory: Memory, history: Sequence[Memory], width: int) -> list[Row]:
    """Counters since boot; behind each what came since the screen looks."""
    stat = or_else(memory.vmstat, {})
    first = or_else(history[0].vmstat, {}) if history else {}
    words = []
    for name, key in FARED:
        if key in stat:
            new = stat[key] - first.get(key, stat[key])
            words.append(f"{stat[key]} {name}{f' (+{new})' if new > 0 else ''}")
    lines = wrap(f"since boot: {', '.join(words)}", max(width - 12, 20)) if words else []
    return [row(" " * 12, line) for line in lines]


def backing_rows(memory: Memory, width: int) -> list[Row]:
    """Running guests with their huge and small pages; none where nobody looked."""
    if isinstance(memory.guests, Unread):
        return []
    rows: list[Row] = []
    for guest in memory.guests:
        label = "in pages" if not rows else ""
        lines, style = _words(guest, max(width - 31, 20))
        for index, line in enumerate(lines):
            name = fit(guest.name, 18) if index == 0 else " " * 18
            rows.append(row((fit("" if index else label, 12), "head"), f"{name} ", (line, style)))
    return rows


def _words(guest: GuestBacking, width: int) -> tuple[list[str], str]:
    """A guest's pages in lines, and their style."""
    coverage, short = guest.coverage, guest.short_kib
    if isinstance(coverage, Unread) or isinstance(short, Unread):
        reason = coverage.reason if isinstance(coverage, Unread) else "unknown"
        foretold = guest.foretold_ms
        cost = "" if isinstance(foretold, Unread) else f"; s counts, in about {max(foretold, 1):.0f} ms"
        return wrap(f"{reason}{cost}", width), "unknown"
    lines = [f"{gib(guest.memory_kib):>9}  huge {gib(guest.huge_kib)} ({coverage:.1%})  small {short} kB"]
    if coverage < WELL:
        lines += wrap("small pages that VFIO has pinned stay small until the guest restarts", width)
    nodes = sorted(guest.on_nodes.items())
    words = ", ".join(f"node {node}: {kib // size} of {page_words(size)}" for (size, node), kib in nodes)
    return [*lines, *(wrap(words, width) if words else [])], "" if coverage >= WELL else "warn"
