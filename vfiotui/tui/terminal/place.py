"""Where a widget stands in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.dom import NoScreen
from textual.errors import NoWidget
from textual.geometry import NULL_REGION
from textual.screen import Screen
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.map_geometry import MapGeometry


class Place:
    """Where a widget's content is in the terminal; worked out anew when the screen was laid out anew."""

    __slots__ = ("_geometry", "_screen", "_widget", "border", "content", "whole", "width")

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._screen: Screen[Any] | None = None
        self._geometry: MapGeometry | None = None
        self.content = NULL_REGION
        """The content's cells in the terminal."""
        self.width = 0
        """Cells of a line beside a scroll bar."""
        self.border = 0
        """Lines of the widget above its content."""
        self.whole = False
        """Whether all of the widget is on the screen."""

    def follow(self) -> None:
        """Brings it up to date."""
        try:
            if self._screen is None:
                self._screen = self._widget.screen
            geometry = self._screen.find_widget(self._widget)
        except (NoScreen, NoWidget):
            self._geometry, self.content, self.width, self.whole = None, NULL_REGION, 0, False
            return
        if geometry is not self._geometry:
            self._geometry = geometry
            self.content = self._widget.content_region
            self.width = self._widget.scrollable_content_region.width or self.content.width
            self.border = self._widget.gutter.top
            self.whole = geometry.region.area > 0 and self._screen.region.contains_region(geometry.region)
