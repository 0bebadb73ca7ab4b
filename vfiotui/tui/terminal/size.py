"""The terminal's size, also where the terminal does not know it.

A serial line has 0 rows and 0 columns, and some programs set sizes that no screen has. Then COLUMNS and LINES say it,
or it is the 80x24 of a VT100.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

COLUMNS, LINES = 80, 24
"""A VT100's."""
MOST_COLUMNS, MOST_LINES = 1500, 600
"""More than any screen shows: three of 4K side by side, with letters of 8 by 8 pixels."""
_exported: dict[str, int] = {}


def take_exported(env: MutableMapping[str, str] = os.environ) -> None:
    """Takes COLUMNS and LINES out of the environment, and keeps them for a terminal that does not know its size.

    An exported size is out of date with the first resize, and the libraries that draw would believe it.
    """
    _exported.clear()
    for name in ("COLUMNS", "LINES"):
        value = env.pop(name, "")
        if value.isascii() and value.isdigit():
            _exported[name] = int(value[:9])


def terminal_size(*terminals: int) -> os.terminal_size:
    """Columns and lines of the first descriptor that knows them; each one from 1 to MOST_COLUMNS and MOST_LINES."""
    columns = lines = 0
    for terminal in terminals:
        try:
            columns, lines = os.get_terminal_size(terminal)
        except OSError:
            continue
        if columns and lines:
            break
    return os.terminal_size(
        (
            _first(MOST_COLUMNS, columns, _exported.get("COLUMNS", 0), COLUMNS),
            _first(MOST_LINES, lines, _exported.get("LINES", 0), LINES),
        )
    )


def _first(most: int, *values: int) -> int:
    return next(value for value in values if 0 < value <= most)
