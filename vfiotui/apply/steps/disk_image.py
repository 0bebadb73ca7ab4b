"""An image for a guest's disk is made by qemu-img; the undo removes it unless something was written to it since."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import time
from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError, Conflict
from vfiotui.apply.programs.process import run
from vfiotui.apply.scripts.shell_words import word
from vfiotui.apply.steps.step import Kind, StepContext, SubjectState, must_be_live, quoted
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place
from vfiotui.apply.writes.room import free_at, short
from vfiotui.apply.writes.swap import NOREPLACE, UNKNOWN, renameat2
from vfiotui.model.change.change import Change, image_words

MODE = 0o600
"""Its content is the guest's: libvirt gives it to QEMU's user when the guest starts."""
LOCKS = (100, 200)
"""First of the bytes that QEMU locks while it has an image open, and how many (QEMU, block/file-posix.c)."""
FLOCK = "hhqqi4x"


class DiskImageKind(Kind):
    """Images; `after` is the format and the size in bytes."""

    def preview(self, change: Change) -> Iterator[str]:
        if change.after is None:
            yield f"{change.subject} is removed, unless something was written to it: then it is kept"
            return
        form, size = _words(change)
        yield f"$ qemu-img create -f {form} {change.subject} {size}"
        yield "  undone by removing it, unless a guest wrote to it: then it is kept"

    def prepare(self, work: StepContext) -> None:
        must_be_live(work)
        if work.target.program("qemu-img") is None:
            raise ApplyError("qemu-img is not installed here: install it (Debian: qemu-utils)")
        place = work.target.place(work.change.subject)
        if disk.kind(place) is not None:
            raise Conflict(f"{place} is there already: nothing is written over it; make the plan again")
        if disk.kind(place.above) != "directory" and not place.above.is_top:
            raise ApplyError(f"the folder {place.above} is not there: make it first")
        _, size = _words(work.change)
        free = free_at(place)[1]
        if size > free:
            raise ApplyError(short(place.above.path, free, size, f"for {place.name}"))

    def standing(self, work: StepContext) -> SubjectState:
        place = work.target.place(work.change.subject)
        if disk.kind(place) is None:
            return SubjectState.BEFORE
        # One that was written to since is ours as well: the undo keeps it.
        return SubjectState.FOREIGN if self._made(work) is None else SubjectState.AFTER

    def holds(self, work: StepContext) -> bytes | None:
        place = work.target.place(work.change.subject)
        return None if disk.kind(place) is None else _identity(place)

    def _made(self, work: StepContext) -> bytes | None:
        """What identifies the image as it was made; None where it was not."""
        return work.keep.read(f"{work.step}.image")

    def do(self, work: StepContext) -> None:
        change, place = work.change, work.target.place(work.change.subject)
        form, size = _words(change)
        partial = place.beside(work.partial)
        disk.drop(partial)
        path = work.target.outside(partial)
        run(work.target, ("qemu-img", "create", "-q", "-f", form, path, str(size)), work.log, work.started)
        _finish(partial)
        work.keep.write(f"{work.step}.image", _identity(partial))
        with place.folder() as folder:
            _take(folder, partial, place)
        disk.sync_folder(place.above)

    def undo(self, work: StepContext) -> None:
        place = work.target.place(work.change.subject)
        if disk.kind(place) is None or self.stays(work):
            return
        if disk.kind(place) == "file" and _is_open(place):
            raise ApplyError(f"a guest has {place} open: shut it down first, then try again")
        disk.remove(place)

    def stays(self, work: StepContext) -> str:
        place = work.target.place(work.change.subject)
        if disk.kind(place) is None or _identity(place) == self._made(work):
            return ""
        return f"{place} is kept: it was written to since; remove it by hand where nothing in it is needed"

    def tidy(self, work: StepContext) -> None:
        disk.drop(work.target.place(work.change.subject).beside(work.partial))

    def script(self, change: Change) -> tuple[list[str], list[str]]:
        form, size = _words(change)
        path = word(change.subject)
        return (
            ["installed qemu-img", f"file_is {path} absent"],
            [f"qemu-img create -q -f {word(form)} {path} {size}", f"chmod {MODE:04o} {path}"],
        )

    def undo_script(self, work: StepContext) -> tuple[list[str], list[str]]:
        place = work.target.place(work.change.subject)
        return [], [f"drop_image {work.step} {quoted(place.path)}", f"back {work.step}"]


def _words(change: Change) -> tuple[str, int]:
    """Format and size; ApplyError for a step of a damaged plan."""
    try:
        return image_words(change)
    except ValueError as error:
        raise ApplyError(f"{change.subject}: {error}; correct the plan") from error


def _identity(place: Place) -> bytes:
    """What changes when something is written: `stat -c '%i %s %Y'`, as undo.sh asks."""
    found = disk.stat_of(place)
    return f"{found.st_ino} {found.st_size} {int(found.st_mtime)}\n".encode()


def _finish(partial: Place) -> None:
    fd = disk.open_regular(partial, os.O_RDWR)
    try:
        os.fchmod(fd, MODE)
        # In the past by two seconds: a write in this very second changes the time in whole seconds too.
        then = int(time.time()) - 2
        os.utime(fd, (then, then))
        os.fsync(fd)
    finally:
        os.close(fd)


def _take(folder: int, partial: Place, place: Place) -> None:
    try:
        renameat2(folder, partial.name, place.name, NOREPLACE)
    except FileExistsError as error:
        disk.drop(partial)
        raise Conflict(f"{place} was made by something else just now: it is left alone") from error
    except OSError as error:
        if error.errno not in UNKNOWN:
            raise
        if disk.kind(place) is not None:
            disk.drop(partial)
            raise Conflict(f"{place} was made by something else just now: it is left alone") from error
        disk.rename_over(folder, partial.name, place)


def _is_open(place: Place) -> bool:
    """Whether a QEMU has the image open: it holds locks on bytes of it (fcntl(2), open file description locks)."""
    fd = disk.open_regular(place, os.O_RDONLY)
    try:
        asked = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, *LOCKS, 0)
        answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, asked)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP):
            return False
        raise
    finally:
        os.close(fd)
    return bool(struct.unpack(FLOCK, answer)[0] != fcntl.F_UNLCK)


KIND = DiskImageKind()
