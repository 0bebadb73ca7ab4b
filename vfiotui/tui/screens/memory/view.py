"""Memory as rows: pools, what could be had right now, transparent huge pages, guests."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.guest.domain import Virt
from vfiotui.model.memory.host_memory import HugePool, Memory
from vfiotui.model.memory.page_words import page_words
from vfiotui.tui.row import BLANK, Row, Run, row
from vfiotui.tui.screens.live.graph import bar, graph_line
from vfiotui.tui.screens.memory.backing import guest_rows, trend_rows
from vfiotui.tui.screens.memory.fragments import fragment_rows, thp_rows
from vfiotui.tui.screens.memory.words import gib
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
    rows += [*fragment_rows(memory, history, glyphs), BLANK]
    return [*rows, *thp_rows(memory, width), *trend_rows(memory, history, width)]


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
        for size in memory.block_sizes():
            past = [m.free_blocks(size, node) for m in history[-60:]]
            top = max((float(v) for v in past if not isinstance(v, Unread)), default=1.0) or 1.0
            blocks = memory.free_blocks(size, node)
            count = shown(blocks) if isinstance(blocks, Unread) else f"{blocks:,}"
            noun = "block" if blocks == 1 else "blocks"
            words = f"node {node}: {count} {noun} of {page_words(size)} free ({gib(or_else(blocks, 0) * size)})"
            label = (fit("right now" if not rows else "", 12), "head")
            rows.append(row(label, words, *_trend(past, top, width - 12 - len(words), glyphs)))
    if isinstance(memory.page_size, Unread):
        lines = wrap(f"free blocks: unknown ({clean(str(memory.page_size))})", max(width - 12, 20))
        rows += [row((fit("" if n else "right now", 12), "head"), (line, "unknown")) for n, line in enumerate(lines)]
    if movable is not None:
        rows += [row(" " * 12, (line, "dim")) for line in wrap(_after_compaction(memory, movable), max(width - 12, 20))]
    for size in memory.try_sizes():
        words = f"{page_words(size)} pages: cannot be predicted, larger than any block; try it"
        rows.append(row(" " * 12, (words, "dim")))
    return rows


def _trend(past: Sequence[Reading[int]], top: float, room: int, glyphs: Glyphs) -> tuple[str | Run, ...]:
    """The free blocks of the last two minutes as a graph between its ends in words; nothing where it has no room."""
    cells = min(room - len("   -2 min  now"), 30)
    if cells < NARROWEST_TREND:
        return ()
    return "   ", ("-2 min ", "dim"), (graph_line(past, 0, top, cells, glyphs), "graph"), (" now", "dim")


def _after_compaction(memory: Memory, movable: Reading[dict[int, int]]) -> str:
    if isinstance(movable, Unread):
        return f"after compaction: unknown ({movable})"
    sizes = memory.block_sizes()
    parts = []
    for node in sorted(movable):
        counts = [(or_else(memory.blocks_of(movable, size), {}).get(node, 0), size) for size in sizes]
        several = " and ".join(f"{count:,} blocks of {page_words(size)}" for count, size in counts)
        one = f"{counts[0][0]:,} blocks" if counts else "unknown"
        parts.append(f"node {node} {several if len(sizes) > 1 else one}")
    return f"after compaction at the very most: {', '.join(parts)}, those in use included"
