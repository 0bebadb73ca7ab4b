"""Leaving the console: what was edited and is not written is asked about first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vfiotui.tui.row import row
from vfiotui.tui.screens.base.question import QuestionScreen

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext


class LeaveScreen(QuestionScreen):
    """Asks whether to leave; a second ctrl+q leaves."""


def leave(console: ConsoleContext) -> None:
    """Ends the console, or asks whether what is unsaved may be lost."""
    lost = [sentence for unsaved in console.unsaved.values() if (sentence := unsaved())]
    if not lost or isinstance(console.screen, LeaveScreen):
        console.exit()
        return
    question = row((" leave without it? type ", "warn"), ("y", "key"))
    console.push_screen(LeaveScreen(row((" quit ", "reverse")), lost, question, lambda _: console.exit(), wanted="y"))
