"""What is shown where the terminal is too small."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Static

from vfiotui.tui.actions import QUIT, bindings
from vfiotui.tui.screens.base.follows_size import FollowsSize
from vfiotui.tui.terminal.capabilities import COLUMNS, LINES


class TooSmall(FollowsSize, ModalScreen[None]):
    """A sentence; goes away by itself when the terminal has grown."""

    # Over what is modal Textual takes no key of the app.
    BINDINGS: ClassVar[list[BindingType]] = bindings((QUIT._replace(does="app.quit"),))

    def compose(self) -> ComposeResult:
        """The sentence."""
        yield Static(id="toosmall", markup=False)

    def on_mount(self) -> None:
        """Tells the size that is there."""
        self._tell()

    def on_resize(self, _: Resize) -> None:
        """Tells the new size."""
        if self.is_mounted:
            self._tell()

    def _tell(self) -> None:
        size = self.app.size
        self.query_one(Static).update(
            f"vfiotui needs {COLUMNS}x{LINES}; this terminal has {size.width}x{size.height}.\n"
            "Make it larger, or use 'vfiotui --plain' for lines of text. q quits."
        )
