"""What is still being read, as rows: a slow part holds up neither the screen nor the other parts."""

from __future__ import annotations

from dataclasses import fields

from vfiotui.model.base.counted import counted
from vfiotui.model.boot.headline import headline
from vfiotui.model.facts import Facts
from vfiotui.state.facts_refresher import IN_HAND
from vfiotui.tui.row import Row, row
from vfiotui.tui.text import clean, wrap


def part_words(name: str) -> str:
    """The name of a part of the facts for a person.

    >>> part_words("kernel_log")
    'kernel log'
    """
    return name.replace("_", " ")


def in_hand(facts: Facts) -> tuple[str, ...]:
    """The parts that come in a second reading, and are not there yet."""
    return tuple(f.name for f in fields(facts) if getattr(facts, f.name) is IN_HAND)


def first_rows(waiting: frozenset[str], width: int) -> list[Row]:
    """What stands on the screen before the first facts: what they still wait for."""
    rows = [row(("reading this host …", "accent"))]
    if waiting:
        text = f"still to come: {', '.join(sorted(map(part_words, waiting)))}"
        rows += [row((line, "dim")) for line in wrap(text, max(width, 20))]
    return rows


def headline_rows(facts: Facts, width: int) -> list[Row]:
    """What the host is and what is possible there, above the findings; none on an ordinary host."""
    return [row((line, "accent")) for line in wrap(clean(headline(facts)), max(width, 20))] if headline(facts) else []


def judging_rows() -> list[Row]:
    """What stands in place of the findings while there are facts but no findings yet."""
    return [row(("judging what was read …", "accent"))]


def more_rows(facts: Facts, width: int) -> list[Row]:
    """The line below the findings while slow parts are read; none afterwards."""
    names = in_hand(facts)
    text = f"still being read: {', '.join(map(part_words, names))}"
    return [row((line, "accent")) for line in wrap(text, max(width, 20))] if names else []


def more_words(facts: Facts) -> str:
    """The same for the beginning of a title: "2 parts to come · ", or nothing."""
    count = len(in_hand(facts))
    return f"{counted(count, 'part')} to come · " if count else ""
