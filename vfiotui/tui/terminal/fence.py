"""Whether the terminal has answered all that it was asked, so that no answer reaches the shell.

The last question is "which terminal are you?" (primary device attributes, ECMA-48's DA), which every terminal answers
and answers in order: once that is there, all answers are, and so is every report of the mouse from before.
"""

from __future__ import annotations

from time import monotonic

QUESTION = "\x1b[c"
FIRST = 2.0
"""Seconds in which the first answer comes, over a slow line too; after that it is a terminal that does not answer."""
LEAST, MOST = 0.3, 2.0
"""Seconds, at least and at most, for which a terminal that has answered before is waited for."""
TIMES = 4
"""So many times as long as its slowest answer took."""


class Fence:
    """The questions that wait for an answer; written by two threads, one after the other."""

    def __init__(self) -> None:
        self._asked: list[float] = []
        self._slowest: float | None = None
        """Seconds that an answer took at most; None: there was none yet."""

    @property
    def answers(self) -> bool:
        """Whether this terminal is known to answer."""
        return self._slowest is not None

    def asked(self) -> None:
        """The question was written."""
        self._asked.append(monotonic())

    def answered(self) -> None:
        """An answer came; one that nobody waits for changes nothing."""
        if self._asked:
            self._slowest = max(self._slowest or 0.0, monotonic() - self._asked.pop(0))

    def patience(self) -> float:
        """Seconds for which an answer is still to be waited for; 0: all are there, or the rest will not come."""
        if not self._asked:
            return 0.0
        allowed = FIRST if self._slowest is None else min(MOST, max(LEAST, TIMES * self._slowest))
        return max(0.0, self._asked[-1] + allowed - monotonic())
