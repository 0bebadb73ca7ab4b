"""A plan as a POSIX shell script, for a person who wants no program to do it."""

from __future__ import annotations

from vfiotui.apply.kinds import kind_of
from vfiotui.model.plan import Plan


def comment(text: str) -> str:
    r"""Text for one line of a comment.

    >>> comment("x\n rm -rf \x1b[2J")
    'x  rm -rf \\x1b[2J'
    """
    return "".join(c if c.isprintable() else " " if c == "\n" else ascii(c)[1:-1] for c in text)


def shell_script(plan: Plan) -> list[str]:
    """Lines of a script with the same effect; it keeps no way back, and says so."""
    lines = [
        "#!/bin/sh",
        f"# {comment(plan.title)}",
        "# Made by vfiotui. It keeps nothing for an undo: 'vfiotui apply' does.",
        "set -eu",
    ]
    for number, step in enumerate(plan.steps, 1):
        lines += ["", f"# {number}. {comment(step.why)}", *kind_of(step.kind).script(step)]
    return lines
