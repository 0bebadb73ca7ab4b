"""A sysfs or procfs attribute gets another value, until the next boot."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Protocol

from vfiotui.apply.errors import ApplyError, Conflict, os_sentence
from vfiotui.apply.scripts.shell_words import word
from vfiotui.apply.steps.step import Kind, StepContext, SubjectState, must_be_live, quoted
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place
from vfiotui.model.change.change import Change

LIMIT = 4096


def plain(value: bytes | None) -> str:
    """What an attribute holds, without blanks around it; of a choice, the chosen word.

    >>> plain(b"always [madvise] never\\n"), plain(b"4096\\n")
    ('madvise', '4096')
    """
    text = (value or b"").decode("utf-8", "replace").replace("\0", "").strip()
    chosen = re.search(r"\[([^\[\]\s]+)\]", text)
    return chosen[1] if chosen else text


def read(place: Place) -> bytes:
    """The attribute now."""
    fd = disk.open_regular(place, os.O_RDONLY)
    try:
        return os.read(fd, LIMIT)
    finally:
        os.close(fd)


def write(place: Place, value: str) -> None:
    """One write call: the kernel takes an attribute whole or not at all."""
    fd = disk.open_regular(place, os.O_WRONLY)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


class AttributeKind(Kind, Protocol):
    """What lives in an attribute of the running kernel, and goes with it."""

    def _place(self, work: StepContext) -> Place:
        must_be_live(work)
        return work.target.real_place(work.change.subject)

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        boot = quoted(work.keep.noted(work.step).get("boot", ""))
        return [], [f"set_value {work.step} {quoted(work.change.subject)} {quoted(plain(work.change.before))} {boot}"]


class ValueKind(AttributeKind):
    """Values of the running kernel."""

    def preview(self, change: Change) -> Iterator[str]:
        yield f"{change.subject}: {plain(change.before)!r} becomes {plain(change.after)!r}"

    def prepare(self, work: StepContext) -> None:
        now = read(self._place(work))
        if plain(now) != plain(work.change.before):
            raise Conflict(
                f"{work.change.subject} holds {plain(now)!r}, not {plain(work.change.before)!r} as when the plan was "
                "made; make the plan again"
            )
        work.keep.note(work.step, boot=work.target.boot)

    def standing(self, work: StepContext) -> SubjectState:
        if work.boot_ended:
            return SubjectState.BEFORE
        now = plain(read(self._place(work)))
        if now == plain(work.change.after):
            return SubjectState.AFTER
        return SubjectState.BEFORE if now == plain(work.change.before) else SubjectState.FOREIGN

    def _set(self, work: StepContext, value: bytes | None) -> None:
        place, text = self._place(work), plain(value)
        try:
            write(place, text)
        except OSError as error:
            raise ApplyError(
                os_sentence(error, f"the kernel does not take {text!r} for {work.change.subject}")
            ) from error

    def holds(self, work: StepContext) -> bytes | None:
        return read(self._place(work))

    def do(self, work: StepContext) -> None:
        self._set(work, work.change.after)

    def undo(self, work: StepContext) -> None:
        if not work.boot_ended:
            self._set(work, work.change.before)

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        path, before, after = word(change.subject), word(plain(change.before)), word(plain(change.after))
        return [f"value_is {path} {before}"], [f"printf %s {after} >{path}", f"value_is {path} {after}"]


KIND = ValueKind()
