"""What goes to standard output: JSON, tables and text that no name from the hardware can break."""

from __future__ import annotations

import argparse
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.model.base.reading import Reading, Unread

T = TypeVar("T")

COLOURS = {"fail": "31;1", "warn": "33;1", "unknown": "35", "info": "36", "holds": "32", "head": "1", "dim": "2"}


def printable(text: str) -> str:
    r"""The text with every control and direction-changing character written out, so that no terminal obeys it.

    >>> printable("x [/dev/vfio/1] \x1b[2J")
    'x [/dev/vfio/1] \\x1b[2J'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c == " " or _harmless(c) else ascii(c)[1:-1] for c in text)


def write_text(text: str) -> None:
    """Writes a text that a program may read to standard output: to the byte, on a terminal so that it is not obeyed."""
    if sys.stdout.isatty():
        print("\n".join(printable(line.expandtabs()) for line in text.rstrip("\n").split("\n")))
    else:
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def _harmless(char: str) -> bool:
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def shown(value: Any, absent: str = "–") -> str:
    """A reading for a person: the value, its reason, or a dash for what is not there."""
    if isinstance(value, Unread):
        return f"unknown ({printable(value.reason)})"
    return absent if value is None else printable(str(value))


def colours_wanted() -> bool:
    """Whether standard output is a terminal that may be coloured (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, style: str, wanted: bool) -> str:
    """The text in a style, or as it is."""
    return f"\x1b[{COLOURS[style]}m{text}\x1b[0m" if wanted else text


def plain(value: Any) -> Any:
    """A value as JSON knows it; an Unread becomes null, sets become sorted lists."""
    if isinstance(value, Unread):
        return None
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, tuple):
        return [plain(v) for v in value]
    return value


def print_json(value: Any) -> None:
    """One JSON document; other characters than ASCII are escaped, so that it survives any terminal and pipe."""
    json.dump(value, sys.stdout, indent=1, ensure_ascii=True)
    print()


def needed(reading: Reading[T], otherwise: str) -> T:
    """The value; where there is none the command ends without access: `otherwise` says what it cannot do, as a sentence
    to which the reason is added."""
    if isinstance(reading, Unread):
        raise CommandError(f"{otherwise}: {reading}", Exit.NO_ACCESS)
    return reading


def print_answer(args: argparse.Namespace, document: Callable[[], Any], lines: Callable[[], Iterable[str]]) -> Exit:
    """Prints a JSON document where --json asks for one, else lines of text; makes only the one that is printed."""
    if args.json:
        print_json(document())
    else:
        print("\n".join(lines()))
    return Exit.FINE


def table(rows: Iterable[Sequence[str]], gap: str = "  ") -> list[str]:
    """Rows with aligned columns; the last column is not padded."""
    kept = [tuple(r) for r in rows]
    widths = [max((len(r[i]) for r in kept if i < len(r)), default=0) for i in range(max(map(len, kept), default=0))]
    return [gap.join(c.ljust(widths[i]) if i < len(r) - 1 else c for i, c in enumerate(r)).rstrip() for r in kept]
