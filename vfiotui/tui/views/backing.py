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
    return [line for guest in memory.guests for line in _guest(guest, width)]


def _guest(guest: GuestBacking, width: int) -> list[Row]:
    start = f"  {fit(guest.name, 18)} "
    coverage, short = guest.coverage, guest.short_kib
    if isinstance(coverage, Unread) or isinstance(short, Unread):
        reason = coverage.reason if isinstance(coverage, Unread) else "unknown"
        foretold = guest.foretold_ms
        cost = "" if isinstance(foretold, Unread) else f"; s counts, in about {max(foretold, 1):.0f} ms"
        lines = wrap(f"{reason}{cost}", max(width - len(start), 20))
        return [row(start if i == 0 else " " * len(start), (line, "unknown")) for i, line in enumerate(lines)]
    stays = "  not mendable until it restarts" if short and coverage < WELL else ""
    words = f"{gib(guest.memory_kib):>9}  huge {gib(guest.huge_kib)} ({coverage:.1%})  small {short} kB"
    rows = [row(start, (fit(f"{words}{stays}", max(width - len(start), 20)), "" if coverage >= WELL else "warn"))]
    nodes = ", ".join(
        f"node {node}: {kib // size} of {page_words(size)}" for (size, node), kib in sorted(guest.on_nodes.items())
    )
    return [*rows, row(" " * len(start), (fit(nodes, max(width - len(start), 20)), "dim"))] if nodes else rows
