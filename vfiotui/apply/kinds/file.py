"""A file is written, made or removed; its mode, owner, label and attributes stay."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Iterator

from vfiotui.apply import disk, name
from vfiotui.apply.kinds.kind import Standing, Work, diff_lines, quoted
from vfiotui.apply.trouble import Conflict, Trouble
from vfiotui.model.change import Change
from vfiotui.model.plan import text_of

LIMIT = 64 << 20
END = "VFIOTUI_END_OF_FILE"


def content(place: str) -> bytes | None:
    """The bytes at a name, None where nothing is; Trouble where it is no file."""
    try:
        found = os.lstat(place)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise Trouble(f"{place} is no regular file: it is not touched")
    if found.st_size > LIMIT:
        raise Trouble(f"{place} is larger than {LIMIT} bytes: it is not touched")
    with open(place, "rb") as file:
        return file.read()


class FileKind:
    """Writes, makes and removes regular files."""

    def preview(self, change: Change) -> Iterator[str]:
        yield from diff_lines(change.subject, change.before, change.after)

    def _place(self, work: Work) -> str:
        """The same as at the beginning, although a link may point elsewhere now."""
        noted = work.keep.noted(work.step).get("place")
        return work.site.place(noted) if isinstance(noted, str) else work.site.real_place(work.change.subject)

    def prepare(self, work: Work) -> None:
        place = work.site.real_place(work.change.subject)
        now = content(place)
        if now != work.change.before:
            raise Conflict(
                f"{work.change.subject} is not as it was when the plan was made: "
                f"{'it is gone' if now is None else 'somebody changed it'}; make the plan anew"
            )
        name.keep(work, place, now is not None)

    def standing(self, work: Work) -> Standing:
        now = content(self._place(work))
        if now == work.change.after:
            return Standing.AFTER
        return Standing.BEFORE if now == work.change.before else Standing.FOREIGN

    def holds(self, work: Work) -> bytes | None:
        return content(self._place(work))

    def do(self, work: Work) -> None:
        change, place = work.change, self._place(work)
        if change.after is None:
            disk.remove(place)
            return
        try:
            old = disk.meta_of(place)
            meta = disk.Meta(old.mode, old.uid, old.gid, old.xattrs)
        except FileNotFoundError:
            disk.make_folders(os.path.dirname(place))
            meta = disk.Meta(0o644 if change.mode is None else change.mode, os.geteuid(), os.getegid())
        disk.put_file(place, change.after, meta, work.partial(place))

    def undo(self, work: Work) -> None:
        name.put_back(work, self._place(work), str(work.step), name.made_folders(work))

    def tidy(self, work: Work) -> None:
        name.tidy(work, self._place(work))

    def script(self, change: Change) -> list[str]:
        path = quoted(change.subject)
        if change.after is None:
            return [f"rm -f {path}"]
        folder = [f"mkdir -p {quoted(os.path.dirname(change.subject))}"] if change.before is None else []
        text = text_of(change.after)
        if text is None or not text.endswith("\n") or END in text:
            packed = base64.b64encode(change.after).decode()
            write = [f"printf %s {packed} | base64 -d >{path}"]
        else:
            write = [f"cat >{path} <<'{END}'", *text[:-1].split("\n"), END]
        mode = [f"chmod {change.mode:04o} {path}"] if change.before is None and change.mode is not None else []
        return [*folder, *write, *mode]

    def undo_script(self, work: Work) -> tuple[list[str], list[str]]:
        import hashlib

        return name.undo_lines(
            work, "absent" if work.change.after is None else hashlib.sha256(work.change.after).hexdigest()
        )


KIND = FileKind()
