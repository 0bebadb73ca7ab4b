"""Processes that are no guests, and who of them may have become one since."""

from __future__ import annotations

from itertools import islice

TURN = 16
"""Old processes that are looked at again in one search: a script may become QEMU long after it began."""


class CandidateProcesses:
    """Remembers which processes it has named, and whether that was while they were new."""

    def __init__(self) -> None:
        self._young: dict[int, bool] = {}
        """Process → whether it came since the last search; the one whose turn is next stands first."""

    def due(self, pids: set[int]) -> tuple[list[int], list[int]]:
        """Which of these processes should be looked at: those that are new; and those that were so the last time
        (between fork and exec a process bears the name of its parent), with some of the others in turn."""
        first = not self._young
        self._young = {p: young for p, young in self._young.items() if p in pids}
        again = [p for p, young in self._young.items() if young]
        turn = list(islice((p for p, young in self._young.items() if not young), TURN))
        new = sorted(pids - self._young.keys())
        for pid in (*again, *turn):
            del self._young[pid]
            self._young[pid] = False
        for pid in new:
            self._young[pid] = not first
        return new, [*again, *turn]

    def forget(self) -> None:
        """All are new again."""
        self._young.clear()
