"""Screen 7: what was changed on this machine, from its journal."""

from __future__ import annotations

from textual.app import ComposeResult

from vfiotui.tui.screens.base import ConsoleScreen
from vfiotui.tui.views.changes import change_rows
from vfiotui.tui.widgets.rows import Rows


class ChangesScreen(ConsoleScreen):
    """The journal, newest first."""

    MODE = "changes"
    TOPICS = ("facts",)
    KEYS = (("↑↓", "move"), ("r", "read again"))
    HELP_TEXT = (
        "Every change of this machine that went through the journal, newest first, with its state: done, interrupted, "
        "undone, waiting for reboot. Under --root the journal is that of the mounted system."
    )

    def compose_body(self) -> ComposeResult:
        """The list."""
        yield Rows(id="changes")

    def on_mount(self) -> None:
        """Keys go to the list."""
        super().on_mount()
        self.query_one(Rows).focus()

    def draw(self, topic: str) -> None:
        """The list anew."""
        page = self.query_one("#changes", Rows)
        page.show(change_rows(self.facts, (page.size.width or 80) - 1))
