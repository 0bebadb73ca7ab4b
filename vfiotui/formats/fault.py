"""A line of a configuration file that its reader does not take as it was meant."""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """One such line."""

    kind: str
    """Which kind of mistake: a check of the rules is about one kind."""
    line: int
    """From 1."""
    text: str
    """The line as it stands there."""
    sentence: str
    """What its reader makes of it."""
    right: str
    """What was meant, as far as it can be told; empty where it cannot."""
