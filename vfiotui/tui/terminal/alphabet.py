"""What the terminal cannot draw is replaced in every line of every widget, Textual's own among them: colours and
characters."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from vfiotui.tui.terminal.capabilities import Caps
from vfiotui.tui.text import for_console, in_ascii


class StandIns(LineFilter):
    """Changes the text of lines, never the number of their cells."""

    def __init__(self, change: Callable[[str], str]) -> None:
        super().__init__()
        self._change = change

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments with what the terminal draws instead."""
        return [s if s.text.isascii() else Segment(self._change(s.text), s.style, s.control) for s in segments]


ALPHABETS = {"ascii": StandIns(in_ascii), "console": StandIns(for_console)}
"""By the name of a set of glyphs; the other sets need nothing."""


def console_of(caps: Caps, given: Console) -> Console:
    """A console like the given one of Textual, with the terminal's colours: Rich knows few names of terminals."""
    return Console(
        color_system=caps.colour_system,  # type: ignore[arg-type]
        file=given.file,
        highlight=False,
        emoji=False,
        legacy_windows=False,
        force_terminal=True,
        no_color=False,  # Textual has a filter for it, which keeps bold and reverse.
        safe_box=False,
    )
