"""Texts side by side: which line stands beside which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

Beside = tuple[str | None, ...]
"""The lines that stand beside each other; None where a text has none there."""


def _placed(pivot: Sequence[str], other: Sequence[str]) -> tuple[list[str | None], list[list[str]]]:
    """For each line of the pivot the line beside it, and for each gap (the last is the end) the lines in it."""
    beside: list[str | None] = [None] * len(pivot)
    between: list[list[str]] = [[] for _ in range(len(pivot) + 1)]
    for _, i1, i2, j1, j2 in SequenceMatcher(None, pivot, other).get_opcodes():
        both = min(i2 - i1, j2 - j1)
        beside[i1 : i1 + both] = other[j1 : j1 + both]
        between[i2] += other[j1 + both : j2]
    return beside, between


def aligned(pivot: Sequence[str], *others: Sequence[str]) -> Iterator[Beside]:
    """Rows of the pivot's line and the others' lines beside it.

    >>> list(aligned(["a", "b"], ["a", "x", "b"], ["b"]))
    [('a', 'a', None), (None, 'x', None), ('b', 'b', 'b')]
    """
    places = [_placed(pivot, other) for other in others]
    for index in range(len(pivot) + 1):
        gaps = [between[index] for _, between in places]
        for line in range(max(map(len, gaps), default=0)):
            yield (None, *(gap[line] if line < len(gap) else None for gap in gaps))
        if index < len(pivot):
            yield (pivot[index], *(beside[index] for beside, _ in places))


def folded(rows: Sequence[Beside], around: int = 2) -> list[Beside | None]:
    """Only rows that differ and a few around them; None stands for what is left out between.

    >>> folded([("a", "a"), ("b", "b"), ("c", "x")], around=1)
    [None, ('b', 'b'), ('c', 'x')]
    """
    near: set[int] = set()
    for index, row in enumerate(rows):
        if any(line != row[0] for line in row):
            near.update(range(max(index - around, 0), min(index + around + 1, len(rows))))
    found: list[Beside | None] = []
    for index, row in enumerate(rows):
        if index in near:
            found.append(row)
        elif not found or found[-1] is not None:
            found.append(None)
    return found
