"""What an earlier step should have produced is looked for: an exit code proves nothing."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator

from vfiotui.apply.scripts.shell_words import word
from vfiotui.apply.steps.step import LookingKind, StepContext
from vfiotui.apply.target import Target
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place
from vfiotui.formats.loaders import pe_image
from vfiotui.model.change.change import Change

LIMIT = 16 << 20


def words_left(target: Target, path: str, words: tuple[str, ...]) -> list[str]:
    """Those of the words that a text or a unified image holds; none where it is not there."""
    place = target.real_place(path)
    if not words or disk.kind(place) != "file":
        return []
    text = _text(place)
    return [w for w in words if _holds(text, w)]


class LookKind(LookingKind):
    """Words that a text or a unified image must hold or not hold; changes nothing, and fails the change otherwise."""

    def preview(self, change: Change) -> Iterator[str]:
        if change.wants:
            yield f"then {change.subject} must hold: {', '.join(change.wants)}"
        if change.bans:
            yield f"then {change.subject} must not hold: {', '.join(change.bans)}"

    def wrong(self, work: StepContext) -> str | None:
        """What is not there or still there, as a sentence."""
        place = work.target.real_place(work.change.subject)
        if disk.kind(place) != "file":
            return f"{work.change.subject} was not made"
        text = _text(place)
        missing = [w for w in work.change.wants if not _holds(text, w)]
        left = [w for w in work.change.bans if _holds(text, w)]
        wrong = [f"does not hold {' and '.join(missing)}"] * bool(missing)
        wrong += [f"still holds {' and '.join(left)}"] * bool(left)
        return f"{work.change.subject} was made, but {' and '.join(wrong)}" if wrong else None

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        place = word(change.subject)
        wants = [f"holds {place} {word(_line_with(w))} {word(w)}" for w in change.wants]
        return [], wants + [f"lacks {place} {word(_line_with(w))} {word(w)}" for w in change.bans]


def _text(place: Place) -> str:
    """A text file, or the words in a unified image: its kernel and initrd hold many texts of their own."""
    with open(disk.open_regular(place, os.O_RDONLY), "rb") as file:
        if not pe_image.is_pe(file.read(2)):
            file.seek(0)
            return file.read(LIMIT).decode("utf-8", "replace")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data, memoryview(data) as view:
            return pe_image.words(view) or ""


def _holds(text: str, word: str) -> bool:
    """Whether a word stands in a text, not as a part of a longer one."""
    return re.search(rf"(?<!\S){re.escape(word)}(?!\S)", text) is not None


def _line_with(word: str) -> str:
    """The same for grep -E."""
    literal = re.sub(r"([][\\.^$*+?(){}|])", r"\\\1", word)
    return f"(^|[[:space:]]){literal}([[:space:]]|$)"


KIND = LookKind()
