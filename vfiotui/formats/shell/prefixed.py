"""Assignments in front of a command: VAR=quiet splash, where quotes were forgotten or are no quotes of the shell."""

from __future__ import annotations

from vfiotui.formats.shell.source import Scanner, ShellAssignment


def prefixed(text: str) -> tuple[tuple[ShellAssignment, str], ...]:
    """Assignments that hold for one command only, each with the command's first word.

    >>> [(a.name, c) for a, c in prefixed("A=quiet splash\\nB='x y'\\nC=1 D=2 make")]
    [('A', 'splash'), ('D', 'make')]
    """
    scanner = Scanner(text)
    scanner.scan()
    return tuple((one, text[word.start : word.end]) for one, word in scanner.prefixes)
