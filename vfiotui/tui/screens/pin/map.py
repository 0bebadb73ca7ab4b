"""The processors drawn as they are wired: packages, nodes, level 3 domains, cores, siblings one above the other.

Three sizes: a box for each level 3 domain with a labelled cell for each CPU; narrow cells; one character for each CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from vfiotui.model.cpu.cores import CacheDomain, Core
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.plan.pin.placement_context import PlacementContext
from vfiotui.tui.row import Row, Run, row
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean, fit

SIZES = ("cells", "narrow", "dots")
WIDTHS = {"cells": 9, "narrow": 5, "dots": 1}
HEAD = 24
"""The most room that a title has beside single characters."""
CARDS = 3
"""Cards of a node that are named."""
Place = tuple[int, int, int]
"""Line, column, width."""


@dataclass
class Sheet:
    """Rows, and where the cell of each CPU lies on them."""

    rows: list[Row] = field(default_factory=list)
    cells: dict[int, Place] = field(default_factory=dict)


@dataclass(frozen=True)
class Look:
    """How a map is drawn."""

    size: str
    width: int
    glyphs: Glyphs
    cell: Callable[[int, int], Run]
    """What a CPU's cell says in so many characters."""
    cards: dict[int, list[str]]
    """Node → cards that sit on it."""
    selected: frozenset[int] = frozenset()


@dataclass
class _Block:
    """A drawing that can stand beside others."""

    width: int
    lines: list[list[Run]]
    cells: dict[int, Place]


def fitting_size(context: PlacementContext, width: int, height: int, glyphs: Glyphs) -> str:
    """The largest size at which the whole host is seen; dots where none does."""
    for size in SIZES:
        look = Look(size, width, glyphs, lambda cpu, room: ("", ""), {})
        if len(draw(context, look).rows) <= height:
            return size
    return SIZES[-1]


def draw(context: PlacementContext, look: Look) -> Sheet:
    """The whole host."""
    sheet = Sheet()
    package: object = object()
    waiting: list[_Block] = []
    titles = max((len(clean(_title(d, look))) for d in context.domains), default=0)
    head = min(titles, HEAD) if look.size == "dots" else 0
    for domain in context.domains:
        if domain.cores[0].package != package:
            _flush(sheet, waiting, look)
            package = domain.cores[0].package
            sheet.rows.append(_package_row(package, context, look))
        waiting.append(_boxed(domain, look) if look.size == "cells" else _plain(domain, look, head))
    _flush(sheet, waiting, look)
    offline = [c.cpu for c in context.topology.cpus if not c.online]
    if offline:
        word = "1 CPU" if len(offline) == 1 else f"{len(offline)} CPUs"
        sheet.rows.append(row(("offline ", "warn"), f"{word}: {format_list(offline)}"))
    return sheet


def _flush(sheet: Sheet, waiting: list[_Block], look: Look) -> None:
    """Puts blocks beside each other as long as there is room."""
    while waiting:
        line = [waiting.pop(0)]
        while waiting and sum(b.width + 1 for b in line) + waiting[0].width <= look.width:
            line.append(waiting.pop(0))
        top = len(sheet.rows)
        for index in range(max(len(b.lines) for b in line)):
            runs: list[Run] = []
            for block in line:
                runs += block.lines[index] if index < len(block.lines) else [(" " * block.width, "")]
                runs.append((" ", ""))
            sheet.rows.append(Row(tuple(runs)))
        left = 0
        for block in line:
            sheet.cells |= {cpu: (top + y, left + x, w) for cpu, (y, x, w) in block.cells.items()}
            left += block.width + 1


def _package_row(package: object, context: PlacementContext, look: Look) -> Row:
    nodes = sorted({c.node for c in context.cores if c.package == package and c.node is not None})
    words = []
    for node in nodes:
        here = look.cards.get(node, [])
        more = f" and {len(here) - CARDS} more" if len(here) > CARDS else ""
        shown = f" (card {', '.join(here[:CARDS])}{more} {'are' if more else 'is'} here)" if here else ""
        words.append(f"node {node}{shown}")
    where = "socket ?" if package is None else f"socket {package}"
    return row((where, "head"), f" · {', '.join(words) or 'nodes unknown'}")


def _title(domain: CacheDomain, look: Look) -> str:
    size = f"L3 #{domain.number} {domain.size >> 20} MiB" if isinstance(domain.size, int) else f"#{domain.number} no L3"
    kinds = dict.fromkeys(c.kind_name for c in domain.cores if c.kind_name)
    node = f" node {format_list(domain.nodes)}" if domain.nodes else ""
    return f" {size}{node}{' ' + '/'.join(kinds) if kinds else ''} "


def _cell(cpu: int, room: int, look: Look, form: str = "{}") -> Run:
    text, style = look.cell(cpu, room)
    return form.format(fit(text, room)), "reverse" if cpu in look.selected else style


def _boxed(domain: CacheDomain, look: Look) -> _Block:
    wide = WIDTHS["cells"]
    across = max(min(len(domain.cores), (look.width - 2) // wide), 1)
    title = _title(domain, look)
    inner = max(across * wide, min(len(title), look.width - 2))
    left, right, low_left, low_right = tuple(look.glyphs.corners)
    bar: Run = (look.glyphs.vertical, "dim")
    title = fit(title, min(len(title), inner))
    lines: list[list[Run]] = [
        [(left, "dim"), (title, "head"), (look.glyphs.horizontal * (inner - len(title)) + right, "dim")]
    ]
    cells: dict[int, Place] = {}
    for start in range(0, len(domain.cores), across):
        chunk = domain.cores[start : start + across]
        rest: Run = (" " * (inner - len(chunk) * wide), "")
        for thread in range(max(len(c.cpus) for c in chunk)):
            runs = [bar]
            for place, core in enumerate(chunk):
                if thread < len(core.cpus):
                    cpu = core.cpus[thread]
                    runs.append(_cell(cpu, wide - 3, look, "[{}] "))
                    cells[cpu] = (len(lines), 1 + place * wide, wide - 1)
                else:
                    runs.append((" " * wide, ""))
            lines.append([*runs, rest, bar])
        labels = "".join(fit(_label(core), wide - 1) + " " for core in chunk)
        lines.append([bar, (labels, "dim"), rest, bar])
    lines.append([(low_left + look.glyphs.horizontal * inner + low_right, "dim")])
    return _Block(inner + 2, lines, cells)


def _label(core: Core) -> str:
    return f" {'/'.join(map(str, core.cpus))}{' ' + core.kind_name if core.kind_name else ''}"


def _plain(domain: CacheDomain, look: Look, head: int) -> _Block:
    """A title, on a line of its own or `head` wide, then cells without frames.

    Siblings stand one above the other, or side by side where they are single characters.
    """
    wide = WIDTHS[look.size]
    dots = look.size == "dots"
    columns: list[Sequence[int]] = (
        [[c] for core in domain.cores for c in core.cpus] if dots else [core.cpus for core in domain.cores]
    )
    title = clean(_title(domain, look))
    across = max(min(len(columns), (look.width - head) // wide), 1)
    width = max(head + across * wide, min(len(title), look.width))
    lines: list[list[Run]] = [] if dots else [[(fit(title, width), "head")]]
    cells: dict[int, Place] = {}
    for start in range(0, len(columns), across):
        chunk = columns[start : start + across]
        for thread in range(max(map(len, chunk))):
            runs: list[Run] = [(fit(title if start == 0 else "", head), "head")] if dots else []
            for place, column in enumerate(chunk):
                if thread < len(column):
                    runs.append(_cell(column[thread], wide if dots else wide - 1, look, "{}" if dots else "{} "))
                    cells[column[thread]] = (len(lines), head + place * wide, max(wide - 1, 1))
                else:
                    runs.append((" " * wide, ""))
            lines.append([*runs, (" " * (width - head - len(chunk) * wide), "")])
    return _Block(width, lines, cells)
