"""The journal of one change: its folder, its plan, and what was done, durable before it is done."""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from typing import Any

from vfiotui.apply.errors import ApplyError, os_sentence
from vfiotui.apply.record.backup import KEPT, LIST, PARTIAL, BackupStore, own_meta
from vfiotui.apply.scripts.way_back import RISKY, page
from vfiotui.apply.target import Target
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place
from vfiotui.host.changes import read_plan, read_progress, start_of
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading
from vfiotui.model.change.change_folder import means, next_number, number_of
from vfiotui.model.change.journal import JOURNAL, Process, Progress
from vfiotui.model.change.plan import Plan, to_json

MAKING = ".new"
"""The suffix of a folder that is not yet complete: nothing was changed under it."""
OWN = frozenset({KEPT, LIST, "plan.json", "escape.txt", "undo.sh", "journal", "log", PARTIAL})
"""Names in the folder of a change."""
KEPT_NAME = re.compile(r"[1-9][0-9]*(\.[0-9]+|\.after)?|[1-9][0-9]*(\.done)?\.json|\.partial")
"""Names in its folder before/: copies and notes, by the number of their step."""


def process_of(target: Target, pid: int) -> Process:
    """A process of the running system, named so that it cannot be mistaken."""
    return Process(pid, start_of(Root.live(), pid) or 0, target.boot)


class Journal:
    """One folder below /var/lib/vfiotui/changes."""

    def __init__(self, target: Target, folder: Place) -> None:
        self.target = target
        self.folder = folder
        self.keep = BackupStore(folder)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def number(self) -> int:
        """The number that a person types."""
        return number_of(self.name.removesuffix(MAKING)) or 0

    @property
    def path(self) -> str:
        """The folder, inside the root."""
        return f"{JOURNAL}/{self.name}"

    @property
    def log(self) -> Place:
        """Where the output of commands goes."""
        return self.folder / "log"

    @property
    def script(self) -> Place:
        """The way back without this program."""
        return self.folder / "undo.sh"

    def write(self, event: str, **values: Any) -> None:
        """Adds one line, durably."""
        line = json.dumps({"event": event, **values}, ensure_ascii=True)
        fd = disk.open_regular(self.folder / "journal", os.O_RDWR | os.O_CREAT | os.O_APPEND)
        try:
            size = os.fstat(fd).st_size
            torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
            disk.write_all(fd, f"{chr(10) * torn}{line}\n".encode())
            os.fsync(fd)
        finally:
            os.close(fd)

    def begin(self, event: str, **values: str) -> None:
        """This process works at the change from now on: "apply" or "undo"."""
        me = process_of(self.target, os.getpid())
        at = time.strftime("%Y-%m-%d %H:%M:%S")
        self.write(event, at=at, pid=me.pid, start=me.start, boot=me.boot, host=os.uname().nodename, **values)

    def command(self, step: int, pid: int) -> None:
        """A step's command runs."""
        it = process_of(self.target, pid)
        self.write("command", step=step, pid=it.pid, start=it.start, boot=it.boot)

    def come(self) -> Progress:
        """How far the change came; damaged where its journal cannot be believed."""
        return read_progress(self.target.root, self.path, self.plan())

    def plan(self) -> Reading[Plan]:
        """What was to be done."""
        return read_plan(self.target.root, self.path)

    def put(self, name: str, text: str, mode: int = 0o600) -> None:
        """A file of the folder holds this text."""
        meta = own_meta()
        meta = disk.Meta(mode, meta.uid, meta.gid)
        disk.put_file(self.folder / name, os.fsencode(text), meta, PARTIAL)


def create(target: Target, plan: Plan) -> Journal:
    """A folder with the plan in it, under a name that says that nothing has begun; see `settle`."""
    place = target.journal
    try:
        disk.make_folders(place, 0o700)
        number = next_number(name.removesuffix(MAKING) for name in disk.names(place))
        journal = Journal(target, place / f"{number:04d}-{plan.slug}{MAKING}")
        disk.make_folder(journal.folder, 0o700, exist_ok=False)
        journal.keep.make()
        journal.put("plan.json", to_json(plan))
        if plan.escape or plan.risk >= RISKY:
            # For somebody who reads the disk from another system.
            whole = f"{JOURNAL}/{journal.name.removesuffix(MAKING)}"
            journal.put("escape.txt", "\n".join((*page(plan, whole), "")))
    except OSError as error:
        raise ApplyError(os_sentence(error, f"the journal {place} cannot be written")) from error
    return journal


def _is_unborn(place: Place) -> bool:
    """Whether a folder is one that `create` made and `settle` did not name: nothing but our own files is in it."""
    whole = place.name.removesuffix(MAKING)
    if whole == place.name or number_of(whole) is None or disk.kind(place) != "directory":
        return False
    kept = place / KEPT
    kinds = {name: disk.kind(place / name) for name in disk.names(place)}
    if any(kind != ("directory" if name == KEPT else "file") or name not in OWN for name, kind in kinds.items()):
        return False
    return KEPT not in kinds or all(
        KEPT_NAME.fullmatch(name) and disk.kind(kept / name) in ("file", "link") for name in disk.names(kept)
    )


def clear_unborn(target: Target) -> None:
    """Removes what a process left that was killed before its change had begun; what is not its own stays."""
    place = target.journal
    try:
        for name in disk.names(place):
            if _is_unborn(place / name):
                disk.remove_tree(place / name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ApplyError(os_sentence(error, f"the journal {place} cannot be written")) from error


def discard(journal: Journal) -> None:
    """Removes a folder under which nothing was begun."""
    with contextlib.suppress(OSError):
        disk.remove_tree(journal.folder)


def settle(journal: Journal) -> Journal:
    """Gives a complete folder its name; from here on it is the way back."""
    named = journal.name.removesuffix(MAKING)
    journal.keep.sync()
    disk.sync_folder(journal.folder)
    disk.rename(journal.folder, named)
    return Journal(journal.target, journal.folder.beside(named))


def find(target: Target, wanted: str) -> Journal:
    """The change that a person names by its number or its folder's name; ApplyError where there is none."""
    place = target.journal
    try:
        names = sorted(n for n in disk.names(place) if means(n, wanted))
    except FileNotFoundError:
        names = []
    except OSError as error:
        raise ApplyError(os_sentence(error, f"the journal {place} cannot be read")) from error
    if len(names) > 1 and wanted not in names:
        raise ApplyError(
            f"{' and '.join(names)} have the number {wanted[:20]}: give the whole name of the one you mean"
        )
    if not names:
        raise ApplyError(f"there is no change {wanted[:80]} in {place}: 'vfiotui changes' lists them")
    journal = Journal(target, place / (wanted if wanted in names else names[0]))
    kind = disk.kind(journal.folder)
    if kind != "directory":
        what = "is a symbolic link, which is not followed" if kind == "link" else "is no folder"
        raise ApplyError(f"{journal.folder} {what}: look at it, and remove it if it is not yours")
    return journal
