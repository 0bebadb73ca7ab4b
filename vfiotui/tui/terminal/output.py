"""Where the console draws: on the terminal that standard output is, in UTF-8.

Textual draws on standard error, which often leads elsewhere (2>/dev/null, 2>err.log), and in its encoding, which
PYTHONIOENCODING may have changed. What a terminal understands is known by its locale only.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

TERMINAL = 1
"""The descriptor of standard output."""


@contextmanager
def drawing() -> Iterator[None]:
    """Textual draws on standard output as long as this lasts; messages go on to standard error.

    Textual's drivers take `sys.__stderr__` when they are made.
    """
    before = sys.__stderr__
    with open(TERMINAL, "w", encoding="utf-8", errors="backslashreplace", newline="", closefd=False) as file:
        sys.__stderr__ = file  # type: ignore[misc]
        try:
            yield
        finally:
            sys.__stderr__ = before  # type: ignore[misc]
