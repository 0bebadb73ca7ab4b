"""The one door to Textual's private parts: what needs them comes through here, and can do without them.

A driver that sleeps and cells written past the compositor make the console cheap. Both lean on names that any release
of Textual may change. So they are loaded here only, when they are first wanted, and only where this Textual is of the
line that they were proved with and has every one of these names. Everywhere else the console is drawn by Textual's
public ways: slower, and otherwise the same.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import textual
from textual.css.query import NoMatches

if TYPE_CHECKING:
    from textual.app import App
    from textual.driver import Driver
    from textual.screen import Screen
    from textual.widget import Widget

    from vfiotui.tui.terminal.cells import Span
    from vfiotui.tui.terminal.place import Place

PROVED = "8.2."
"""The minor line of Textual that the private parts were proved with."""
PUBLIC = "VFIOTUI_DRAW"
"""Environment: "public" keeps to what Textual promises, for comparison and for terminals that mind."""


class Direct(Protocol):
    """What `vfiotui.tui.terminal.direct` does."""

    def ready(self, app: App[Any], screen: Screen[Any]) -> bool:
        """Whether cells of a screen can be written now."""

    def hidden_lines(self, widget: Widget, app: App[Any], screen: Screen[Any]) -> frozenset[int]:
        """The lines of a widget's content of which something hides a part."""

    def write(
        self, widget: Widget, app: App[Any], place: Place, spans: Sequence[Span], styles: Mapping[str, str]
    ) -> None:
        """Writes cells of a widget."""

    def let_go(self) -> None:
        """Empties what is kept of removed widgets."""

    def settle(self, screen: Screen[Any]) -> None:
        """Lays out what waits for it."""


def textual_version() -> str:
    """Textual's version, from the name of the folder with its metadata.

    Textual itself asks importlib.metadata, whose parser of mail takes as long as three frames, and 1.3 MB for good.
    """
    begin, end = "textual-", ".dist-info"
    package = Path(textual.__file__).parent
    names = [n for n in os.listdir(package.parent) if n.startswith(begin) and n.endswith(end)]
    return names[0][len(begin) : -len(end)] if len(names) == 1 else textual.__version__


def has(kind: type, name: str) -> bool:
    """Whether a class has a name, or its constructors set it on each instance."""
    makers = (getattr(base.__dict__.get("__init__"), "__code__", None) for base in kind.__mro__)
    return hasattr(kind, name) or any(name in maker.co_names for maker in makers if maker is not None)


@cache
def _opened() -> tuple[type[Driver], Direct] | None:
    """The driver and the way past the compositor; None where this Textual is another one, or lacks a name."""
    if not textual_version().startswith(PROVED):
        return None
    try:
        from vfiotui.tui.terminal import direct, driver
    except (ImportError, AttributeError):
        return None
    needed = ((kind, name) for kind, names in (*driver.PRIVATE, *direct.PRIVATE) for name in names.split())
    return (driver.QuietDriver, direct) if all(has(kind, name) for kind, name in needed) else None


def opened() -> tuple[type[Driver], Direct] | None:
    """The private ways: the driver's class and what writes cells; None where only public ones may be used."""
    return None if os.environ.get(PUBLIC) == "public" else _opened()


def driver_class() -> type[Driver] | None:
    """The driver that sleeps until there is input; None where Textual's own is to be used."""
    parts = opened()
    return None if parts is None else parts[0]


def clean_driver(base: type[Driver]) -> type[Driver]:
    """Textual's own driver, made to live through whatever a terminal sends."""
    from vfiotui.tui.terminal import public_input

    return public_input.clean_driver(base)


def direct(app: App[Any], screen: Screen[Any]) -> Direct | None:
    """What writes cells of a screen now; None where the widgets are to be refreshed in the public way."""
    parts = opened()
    return parts[1] if parts is not None and parts[1].ready(app, screen) else None


def settle(screen: Screen[Any]) -> None:
    """Lays out what waits for it while nothing is painted yet: else the first frame is painted before and after it."""
    parts = opened()
    if parts is not None:
        parts[1].settle(screen)


def let_go() -> None:
    """Frees the drawn lines of removed widgets, of which Textual keeps those of the last 1,024."""
    parts = opened()
    if parts is not None:
        parts[1].let_go()


def written(app: App[Any]) -> int | None:
    """Bytes that were written to the terminal so far; None where they are not counted."""
    count: int | None = getattr(getattr(app, "_driver", None), "written", None)
    return count


def repaint(app: App[Any]) -> None:
    """Draws everything anew, over whatever another program has written to the terminal."""
    again = getattr(app._driver, "repaint", None)
    if again is not None:
        again()
    else:
        app.refresh(layout=True)


def suspend(app: App[Any]) -> None:
    """Stops the whole process group, as a terminal does for programs that leave ctrl+z to it."""
    driver = app._driver
    if driver is not None and driver.can_suspend:
        os.kill(0, signal.SIGTSTP)


def give_back(app: App[Any]) -> None:
    """Gives the terminal back at once, though the console's loop does not turn any more."""
    with suppress(Exception):
        driver = app._driver
        if driver is not None:
            driver.stop_application_mode()
            driver.close()


def catch_faults(app: App[Any], handler: Callable[[Exception], None]) -> None:
    """Hands every fault of the console to a handler.

    A console that is asked to end while it begins composes no screen any more, but mounts it: what is missing there is
    no fault.
    Where Textual has no place for one, the handler gets what Textual would print when it ends, as a RuntimeError.
    """
    if hasattr(app, "_handle_exception"):

        def caught(error: Exception) -> None:
            if not (isinstance(error, NoMatches) and app._exit):
                handler(error)

        app._handle_exception = caught  # type: ignore[method-assign]
        return
    from io import StringIO

    from rich.console import Console

    class Kept(Console):
        def print(self, *objects: Any, **named: Any) -> None:
            super().print(*objects, **named)
            handler(RuntimeError(text.getvalue()))

    text = StringIO()
    app.error_console = Kept(file=text, width=120)
