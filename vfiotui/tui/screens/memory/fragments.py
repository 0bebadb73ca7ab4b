"""In what pieces the free memory of each node lies, and who gets transparent huge pages."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.memory.host_memory import Memory
from vfiotui.model.memory.page_words import page_words
from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.live.graph import level
from vfiotui.tui.screens.memory.words import gib
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import fit, shown, wrap


def fragment_rows(memory: Memory, history: Sequence[Memory], glyphs: Glyphs) -> list[Row]:
    """A line for each node: where its free memory lies, and what share of it is whole."""
    small, largest = memory.small_kib, memory.largest_kib
    if isinstance(small, Unread) or isinstance(largest, Unread):
        return []
    first = _whole(history[0]) if history else {}
    order = (largest // small).bit_length() - 1
    scale = f"free memory by block size, from {page_words(small)} (0) to {page_words(largest)} ({order})"
    rows = [row((fit("fragments", 12), "head"), (scale, "dim"))]
    for node, (share, free) in _whole(memory).items():
        orders = _by_order(memory, node)
        steps = len(glyphs.ramp) - 1
        cells = "".join(f"{o}{glyphs.ramp[level(p / (free or 1), 0, 0.5, steps)]} " for o, p in enumerate(orders))
        before = first.get(node, (share, free))[0]
        moved = f" (was {before:.0%})" if abs(before - share) >= 0.01 else ""
        rows.append(row(fit(f"  node {node}", 12), (cells, "graph"), f" {gib(free * small)}, {share:.0%} whole{moved}"))
    return rows


def _by_order(memory: Memory, node: int) -> list[int]:
    """Free small pages of a node by order."""
    zones = [z.free for z in or_else(memory.zones, ()) if z.node == node]
    orders = max((len(z) for z in zones), default=0)
    return [sum(z[o] for z in zones if o < len(z)) << o for o in range(orders)]


def _whole(memory: Memory) -> dict[int, tuple[float, int]]:
    """Node → the share of its free memory in blocks that make a huge page, and its free small pages.

    The largest size of which there are whole blocks counts.
    """
    found = {}
    sizes, small = memory.block_sizes(), memory.small_kib
    order = max(sizes[-1] // or_else(small, 1), 1).bit_length() - 1 if sizes else 0
    for node in sorted({z.node for z in or_else(memory.buddy, ())}):
        pages = _by_order(memory, node)
        found[node] = (sum(pages[order:]) / (sum(pages) or 1), sum(pages))
    return found


def thp_rows(memory: Memory, width: int) -> list[Row]:
    """The words for all sizes, and those of each size where it has its own."""
    thp = memory.thp
    words = (
        f"enabled {shown(thp.enabled)} · defrag {shown(thp.defrag)} · shared memory {shown(thp.shmem_enabled)} · "
        f"khugepaged defrag {shown(thp.khugepaged_defrag)}"
    )
    lines = wrap(words, max(width - 12, 20))
    if by_size := thp.by_size():
        lines += wrap(f"by size: {by_size}", max(width - 12, 20))
    return [row((fit("THP" if i == 0 else "", 12), "head"), line) for i, line in enumerate(lines)]
