"""Huge and small pages of running guests, as rows."""

from __future__ import annotations

from vfiotui.model.guest_pages import GuestPages
from vfiotui.model.reading import Reading, Unread
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.text import fit, wrap
from vfiotui.tui.views.memory_words import gib

ENOUGH = 0.99
"""Coverage below which a guest's small pages are worth a word."""


def page_rows(pages: Reading[tuple[GuestPages, ...]] | None, width: int) -> list[Row]:
    """What was counted last; before the first count, how it is asked for."""
    if pages is None:
        return [row((fit("s counts the huge and small pages of running guests", width), "dim"))]
    if isinstance(pages, Unread):
        return [BLANK, *(row((line, "unknown")) for line in wrap(f"pages cannot be counted: {pages}", width))]
    if not pages:
        return [BLANK, row(("no guest runs whose pages could be counted", "dim"))]
    head = f"{'counted':12}{'guest':18} {'resident':>10} {'huge':>10} {'pool':>10} {'covered':>8} {'small':>12}"
    return [BLANK, row((head, "head")), *(_guest(g) for g in pages)]


def _guest(guest: GuestPages) -> Row:
    name = f"{'':12}{fit(guest.name, 18)}"
    if isinstance(guest.pages, Unread):
        return row(name, (f" {guest.pages.reason}", "unknown"))
    pages = guest.pages
    style = "" if pages.coverage >= ENOUGH else "warn"
    return row(
        name,
        f" {gib(pages.rss + pages.pool):>10} {gib(pages.huge):>10} {gib(pages.pool):>10} ",
        (f"{pages.coverage:8.1%} {pages.small:9} kB", style),
        (f"  {guest.cost_ms:.0f} ms", "dim"),
    )
