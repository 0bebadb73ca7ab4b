"""A program for tests: rows that change in every way that rows can change, one step for each key `n`.

It tells the step it has shown last, and whether cells were written past the compositor; at `d`, that it is drawn.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator

from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.screen import Screen

from vfiotui.tui.row import Row, row
from vfiotui.tui.terminal import direct
from vfiotui.tui.terminal.door import driver_class
from vfiotui.tui.themes import load_themes
from vfiotui.tui.widgets.line import Line
from vfiotui.tui.widgets.paint import CLASSES
from vfiotui.tui.widgets.rows import Rows

TOLD = 25
"""The step from which on a toast lies over the list."""
RAMP = " ▁▂▃▄▅▆▇█"


def steps() -> Iterator[list[Row]]:
    """Figures, styles, graphs that move left, names that take two cells, rows that grow and shrink."""
    chance = random.Random(7)
    graphs = [["".join(chance.choices(RAMP, k=24)) for _ in range(2)] for _ in range(12)]
    while True:
        rows = []
        for i, pair in enumerate(graphs):
            for which in (0, 1):
                pair[which] = pair[which][1:] + chance.choice(RAMP)
            delay = chance.random() * 20
            rows.append(
                row(
                    (f"v{i:<4}", "accent"),
                    f"{chance.randrange(16):>3} ",
                    (f"{pair[0]} ", "graph"),
                    (f"{delay:6.1f} ", "warn" if delay > 10 else ""),
                    (pair[1], "graph2"),
                    (f"{chance.random():5.0%}", "dim"),
                    key=f"{i}",
                )
            )
        if chance.random() < 0.3:
            rows[3] = row(("名前 [/x]", "mark"), " wide", key="3")
        if chance.random() < 0.3:
            rows[4] = row(("short", "head"), key="4")
        if chance.random() < 0.2:
            del rows[chance.randrange(6, 11)]
        yield rows


class Shown(Screen[None]):
    """A screen with the styles of runs."""

    COMPONENT_CLASSES = CLASSES


class Moving(App[None]):
    """The list and a line that tells the step."""

    CSS_PATH = "../../../vfiotui/tui/vfiotui.tcss"

    def __init__(self, theme: str) -> None:
        super().__init__(ansi_color=True if theme == "console" else None)
        self._wanted = theme
        self._steps = steps()
        self._step = 0
        self._written = 0

    def get_driver_class(self) -> type[Driver]:
        return driver_class() or super().get_driver_class()

    def get_default_screen(self) -> Screen[None]:
        return Shown()

    def compose(self) -> ComposeResult:
        yield Line(id="status")
        yield Rows(id="rows")

    def on_mount(self) -> None:
        for theme in load_themes()[0]:
            self.register_theme(theme)
        self.theme = self._wanted
        self.query_one(Rows).focus()
        write = direct.write

        def count(*arguments: object) -> None:
            self._written += 1
            write(*arguments)  # type: ignore[arg-type]

        direct.write = count  # type: ignore[assignment]
        self.call_after_refresh(self.key_n)

    def key_n(self) -> None:
        """The next step."""
        self._step += 1
        self.query_one(Rows).show(next(self._steps))
        if self._step == TOLD:
            self.notify("over the last rows", timeout=1000)
        self._tell("past the compositor" if self._written else "by the compositor")

    def key_d(self) -> None:
        """Tells when everything that was asked for before is drawn."""
        self.call_after_refresh(self._tell, "drawn")

    def _tell(self, how: str) -> None:
        self.query_one(Line).show(row(f"step {self._step} ", how))


if __name__ == "__main__":
    Moving(sys.argv[1]).run()
