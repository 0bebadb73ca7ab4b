"""A file is written, made or removed; its mode, owner, label and attributes stay."""

from __future__ import annotations

import os
from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError, Conflict
from vfiotui.apply.record.backup import ABSENT, digest_of
from vfiotui.apply.scripts.shell_words import digest as sha256
from vfiotui.apply.scripts.shell_words import printing, word
from vfiotui.apply.steps.step import StepContext, diff_lines
from vfiotui.apply.writes import disk, name
from vfiotui.apply.writes.place import Place
from vfiotui.apply.writes.swap import only_over, remove_only
from vfiotui.model.change.change import Change

LIMIT = 64 << 20


class FileKind(name.NameKind):
    """Writes, makes and removes regular files."""

    def preview(self, change: Change) -> Iterator[str]:
        yield from diff_lines(change.subject, change.before, change.after)

    def read(self, place: Place) -> bytes | None:
        """The bytes at a name, None where nothing is; ApplyError where it is no file."""
        kind = disk.kind(place)
        if kind is None:
            return None
        if kind != "file":
            raise ApplyError(f"{place} is no regular file: it is not touched")
        if disk.stat_of(place).st_size > LIMIT:
            raise ApplyError(f"{place} is larger than {LIMIT} bytes: it is not touched")
        return disk.read(place)

    def _place(self, work: StepContext) -> Place:
        """The same as at the beginning, although a link may point elsewhere now."""
        noted = work.keep.noted(work.step).get("place")
        return work.target.place(noted) if isinstance(noted, str) else work.target.real_place(work.change.subject)

    def prepare(self, work: StepContext) -> None:
        place = work.target.real_place(work.change.subject)
        now = self.read(place)
        if now != work.change.before:
            raise Conflict(
                f"{work.change.subject} is not as it was when the plan was made: "
                f"{'it is gone' if now is None else 'something else changed it'}; make the plan again"
            )
        name.keep(work, place, now is not None)

    def do(self, work: StepContext) -> None:
        change, place, over = work.change, self._place(work), frozenset({name.before(work)})
        if change.after is None:
            remove_only(place, work.partial, over)
            return
        try:
            old = disk.meta_of(place)
            meta = disk.Meta(old.mode, old.uid, old.gid, old.xattrs)
        except FileNotFoundError:
            disk.make_folders(place.above)
            meta = disk.Meta(0o644 if change.mode is None else change.mode, os.geteuid(), os.getegid())
        disk.put_file(place, change.after, meta, work.partial, only_over(over))

    def undo(self, work: StepContext) -> None:
        after = work.change.after
        name.undo(work, self._place(work), ABSENT if after is None else digest_of(after))

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        path, mode = word(change.subject), 0o644 if change.mode is None else change.mode
        if change.after is None:
            doing = [f'rm -f "$(readlink -f {path})"']
        else:
            doing = printing(change.after, f"put {path} {mode:04o}")
        checks = [f"file_is {path} {sha256(change.before)}"]
        return checks, [*doing, f"written {path} {sha256(change.after)}"]

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        return name.undo_lines(work, sha256(work.change.after))


KIND = FileKind()
