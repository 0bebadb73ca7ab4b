"""A text file of the machine, at the line that a finding names."""

from __future__ import annotations

from textual.events import Resize

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.text import clean, wrap
from vfiotui.tui.widgets.rows import Rows

LIMIT = 1 << 18
"""Bytes that are shown; a longer file says so."""
ABOVE = 3
"""Lines shown above the named one."""


def file_rows(text: Reading[str], line: int, width: int) -> list[Row]:
    """The lines with their numbers; the named one stands out."""
    if isinstance(text, Unread):
        return [row(("not to be shown: ", "unknown"), clean(str(text)))]
    if not text:
        return [row(("the file is empty", "dim"))]
    rows: list[Row] = []
    for number, content in enumerate(text.split("\n"), 1):
        style = "mark" if number == line else ""
        for index, part in enumerate(wrap(content, max(width - 6, 10))):
            rows.append(row((f"{number if index == 0 else '':>5} ", "dim"), (part, style), key=""))
    return rows


class FileScreen(TextScreen):
    """Lines to scroll, beginning near the named one."""

    def __init__(self, path: str, text: Reading[str], line: int) -> None:
        self._line = line
        super().__init__(row((" file ", "reverse"), f" {clean(path)}"), lambda width: file_rows(text, line, width))

    def on_resize(self, _: Resize) -> None:
        """Shows the named line; Textual has called TextScreen's own handler or will before the next refresh."""
        self.call_after_refresh(self._show_line)

    def _show_line(self) -> None:
        page = self.query_one(Rows)
        at = next((i for i, r in enumerate(page.rows) if r.runs[0][0].strip() == str(self._line)), 0)
        page.scroll_to(y=max(at - ABOVE, 0), animate=False)
