"""A line of the console as plain data: runs of text, each with the name of a style."""

from __future__ import annotations

from typing import TypeAlias

from vfiotui.model.base.value import dataclass

Run: TypeAlias = tuple[str, str]
"""Cleaned text, and a style's name: one of STYLES, or "" for plain."""

STYLES = (
    "fail",
    "warn",
    "unknown",
    "info",
    "holds",
    "dim",
    "head",
    "accent",
    "graph",
    "graph2",
    "mark",
    "reverse",
    "key",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line."""

    runs: tuple[Run, ...]
    key: str = ""
    """What the line stands for; empty where nothing can be chosen."""

    @property
    def text(self) -> str:
        """The line without styles."""
        return "".join(text for text, _ in self.runs)


def row(*parts: str | Run, key: str = "") -> Row:
    """A row of plain texts and styled runs."""
    return Row(tuple((p, "") if isinstance(p, str) else p for p in parts), key)


BLANK = Row(())
