"""The first picture of Live, drawn before Textual is loaded: to load it takes longer than all that the picture needs.

It stands where Textual's first frame will stand, in the terminal's own colours, for a few tenths of a second.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from vfiotui.host.root.root import Root
from vfiotui.live.history import LiveHistory
from vfiotui.live.sampler import Readers
from vfiotui.tui.row import Row
from vfiotui.tui.screens.live.time_window import Window
from vfiotui.tui.screens.live.view import Table, headline_row, live_rows
from vfiotui.tui.tabs import tab_row
from vfiotui.tui.terminal.capabilities import COLUMNS, LINES, Caps
from vfiotui.tui.terminal.size import terminal_size
from vfiotui.tui.text import for_console, in_ascii

ENTER, LEAVE = "\x1b[?1049h\x1b[2J", "\x1b[0m\x1b[?1049l"
"""The screen that a program has for itself (xterm's control sequences); Textual takes the same one."""
LOOKS = {"head": "1", "reverse": "1;7", "dim": "2", "warn": "1"}
"""Styles that need no colour."""
TABS, HEADLINE, TABLE = 2, 3, 6
"""Lines of the screen, counted from 1; above the table the verdict takes two."""


def frame(history: LiveHistory, guest: str, interval: float, caps: Caps, size: os.terminal_size) -> str:
    """The picture as text and control sequences, for a terminal of some size."""
    width = size.columns
    named = headline_row(guest, len(history.guests), interval, (), "")
    table = live_rows(history, guest, Window(1), 0, Table(caps.glyphs), width - 1, cpus=False)
    lines = [(TABS, tab_row("live", width, {})), (HEADLINE, named), *enumerate(table, TABLE)]
    return ENTER + "".join(f"\x1b[{y};1H{_drawn(row, caps)}" for y, row in lines if y < size.lines)


def _drawn(row: Row, caps: Caps) -> str:
    text = "".join(f"\x1b[{LOOKS.get(style, '0')}m{text}\x1b[0m" for text, style in row.runs)
    if caps.glyphs.name in ("unicode", "braille"):
        return text
    return for_console(text) if caps.glyphs.name == "console" else in_ascii(text)


@contextmanager
def first_frame(root: Root, caps: Caps, guest: str, interval: float, terminal: int) -> Iterator[Readers]:
    """Draws what can be known at once; what it was read with goes on with the sampler.

    Where it is not clear which guest is meant nothing is drawn. If what follows fails, the terminal is as before.
    """
    readers, history, drawn = Readers(root), LiveHistory(), False
    history.append(readers.live())
    chosen = guest or (next(iter(history.guests)) if len(history.guests) == 1 else "")
    size = terminal_size(terminal)
    if chosen in history.guests and size.columns >= COLUMNS and size.lines >= LINES:
        os.write(terminal, frame(history, chosen, interval, caps, size).encode("utf-8", "replace"))
        drawn = True
    try:
        yield readers
    except BaseException:
        if drawn:
            os.write(terminal, LEAVE.encode())
        raise
