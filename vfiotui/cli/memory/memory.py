"""`vfiotui memory [show]`: huge pages, what could be had now, and in which pages guests lie; or a change of them.

JSON of show: {"available_kib", "pools": [{"size_kib", "node", "total", "free", "reserved", "surplus", "overcommit"}],
"page_kib", "blocks": {node: {size_kib: blocks}}, "blocks_2m": {node: blocks}, "movable_2m": {node: blocks} (--walk),
"thp": {..., "table_kib", "sizes": [{"size_kib", "enabled", "shmem_enabled"}]}, "counters": {...}, "guests": [{"name",
"pid", "memory_kib", "hugetlb_kib", "transparent_kib", "short_kib", "small_kib", "untouched_kib", "pinned_kib",
"pinned", "coverage", "source", "on_nodes", "walk_ms"}]}: short is what lies in no huge page, small and never touched
together; pinned whether all of it is held where it lies; the words of a size are those in force. Of the other words
the plan, or with --apply that of 'vfiotui apply'.
"""

from __future__ import annotations

import argparse
from typing import Any

from vfiotui.cli.change.consent import add_consent
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import needed, plain, print_answer, printable, shown, table
from vfiotui.host.root.root import Root
from vfiotui.model.base.counted import counted
from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.memory.guest_backing import GuestBacking
from vfiotui.model.memory.host_memory import Memory
from vfiotui.model.memory.page_words import page_words

TWO_MIB = 2048
QUIET_KIB = 1024
"""So little that was never touched is not worth a word."""
SIZED = ("reserve", "release", "persist", "overcommit")
NOW = ("compact", "drop-caches")
GUESTS = ("hook", "unhook")
"""A hook of libvirt's sets a guest's pages aside when it starts, and gives them back."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is to be done with which pages."""
    parser.add_argument(
        "what", nargs="?", choices=("show", *SIZED, *NOW, *GUESTS), default="show", help="show is the default"
    )
    parser.add_argument(
        "pages",
        nargs="*",
        metavar="[nodeN:]KIB=COUNT|GUEST",
        help="such as 2048=4096 or node1:1048576=8; of hook and unhook guests, whose pages then come when they start "
        "and go when they end",
    )
    parser.add_argument(
        "--walk",
        action="store_true",
        help="count exactly: walks the page tables of the guests, about 15 ms for each GiB of small pages, in which a "
        "guest may wait; also shows what compaction could make whole",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--plan", action="store_true", help="show the plan and change nothing (the default)")
    how.add_argument("--apply", action="store_true", help="apply the plan")
    add_consent(parser)


def run(args: argparse.Namespace) -> Exit:
    """Shows, plans or applies."""
    if args.what == "show":
        if args.pages or args.apply:
            raise CommandError("'vfiotui memory show' takes no pages", Exit.USAGE)
        return _show(args)
    if (args.what not in NOW) != bool(args.pages):
        wanted = (
            "wants pages such as 2048=512"
            if args.what in SIZED
            else "wants a guest"
            if args.what in GUESTS
            else "takes no pages"
        )
        raise CommandError(f"'vfiotui memory {args.what}' {wanted}", Exit.USAGE)
    from vfiotui.cli.change.apply import reach

    return reach(args, [(f"memory.{args.what}", pages) for pages in args.pages or ["now"]])


def _show(args: argparse.Namespace) -> Exit:
    from vfiotui.host.memory import host_memory as memory
    from vfiotui.host.memory.guest_backing import BackingReader, walk
    from vfiotui.host.memory.pagetypes import read_movable

    root = open_root(args)
    found = needed(memory.read(root), "memory cannot be seen")
    guests = BackingReader(root).read()
    movable: Reading[dict[int, int]] = Unread("counted with --walk only")
    if args.walk:
        guests = guests if isinstance(guests, Unread) else tuple(walk(root, g) for g in guests)
        movable = read_movable(root)
    return print_answer(args, lambda: as_json(found, guests, movable), lambda: as_text(root, found, guests, movable))


def _nodes(memory: Memory) -> list[int]:
    return [] if isinstance(memory.buddy, Unread) else sorted({z.node for z in memory.buddy})


def as_json(
    memory: Memory, guests: Reading[tuple[GuestBacking, ...]], movable: Reading[dict[int, int]]
) -> dict[str, Any]:
    """Everything that show tells; null is unknown."""
    names = (
        "name",
        "pid",
        "memory_kib",
        "hugetlb_kib",
        "transparent_kib",
        "short_kib",
        "small_kib",
        "untouched_kib",
        "pinned_kib",
        "pinned",
        "coverage",
        "source",
        "walk_ms",
    )
    pool_names = ("size_kib", "node", "total", "free", "reserved", "surplus", "overcommit")
    thp = memory.thp
    thp_names = ("enabled", "defrag", "shmem_enabled", "khugepaged_defrag")
    moved = movable if isinstance(movable, Unread) else memory.blocks_of(movable, TWO_MIB)
    return {
        "available_kib": None if isinstance(memory.meminfo, Unread) else memory.meminfo.get("MemAvailable"),
        "pools": None
        if isinstance(memory.pools, Unread)
        else [{n: plain(getattr(p, n)) for n in pool_names} for p in memory.pools],
        "page_kib": plain(memory.small_kib),
        "blocks": {
            str(n): {str(s): plain(memory.free_blocks(s, n)) for s in memory.block_sizes()} for n in _nodes(memory)
        },
        "blocks_2m": {str(n): plain(memory.free_blocks(TWO_MIB, n)) for n in _nodes(memory)},
        "movable_2m": None if isinstance(moved, Unread) else {str(n): c for n, c in moved.items()},
        "thp": {n: plain(getattr(thp, n)) for n in thp_names}
        | {
            "table_kib": plain(thp.table_kib),
            "sizes": [
                {"size_kib": s, "enabled": plain(thp.word(s)), "shmem_enabled": plain(thp.shared_word(s))}
                for s in thp.all_sizes()
            ],
        },
        "counters": plain(memory.vmstat),
        "guests": None
        if isinstance(guests, Unread)
        else [
            {n: plain(getattr(g, n)) for n in names}
            | {"on_nodes": [{"size_kib": s, "node": n, "kib": k} for (s, n), k in sorted(g.on_nodes.items())]}
            for g in guests
        ],
    }


def as_text(
    root: Root, memory: Memory, guests: Reading[tuple[GuestBacking, ...]], movable: Reading[dict[int, int]]
) -> list[str]:
    """Pools, free blocks, guests."""
    lines = _pools(memory)
    for node in _nodes(memory):
        for size in memory.block_sizes():
            moved = movable if isinstance(movable, Unread) else memory.blocks_of(movable, size)
            more = "" if isinstance(moved, Unread) else f"; after compaction {moved.get(node, 0)} at the very most"
            blocks = memory.free_blocks(size, node)
            count = f"{shown(blocks)} blocks" if isinstance(blocks, Unread) else counted(blocks, "block")
            lines.append(f"node {node}: {count} of {page_words(size)} {'is' if blocks == 1 else 'are'} free now{more}")
    if isinstance(memory.page_size, Unread):
        lines.append(f"free blocks: unknown ({printable(str(memory.page_size))})")
    lines += [f"pages of {page_words(size)}: cannot be predicted; try it" for size in memory.try_sizes()]
    lines.append("")
    thp = memory.thp
    lines.append(
        f"transparent huge pages: {shown(thp.enabled)}, defrag {shown(thp.defrag)}, shared memory "
        f"{shown(thp.shmem_enabled)}"
    )
    if by_size := thp.by_size():
        lines.append(f"    by size: {by_size}")
    if thp.allowed(shared=True) == {}:
        lines.append("shared memory of guests (virtiofs, memfd) gets none: 'vfiotui plan memory.shmem-thp=advise'")
    return [*lines, "", *_guests(guests)]


def _pools(memory: Memory) -> list[str]:
    if isinstance(memory.pools, Unread):
        return [f"pools of huge pages: unknown ({printable(str(memory.pools))})"]
    rows = [("pool", "page", "total", "free", "reserved", "surplus", "overcommit")]
    for pool in memory.pools:
        where = "host" if pool.node is None else f"node {pool.node}"
        counts = (pool.total, pool.free, pool.reserved, pool.surplus, pool.overcommit)
        cells = ["" if isinstance(c, Unread) and pool.node is not None else "?" if isinstance(c, Unread) else str(c)
                 for c in counts]  # fmt: skip
        rows.append((where, f"{pool.size_kib} KiB", *cells))  # type: ignore[arg-type]
    return [*table(rows), ""]


def _kib(value: Reading[int]) -> str:
    return "unknown" if isinstance(value, Unread) else f"{value} kB"


def _guests(guests: Reading[tuple[GuestBacking, ...]]) -> list[str]:
    if isinstance(guests, Unread):
        return [f"guests: unknown ({printable(str(guests))})"]
    lines = []
    for guest in guests:
        coverage, predicted = guest.coverage, guest.foretold_ms
        if isinstance(coverage, Unread):
            asks = guest.walk_ms is None and not isinstance(predicted, Unread)
            cost = f"; --walk counts, in about {max(or_else(predicted, 1), 1):.0f} ms" if asks else ""
            words = f"huge pages unknown: {coverage}{cost}"
        else:
            words = f"{coverage:.1%} in huge pages, {_kib(guest.small_kib)} in small ones"
            untouched = guest.untouched_kib
            if isinstance(untouched, Unread) or untouched > QUIET_KIB:
                words += f", {_kib(untouched)} never touched"
        walked = "" if guest.walk_ms is None else f" (counted in {guest.walk_ms:.0f} ms)"
        lines += [
            f"{guest.name} (process {guest.pid}): {words}{walked}",
            f"    memory {_kib(guest.memory_kib)}, hugetlb {_kib(guest.hugetlb_kib)}, "
            f"transparent {_kib(guest.transparent_kib)}",
            *(
                ["    held where it lies: small pages there stay small until it restarts"]
                if guest.pinned and guest.well is False
                else []
            ),
            *(f"    node {n}: {kib} kB in pages of {size} KiB" for (size, n), kib in sorted(guest.on_nodes.items())),
        ]
    return [printable(line) for line in lines] or ["no guest runs"]
