"""What an earlier step should have produced is looked for: an exit code proves nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from vfiotui.apply.kinds.kind import Standing, Work, quoted
from vfiotui.apply.trouble import Trouble
from vfiotui.model.change import Change

LIMIT = 16 << 20


class LookKind:
    """Words that a text file must hold; changes nothing, and fails the change where one is missing."""

    def preview(self, change: Change) -> Iterator[str]:
        yield f"then {change.subject} must hold: {', '.join(change.wants)}"

    def prepare(self, work: Work) -> None:
        return

    def _missing(self, work: Work) -> str | None:
        """What is not there, as a sentence."""
        place = work.site.real_place(work.change.subject)
        if not os.path.isfile(place):
            return f"{work.change.subject} was not made"
        with open(place, "rb") as file:
            text = file.read(LIMIT).decode("utf-8", "replace")
        missing = [w for w in work.change.wants if not _holds(text, w)]
        return f"{work.change.subject} was made, but does not hold {' and '.join(missing)}" if missing else None

    def standing(self, work: Work) -> Standing:
        return Standing.BEFORE if self._missing(work) else Standing.AFTER

    def holds(self, work: Work) -> bytes | None:
        return None

    def do(self, work: Work) -> None:
        missing = self._missing(work)
        if missing:
            raise Trouble(missing)

    def undo(self, work: Work) -> None:
        return

    def tidy(self, work: Work) -> None:
        return

    def script(self, change: Change) -> list[str]:
        return [f"grep -q -F -e {quoted(w)} {quoted(change.subject)} || exit 1" for w in change.wants]

    def undo_script(self, work: Work) -> tuple[list[str], list[str]]:
        return [], []


def _holds(text: str, word: str) -> bool:
    """Whether a word stands in a text, not as a part of a longer one."""
    return re.search(rf"(?<!\S){re.escape(word)}(?!\S)", text) is not None


KIND = LookKind()
