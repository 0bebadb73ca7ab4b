"""A number with its noun."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """A number with what is counted, in the singular or with an "s".

    >>> counted(1, "reset"), counted(2, "reset")
    ('1 reset', '2 resets')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
