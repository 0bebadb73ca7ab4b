"""The journal of one change: its folder, its plan, and what was done, durable before it is done."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import Any

from vfiotui.apply import disk
from vfiotui.apply.keep import Keep, own_meta
from vfiotui.apply.site import Site
from vfiotui.apply.trouble import Trouble, os_sentence
from vfiotui.host.changes import read_plan, read_progress, start_of
from vfiotui.host.root import Root
from vfiotui.model.change_folder import means, next_number, number_of
from vfiotui.model.journal import JOURNAL, Process, Progress
from vfiotui.model.plan import Plan, to_json
from vfiotui.model.reading import Reading

MAKING = ".new"
"""The suffix of a folder that is not yet complete: nothing was changed under it."""


def process_of(site: Site, pid: int) -> Process:
    """A process of the running system, named so that it cannot be mistaken."""
    return Process(pid, start_of(Root.live(), pid) or 0, site.boot)


class Journal:
    """One folder below /var/lib/vfiotui/changes."""

    def __init__(self, site: Site, folder: str) -> None:
        self.site = site
        self.folder = folder
        self.keep = Keep(folder)

    @property
    def name(self) -> str:
        """The folder's name."""
        return os.path.basename(self.folder)

    @property
    def number(self) -> int:
        """The number that a person types."""
        return number_of(self.name.removesuffix(MAKING)) or 0

    @property
    def path(self) -> str:
        """The folder, inside the root."""
        return f"{JOURNAL}/{self.name}"

    @property
    def log(self) -> str:
        """Where the output of commands goes."""
        return f"{self.folder}/log"

    @property
    def script(self) -> str:
        """The way back without this program."""
        return f"{self.folder}/undo.sh"

    def write(self, event: str, **values: Any) -> None:
        """Adds one line, durably."""
        line = json.dumps({"event": event, **values}, ensure_ascii=True)
        fd = os.open(f"{self.folder}/journal", os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(fd).st_size
            torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
            disk.write_all(fd, f"{chr(10) * torn}{line}\n".encode())
            os.fsync(fd)
        finally:
            os.close(fd)

    def begin(self, event: str, **values: str) -> None:
        """This process works at the change from now on: "apply" or "undo"."""
        me = process_of(self.site, os.getpid())
        at = time.strftime("%Y-%m-%d %H:%M:%S")
        self.write(event, at=at, pid=me.pid, start=me.start, boot=me.boot, host=os.uname().nodename, **values)

    def command(self, step: int, pid: int) -> None:
        """A step's command runs."""
        it = process_of(self.site, pid)
        self.write("command", step=step, pid=it.pid, start=it.start, boot=it.boot)

    def come(self) -> Progress:
        """How far the change came; damaged where its journal cannot be believed."""
        return read_progress(self.site.root, self.path, self.plan())

    def plan(self) -> Reading[Plan]:
        """What was to be done."""
        return read_plan(self.site.root, self.path)

    def put(self, name: str, text: str, mode: int = 0o600) -> None:
        """A file of the folder holds this text."""
        meta = own_meta()
        meta = disk.Meta(mode, meta.uid, meta.gid)
        disk.put_file(f"{self.folder}/{name}", text.encode(), meta, f"{self.folder}/.partial")


def create(site: Site, plan: Plan) -> Journal:
    """A folder with the plan in it, under a name that says that nothing has begun; see `settle`."""
    place = site.journal
    try:
        disk.make_folders(place, 0o700)
        number = next_number(name.removesuffix(MAKING) for name in os.listdir(place))
        journal = Journal(site, f"{place}/{number:04d}-{plan.slug}{MAKING}")
        os.mkdir(journal.folder, 0o700)
        journal.keep.make()
        journal.put("plan.json", to_json(plan))
        if plan.escape:
            # For somebody who reads the disk from another system.
            journal.put("escape.txt", "\n".join((plan.title, "", *plan.escape, "")))
    except OSError as error:
        raise Trouble(os_sentence(error, f"the journal {site.inside(place)} cannot be written")) from error
    return journal


def clear_unborn(site: Site) -> None:
    """Removes what a process left that was killed before its change had begun."""
    place = site.journal
    try:
        for name in os.listdir(place):
            if name.endswith(MAKING):
                shutil.rmtree(f"{place}/{name}")
    except FileNotFoundError:
        return
    except OSError as error:
        raise Trouble(os_sentence(error, f"the journal {site.inside(place)} cannot be written")) from error


def discard(journal: Journal) -> None:
    """Removes a folder under which nothing was begun."""
    shutil.rmtree(journal.folder, ignore_errors=True)


def settle(journal: Journal) -> Journal:
    """Gives a complete folder its name; from here on it is the way back."""
    named = journal.folder.removesuffix(MAKING)
    journal.keep.sync()
    disk.sync_folder(journal.folder)
    os.rename(journal.folder, named)
    disk.sync_folder(os.path.dirname(named))
    return Journal(journal.site, named)


def find(site: Site, wanted: str) -> Journal:
    """The change that a person names by its number or its folder's name; Trouble where there is none."""
    place = site.journal
    try:
        names = sorted(n for n in os.listdir(place) if means(n, wanted))
    except FileNotFoundError:
        names = []
    except OSError as error:
        raise Trouble(os_sentence(error, f"the journal {site.inside(place)} cannot be read")) from error
    if len(names) > 1 and wanted not in names:
        raise Trouble(f"{' and '.join(names)} have the number {wanted[:20]}: give the whole name of the one you mean")
    if not names:
        raise Trouble(f"there is no change {wanted[:80]} in {site.inside(place)}: 'vfiotui changes' lists them")
    return Journal(site, f"{place}/{wanted if wanted in names else names[0]}")
