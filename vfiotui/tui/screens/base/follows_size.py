"""A screen takes no size but the one that the terminal has now."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.command import CommandPalette
from textual.events import Resize

if TYPE_CHECKING:
    from textual.screen import Screen


class FollowsSize:
    """Goes before `Screen` among the bases of a screen.

    A screen that is laid out in a new size says so to itself again. Of two sizes that come shortly after each other
    each would call the other back for ever, and the loop would have no time for a key or a signal.
    """

    def on_resize(self, event: Resize) -> None:
        """Takes the present size in place of an outdated one."""
        screen = cast("Screen[object]", self)
        present = screen.app.size
        if event.size != present:
            event.prevent_default()
            screen.post_message(Resize(present, present))


class Palette(FollowsSize, CommandPalette):
    """Everything by name."""
