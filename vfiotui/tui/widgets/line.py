"""One line of runs; repainted only when it changed."""

from __future__ import annotations

from textual.strip import Strip

from vfiotui.tui.row import Row
from vfiotui.tui.widgets.paint import Painted, strip_of


class Line(Painted):
    """A single line."""

    DEFAULT_CSS = "Line { height: 1; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._row = Row(())

    def show(self, row: Row) -> None:
        """Shows a row; the same one again costs nothing."""
        if row != self._row:
            old, self._row = self._row, row
            self.write_rows([(0, old, row)], self.size.width)

    @property
    def text(self) -> str:
        """What is shown."""
        return self._row.text

    def render_line(self, y: int) -> Strip:
        """The line in the widget's width."""
        base = self.rich_style
        if y:
            return Strip.blank(self.size.width, base)
        return strip_of(self, self._row.runs, self.size.width, base)
