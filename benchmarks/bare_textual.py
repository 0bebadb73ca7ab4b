"""A Textual app with one line of text: the floor of what a console in Textual can cost."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Bare(App[None]):
    """Shows a word."""

    def compose(self) -> ComposeResult:
        """One widget."""
        yield Static("ready")


Bare().run()
