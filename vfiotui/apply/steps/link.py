"""A symbolic link is made, pointed elsewhere or removed."""

from __future__ import annotations

import os
from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError, Conflict
from vfiotui.apply.record.backup import ABSENT
from vfiotui.apply.scripts.shell_words import word
from vfiotui.apply.steps.step import StepContext, quoted
from vfiotui.apply.writes import disk, name
from vfiotui.apply.writes.place import Place
from vfiotui.apply.writes.swap import only_over, remove_only
from vfiotui.model.change.change import Change


def shown(value: bytes | None) -> str:
    """A target for a person."""
    return "nothing" if value is None else value.decode("utf-8", "replace")


def _target_word(value: bytes | None) -> str:
    """A target for the script; ApplyError where it is no text."""
    try:
        return word((value or b"").decode("utf-8"))
    except UnicodeDecodeError as error:
        raise ApplyError("the target of a link is no UTF-8") from error


class LinkKind(name.NameKind):
    """Symbolic links; what they point to is not touched."""

    def preview(self, change: Change) -> Iterator[str]:
        yield f"{change.subject} -> {shown(change.before)} becomes -> {shown(change.after)}"

    def read(self, place: Place) -> bytes | None:
        """Where a link points, None where nothing is; ApplyError where it is no link."""
        try:
            return disk.readlink(place).encode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ApplyError(f"{place} is no symbolic link: it is not touched") from error

    def prepare(self, work: StepContext) -> None:
        place = self._place(work)
        if self.read(place) != work.change.before:
            raise Conflict(f"{work.change.subject} points elsewhere than when the plan was made; make the plan again")
        name.keep(work, place, work.change.before is not None)

    def do(self, work: StepContext) -> None:
        place, over = self._place(work), frozenset({name.before(work)})
        if work.change.after is None:
            remove_only(place, work.partial, over)
            return
        disk.make_folders(place.above)
        disk.put_link(place, os.fsdecode(work.change.after), work.partial, only_over(over))

    def undo(self, work: StepContext) -> None:
        after = work.change.after
        word = ABSENT if after is None else f"link:{os.fsdecode(after)}"
        name.undo(work, self._place(work), word)

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        path, before, after = word(change.subject), _target_word(change.before), _target_word(change.after)
        checks = [f"link_is {path} {before}"]
        if change.after is None:
            return checks, [f"rm -f {path}"]
        folder = word(os.path.dirname(change.subject))
        return checks, [f"mkdir -p {folder}", f"ln -sfn -- {after} {path}", f"link_is {path} {after}"]

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        after = work.change.after
        return name.undo_lines(work, "absent" if after is None else quoted(f"link:{shown(after)}"))


KIND = LinkKind()
