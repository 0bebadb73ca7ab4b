"""Foreign text in a shell script: as quoted words, as what printf prints, as a comment; never as code."""

from __future__ import annotations

import base64
import hashlib
import shlex

from vfiotui.apply.errors import ApplyError
from vfiotui.model.change.plan import text_of


def comment(text: str) -> str:
    r"""Text for one line of a comment.

    >>> comment("x\n rm -rf \x1b[2J")
    'x  rm -rf \\x1b[2J'
    """
    return "".join(c if c.isprintable() else " " if c == "\n" else ascii(c)[1:-1] for c in text)


def word(text: str) -> str:
    r"""One word for a shell; ApplyError where it holds what a reader of the script would not see.

    >>> word("it's")
    '\'it\'"\'"\'s\''
    """
    if not text.isprintable():
        raise ApplyError(f"{ascii(text)[:80]} holds a control character or a line end")
    return shlex.quote(text)


def digest(content: bytes | None) -> str:
    """The SHA-256 of a content, "absent" for none: as the functions of plan.sh compare it."""
    return "absent" if content is None else hashlib.sha256(content).hexdigest()


def printing(content: bytes, into: str) -> list[str]:
    r"""Lines that hand these very bytes to the standard input of a command, which is shell code of ours.

    >>> printing(b"a\n$b\n", "put /x 0644")
    ["printf '%s\\n' \\", '    a \\', "    '$b' |", '    put /x 0644']
    """
    text = text_of(content)
    if not content or text is None or not all(c.isprintable() or c in "\n\t" for c in text):
        return [f"printf %s '{base64.b64encode(content).decode()}' | base64 -d |", f"    {into}"]
    *lines, last = text.split("\n")
    if last:
        # A text without a line end at its end.
        whole = [f"    printf '%s\\n' {shlex.quote(line)}" for line in lines]
        return ["{", *whole, f"    printf %s {shlex.quote(last)}", "} |", f"    {into}"]
    return ["printf '%s\\n' \\", *(f"    {shlex.quote(line)} \\" for line in lines[:-1]),
            f"    {shlex.quote(lines[-1])} |", f"    {into}"]  # fmt: skip
