"""Memory as rows: pools, what could be had right now, transparent huge pages, guests."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.guest.domain import Virt
from vfiotui.model.memory.host_memory import BuddyZone, HugePool, Memory
from vfiotui.tui.row import BLANK, Row, Run, row
from vfiotui.tui.screens.live.graph import bar, graph_line, level
from vfiotui.tui.screens.memory.backing import guest_rows, trend_rows
from vfiotui.tui.screens.memory.words import gib, page_words
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean, fit, shown, wrap

NARROWEST_TREND = 6
"""Cells below which a graph shows nothing."""


def heading(text: str) -> Row:
    """A heading of the screen."""
    return row((text, "head"))


def memory_rows(
    memory: Reading[Memory] | None,
    history: Sequence[Memory],
    virt: Virt | None,
    glyphs: Glyphs,
    width: int,
    movable: Reading[dict[int, int]] | None = None,
) -> list[Row]:
    """The whole screen; `movable` is what compaction could make whole, once somebody asked."""
    if memory is None:
        return [row(("reading memory …", "accent"))]
    if isinstance(memory, Unread):
        return [row((line, "unknown")) for line in wrap(f"memory cannot be seen: {memory}", width)]
    domains = None if virt is None else virt.domains
    rows = [*guest_rows(memory, domains, glyphs, width), BLANK, *_totals(memory, glyphs, width)]
    rows += [*_pools(memory, width), BLANK, *_now(memory, history, glyphs, width, movable)]
    rows += [*_fragments(memory, history, glyphs, width), BLANK]
    return [*rows, *_thp(memory, width), *trend_rows(memory, history, width)]


def _totals(memory: Memory, glyphs: Glyphs, width: int) -> list[Row]:
    info = memory.meminfo
    if isinstance(info, Unread):
        return [row(("memory ", "head"), (f"unknown: {clean(str(info))}", "unknown"))]
    total, available = info.get("MemTotal", 0), info.get("MemAvailable", 0)
    share = 1 - available / total if total else 0.0
    return [
        row(
            (fit("memory", 12), "head"),
            f"{gib(total)} total · {gib(available)} available · {share:.0%} used ",
            (bar(share, max(min(width - 60, 30), 0), glyphs), "graph"),
        )
    ]


def _pools(memory: Memory, width: int) -> list[Row]:
    if isinstance(memory.pools, Unread):
        return [heading("pools"), row((clean(str(memory.pools)), "unknown"))]
    rows = [
        heading(f"{'pools':12}{'page':>8} {'total':>8} {'free':>8} {'reserved':>9} {'surplus':>8} {'overcommit':>11}")
    ]
    rows += [_pool(p) for p in memory.pools if p.node is None or or_else(p.total, 1)]
    holders = [f"{g.name} {gib(g.hugetlb_kib)}" for g in or_else(memory.guests, ()) if or_else(g.hugetlb_kib, 0)]
    rows += [row(" " * 12, (line, "dim")) for line in wrap(f"held by {', '.join(holders)}", width - 12) if holders]
    if all(p.total == 0 for p in memory.pools if p.node is None):
        rows.append(row(("no huge page is reserved: guests with <hugepages/> cannot start", "dim")))
    return rows


def _pool(pool: HugePool) -> Row:
    def cell(value: Reading[int], width: int) -> str:
        return (
            ""
            if isinstance(value, Unread) and pool.node is not None
            else "?"
            if isinstance(value, Unread)
            else f"{value:,}"
        ).rjust(width)

    where = "host" if pool.node is None else f"  node {pool.node}"
    return row(
        fit(where, 12),
        f"{page_words(pool.size_kib):>8} {cell(pool.total, 8)} {cell(pool.free, 8)} {cell(pool.reserved, 9)} "
        f"{cell(pool.surplus, 8)} {cell(pool.overcommit, 11)}",
    )


def _now(
    memory: Memory, history: Sequence[Memory], glyphs: Glyphs, width: int, movable: Reading[dict[int, int]] | None
) -> list[Row]:
    if isinstance(memory.buddy, Unread):
        return [heading("right now"), row((clean(str(memory.buddy)), "unknown"))]
    rows: list[Row] = []
    for node in sorted({z.node for z in memory.buddy}):
        blocks = memory.blocks_2m(node)
        past = [_blocks(m, node) for m in history[-60:]]
        top = max((v for v in past if not isinstance(v, Unread)), default=1.0) or 1.0
        count = shown(blocks) if isinstance(blocks, Unread) else f"{blocks:,}"
        words = f"node {node}: {count} blocks of 2 MiB free ({gib(or_else(blocks, 0) * 2048)})"
        rows.append(
            row(
                (fit("right now" if not rows else "", 12), "head"),
                words,
                *_trend(past, top, width - 12 - len(words), glyphs),
            )
        )
    if movable is not None:
        rows += [row(" " * 12, (line, "dim")) for line in wrap(_after_compaction(movable), max(width - 12, 20))]
    rows.append(row(" " * 12, ("1 GiB pages: cannot be predicted, larger than any block; try it", "dim")))
    return rows


def _trend(past: Sequence[Reading[float]], top: float, room: int, glyphs: Glyphs) -> tuple[str | Run, ...]:
    """The free blocks of the last two minutes as a graph between its ends in words; nothing where it has no room."""
    cells = min(room - len("   -2 min  now"), 30)
    if cells < NARROWEST_TREND:
        return ()
    return "   ", ("-2 min ", "dim"), (graph_line(past, 0, top, cells, glyphs), "graph"), (" now", "dim")


def _after_compaction(movable: Reading[dict[int, int]]) -> str:
    if isinstance(movable, Unread):
        return f"after compaction: unknown ({movable})"
    nodes = ", ".join(f"node {node} {blocks:,} blocks" for node, blocks in sorted(movable.items()))
    return f"after compaction at the very most: {nodes}, those in use included"


def _blocks(memory: Memory, node: int) -> Reading[float]:
    blocks = memory.blocks_2m(node)
    return blocks if isinstance(blocks, Unread) else float(blocks)


def _fragments(memory: Memory, history: Sequence[Memory], glyphs: Glyphs, width: int) -> list[Row]:
    """A line for each node: where its free memory lies, and what share of it is whole."""
    if isinstance(memory.buddy, Unread):
        return []
    first = _whole(history[0]) if history else {}
    rows = [row((fit("fragments", 12), "head"), ("free memory by block size, from 4 KiB (0) to 4 MiB (10)", "dim"))]
    for node, (share, free) in _whole(memory).items():
        orders = _by_order(memory.buddy, node)
        steps = len(glyphs.ramp) - 1
        cells = "".join(f"{o}{glyphs.ramp[level(p / (free or 1), 0, 0.5, steps)]} " for o, p in enumerate(orders))
        before = first.get(node, (share, free))[0]
        moved = f" (was {before:.0%})" if abs(before - share) >= 0.01 else ""
        size = gib(free * memory.page_size / 1024)
        rows.append(row(fit(f"  node {node}", 12), (cells, "graph"), f" {size}, {share:.0%} whole{moved}"))
    return rows


def _by_order(buddy: Sequence[BuddyZone], node: int) -> list[int]:
    """Free small pages of a node by order; ZONE_DMA is left out, as in what could be had."""
    zones = [z.free for z in buddy if z.node == node and z.zone != "DMA"]
    orders = max((len(z) for z in zones), default=0)
    return [sum(z[o] for z in zones if o < len(z)) << o for o in range(orders)]


def _whole(memory: Memory) -> dict[int, tuple[float, int]]:
    """Node → the share of its free memory in blocks of 2 MiB and more, and its free small pages."""
    found = {}
    order = max((2 << 20) // memory.page_size, 1).bit_length() - 1
    for node in sorted({z.node for z in or_else(memory.buddy, ())}):
        pages = _by_order(or_else(memory.buddy, ()), node)
        found[node] = (sum(pages[order:]) / (sum(pages) or 1), sum(pages))
    return found


def _thp(memory: Memory, width: int) -> list[Row]:
    thp = memory.thp
    words = (
        f"enabled {shown(thp.enabled)} · defrag {shown(thp.defrag)} · shared memory {shown(thp.shmem_enabled)} · "
        f"khugepaged defrag {shown(thp.khugepaged_defrag)}"
    )
    return [
        row((fit("THP" if i == 0 else "", 12), "head"), line) for i, line in enumerate(wrap(words, max(width - 12, 20)))
    ]
