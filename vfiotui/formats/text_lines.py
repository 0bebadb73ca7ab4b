"""Lines of a text with their places, so that an edit can leave line ends as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Line(NamedTuple):
    """One line."""

    number: int
    """From 1."""
    text: str
    """Without its line end."""
    start: int
    end: int
    """Where its text ends; the line end begins here."""


def lines_of(text: str) -> list[Line]:
    """All lines; a line ends with LF or CR LF. A final line end begins no further line.

    >>> lines_of("a\\r\\nb")
    [Line(number=1, text='a', start=0, end=1), Line(number=2, text='b', start=3, end=4)]
    """
    found: list[Line] = []
    start = 0
    for number, raw in enumerate(text.split("\n"), 1):
        if start < len(text):
            line = raw.removesuffix("\r") if start + len(raw) < len(text) else raw
            found.append(Line(number, line, start, start + len(line)))
        start += len(raw) + 1
    return found


def line_end(text: str) -> str:
    """The line end that the text uses."""
    return "\r\n" if "\r\n" in text else "\n"


def with_line(text: str, line: str) -> str:
    """The text with a line more at its end; line ends and a missing final one stay as they are.

    >>> with_line("A=1\\r\\n", "B=2"), with_line("A=1", "B=2"), with_line("", "B=2")
    ('A=1\\r\\nB=2\\r\\n', 'A=1\\nB=2', 'B=2\\n')
    """
    eol = line_end(text)
    return f"{text}{eol}{line}" if text and not text.endswith("\n") else f"{text}{line}{eol}"


def without_lines(text: str, lines: Iterable[Line]) -> str:
    """The text without these lines; if the last one goes, the one before it takes over its line end or the lack of it.

    >>> without_lines("a\\nb", lines_of("a\\nb")[1:])
    'a'
    """
    for line in sorted(lines, reverse=True):
        following = text.find("\n", line.end)
        if following >= 0:
            text = text[: line.start] + text[following + 1 :]
        else:
            text = text[: line.start].removesuffix("\n").removesuffix("\r")
    return text
