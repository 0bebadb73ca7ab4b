"""Which known word a misspelt one was meant to be."""

from __future__ import annotations

from collections.abc import Iterable


def distance(one: str, other: str) -> int:
    """How many letters must be put in, left out, replaced or swapped with their neighbour to make one word the other.

    >>> distance("DEFUALT", "DEFAULT"), distance("id", "ids"), distance("option", "options")
    (1, 1, 1)
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


def nearest(word: str, known: Iterable[str], most: int) -> str:
    """The known word at most so many letters away; empty where the word is known itself, or none is so near.

    Short words allow fewer mistakes: less than a third of their letters.

    >>> nearest("opitons", ("options", "alias"), 2), nearest("alias", ("alias",), 2), nearest("kvm", ("kvw",), 2)
    ('options', '', '')
    """
    letters = set(word)
    # One mistake changes the set of letters by two at most.
    near = (o for o in known if abs(len(o) - len(word)) <= most and len(letters.symmetric_difference(o)) <= 2 * most)
    found = [(distance(word, one), one) for one in near]
    best = min(found, default=(0, ""))
    return best[1] if 0 < best[0] <= most and best[0] * 3 < max(len(word), len(best[1])) else ""
