"""Memory as rows: pools, what could be had right now, transparent huge pages, guests."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.domain import Domain, Virt
from vfiotui.model.memory import BuddyZone, HugePool, Memory
from vfiotui.model.reading import Reading, Unread, or_else
from vfiotui.tui.caps import Glyphs
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.text import clean, fit, shown, wrap
from vfiotui.tui.views.backing import backing_rows, trend_rows
from vfiotui.tui.views.graph import bar, graph_line, level
from vfiotui.tui.views.memory_words import gib, page_words


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
    rows = [*_totals(memory, glyphs, width), BLANK, *_pools(memory, width), BLANK]
    rows += [*_now(memory, history, glyphs, width, movable), BLANK, *_fragments(memory, glyphs, width), BLANK]
    rows += [*_thp(memory, width), *trend_rows(memory, history, width), BLANK, *_guests(memory, virt, width)]
    return [*rows, *backing_rows(memory, width)]


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
            else str(value)
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
        words = f"node {node}: {shown(blocks)} blocks of 2 MiB free ({gib(or_else(blocks, 0) * 2048)})"
        trend = graph_line(past, 0, top, max(min(width - len(words) - 16, 30), 0), glyphs)
        rows.append(row((fit("right now" if not rows else "", 12), "head"), words, "  ", (trend, "graph")))
    if movable is not None:
        rows += [row(" " * 12, (line, "dim")) for line in wrap(_after_compaction(movable), max(width - 12, 20))]
    rows.append(row(" " * 12, ("1 GiB pages: unknown, larger than any block; only a try tells", "dim")))
    return rows


def _after_compaction(movable: Reading[dict[int, int]]) -> str:
    if isinstance(movable, Unread):
        return f"after compaction: unknown ({movable})"
    nodes = ", ".join(f"node {node} {blocks} blocks" for node, blocks in sorted(movable.items()))
    return f"after compaction at the very most: {nodes}, those in use included"


def _blocks(memory: Memory, node: int) -> Reading[float]:
    blocks = memory.blocks_2m(node)
    return blocks if isinstance(blocks, Unread) else float(blocks)


def _fragments(memory: Memory, glyphs: Glyphs, width: int) -> list[Row]:
    if isinstance(memory.buddy, Unread):
        return []
    rows = [row(("fragments   ", "head"), ("free memory by block size, 4 KiB to 4 MiB, as shares of the zone", "dim"))]
    return rows + [_zone(z, glyphs) for z in memory.buddy]


def _zone(zone: BuddyZone, glyphs: Glyphs) -> Row:
    pages = [count << order for order, count in enumerate(zone.free)]
    total = sum(pages) or 1
    steps = len(glyphs.ramp) - 1
    cells = "".join(f"{order}{glyphs.ramp[level(p / total, 0, 0.5, steps)]} " for order, p in enumerate(pages))
    return row(
        fit(f"  node {zone.node}", 10),
        fit(clean(zone.zone), 9),
        ("order ", "dim"),
        (cells, "graph"),
        f" {gib(total * 4)}",
    )


def _thp(memory: Memory, width: int) -> list[Row]:
    thp = memory.thp
    words = (
        f"{shown(thp.enabled)} · defrag {shown(thp.defrag)} · shared memory {shown(thp.shmem_enabled)} · "
        f"khugepaged {shown(thp.khugepaged_defrag)}"
    )
    return [
        row((fit("THP" if i == 0 else "", 12), "head"), line) for i, line in enumerate(wrap(words, max(width - 12, 20)))
    ]


def _guests(memory: Memory, virt: Virt | None, width: int) -> list[Row]:
    if virt is None or isinstance(virt.domains, Unread):
        reason = "libvirt is being asked" if virt is None else clean(str(virt.domains))
        return [row((fit("guests", 12), "head"), (line, "unknown")) for line in wrap(reason, max(width - 12, 20))[:1]]
    if not virt.domains:
        return [row((fit("guests", 12), "head"), ("none is defined", "dim"))]
    rows: list[Row] = []
    for domain in virt.domains:
        mark = "accent" if domain.running else "dim"
        rows.append(
            row(
                (fit("guests" if not rows else "", 12), "head"),
                (fit(domain.name, 18), mark),
                f" {gib(domain.memory_kib):>9}  ",
                _wish(domain, memory),
            )
        )
    return rows


def _wish(domain: Domain, memory: Memory) -> str:
    """What a guest asks of huge pages, and whether the pool has it."""
    if not domain.huge_pages:
        trap = "; shared memory: follows shmem_enabled" if domain.shared_memory else ""
        return f"small pages, or transparent huge ones{trap}"
    pools = or_else(memory.pools, ())
    words = []
    for pages in domain.huge_pages:
        default = or_else(memory.meminfo, {}).get("Hugepagesize", 2048)
        size = pages.size_kib or default
        need = -(-domain.memory_kib // size)
        pool = next((p for p in pools if p.node is None and p.size_kib == size), None)
        free = pool.free if pool is not None else Unread("no such pool")
        state = (
            "in use"
            if domain.running
            else "enough"
            if not isinstance(free, Unread) and free >= need
            else "too few free"
        )
        words.append(f"{need} pages of {page_words(size)}: {state}")
    return ", ".join(words)
