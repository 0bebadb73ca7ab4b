"""Sentences that stay on the screen until they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.text import wrap

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext


def say(app: ConsoleContext, title: str, *sentences: str, copied: str = "") -> None:
    """Shows sentences on a screen of their own; `copied` is what `y` takes, else all of it."""

    def lines(width: int) -> list[Row]:
        return [row(part) for sentence in sentences for part in wrap(sentence, width)]

    app.push_screen(TextScreen(row((f" {title} ", "reverse")), lines, copied))
