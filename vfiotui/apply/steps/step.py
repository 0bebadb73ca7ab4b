"""What every kind of change can do: show itself, do, read back, undo, and write itself down for a shell."""

from __future__ import annotations

import difflib
import hashlib
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.record.backup import BackupStore
from vfiotui.apply.target import Target
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place
from vfiotui.model.change.change import Change
from vfiotui.model.change.plan import text_of

SOURCES = frozenset({"file", "link"})
"""Kinds of what generators read."""


class SubjectState(Enum):
    """Where a subject stands, read just now."""

    BEFORE = "as before the change"
    AFTER = "as the change wants it"
    PARTLY = "on the way: started, not ended"
    FOREIGN = "neither: something else changed it"
    STALE = "made anew by something else since: the same generator makes it again from what the undo puts back"


@dataclass(frozen=True)
class StepContext:
    """One step at work: what it does, where, and what is kept for the way back."""

    target: Target
    change: Change
    step: int
    """From 1."""
    number: int
    """Of the change in the journal."""
    keep: BackupStore
    log: Place
    """The file into which a command's output goes."""
    started: Callable[[int], None] = lambda pid: None
    """Journals the process of a command."""
    forced: bool = False
    """Whether an undo may overwrite what was changed since."""

    @property
    def partial(self) -> str:
        """The name beside its place under which a file is made first; the same after a crash."""
        return f".vfiotui-{self.number:04d}-{self.step}"

    @property
    def boot_ended(self) -> bool:
        """Whether another boot has come since the step was prepared: what lives in the kernel went with the old one."""
        return bool(self.keep.noted(self.step).get("boot", "") != self.target.boot)


class Kind(Protocol):
    """One kind of change; a method that cannot do its work raises ApplyError or OSError.

    A method with a body is right for every kind that has nothing to do there.
    """

    def preview(self, change: Change) -> Iterator[str]:
        """Lines that show a person what will be different: a unified diff where there are texts."""

    def prepare(self, work: StepContext) -> None:
        """Keeps what the way back needs; Conflict where the subject is not as the plan knew it. Writes nothing else."""

    def standing(self, work: StepContext) -> SubjectState:
        """Reads the subject."""

    def holds(self, work: StepContext) -> bytes | None:
        """What the subject holds now, in the form of `before` and `after`; None where there is nothing to show."""
        return None

    def do(self, work: StepContext) -> None:
        """Makes the change."""

    def undo(self, work: StepContext) -> None:
        """Takes it back, from what was kept; also where `do` was killed in the middle."""

    def stays(self, work: StepContext) -> str:
        """What an undo leaves where it is although the change made it, as a sentence; empty where it leaves nothing."""
        return ""

    def tidy(self, work: StepContext) -> None:
        """Removes what a killed `do` or `undo` may have left beside the subject."""
        return

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        """Lines of a POSIX script that check and that do the same; they call the functions of apply/scripts/plan.sh."""

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        """Lines of undo.sh that check, and lines that take back; they call the functions of apply/scripts/undo.sh."""


class LookingKind(Kind, Protocol):
    """A kind that looks at what earlier steps made, changes nothing, and fails the change where it is not right."""

    def wrong(self, work: StepContext) -> str | None:
        """What is not as it should be, as a sentence; None where all is right."""

    def prepare(self, work: StepContext) -> None:
        return

    def standing(self, work: StepContext) -> SubjectState:
        return SubjectState.BEFORE if self.wrong(work) else SubjectState.AFTER

    def do(self, work: StepContext) -> None:
        wrong = self.wrong(work)
        if wrong:
            raise ApplyError(wrong)

    def undo(self, work: StepContext) -> None:
        return

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        return [], []


def must_be_live(work: StepContext) -> None:
    """ApplyError where the target is no running system."""
    if not work.target.is_live:
        raise ApplyError(f"{work.change.subject} belongs to a running kernel: a mounted system has none")


def put_back_line(work: StepContext, kept: str, path: str, before: str) -> str:
    """The line of undo.sh that puts a path back, with the mode, and the attributes that a simple cp would lose."""
    line = f"put_back {kept} {quoted(path)} {quoted(before)}"
    copy = work.keep.path(kept)
    if disk.kind(copy) != "file":
        return line
    meta = work.keep.meta(kept)
    names = " ".join(name for name, _ in meta.xattrs)
    return f"{line} {meta.mode:04o}{f' {quoted(names)}' if names else ''}"


def quoted(text: str) -> str:
    """A word for a shell."""
    return shlex.quote(text)


def _weighed(content: bytes | None) -> str:
    """A content by its size and digest."""
    if content is None:
        return "nothing"
    return f"{len(content)} bytes (SHA-256 {hashlib.sha256(content).hexdigest()})"


def diff_lines(subject: str, before: bytes | None, after: bytes | None, *, around: int = 2) -> Iterator[str]:
    """A unified diff without line ends, with so many equal lines around each change; contents that are no text by size
    and digest."""
    old, new = text_of(before), text_of(after)
    if (before is not None and old is None) or (after is not None and new is None):
        yield f"{subject}: what is no text is not shown: {_weighed(before)} becomes {_weighed(after)}"
        return
    names = ("/dev/null" if old is None else subject, "/dev/null" if new is None else subject)
    for line in difflib.unified_diff((old or "").splitlines(True), (new or "").splitlines(True), *names, n=around):
        yield line.rstrip("\n") + ("" if line.endswith("\n") else "\n\\ no newline at the end of the file")
