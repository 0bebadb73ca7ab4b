"""The journal of changes, read as it lies in the root: one folder for each change."""

from __future__ import annotations

import time

from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.change.change_folder import FOLDER
from vfiotui.model.change.journal import BUSY, JOURNAL, ChangeRecord, Process, Progress, State, damaged, progress
from vfiotui.model.change.journal_events import JOURNAL_LIMIT
from vfiotui.model.change.plan import BadPlan, Plan, from_json

PLAN_LIMIT = 64 << 20
LOG_LIMIT = 4 << 20
LEASE = 60.0
"""Seconds for which a journal lives after it was touched: a process at work on a change touches it more often."""
BOOT_ID = "/proc/sys/kernel/random/boot_id"


def boot_id(root: Root) -> str:
    """The name of the running boot, empty where there is none (random(4))."""
    return or_else(root.text(BOOT_ID, 256), "").strip()


def start_of(root: Root, pid: int) -> int | None:
    """When a process began, in clock ticks after boot; None when there is no such process (proc(5), stat field 22)."""
    text = root.text(f"/proc/{pid}/stat", 4096)
    if isinstance(text, Unread):
        return None
    fields = text.rpartition(")")[2].split()
    return int(fields[19]) if len(fields) > 19 and fields[0] not in "ZX" and fields[19].isdigit() else None


def runs(live: Root, process: Process | None) -> bool:
    """Whether exactly this process is alive on the running system."""
    if process is None or (process.boot and process.boot != boot_id(live)):
        return False
    return start_of(live, process.pid) == process.start


def _refused(root: Root, path: str, kind: str) -> Unread | None:
    """Why a name of the journal is not opened: it is a link, or not of its kind; None where it may be."""
    found = root.stat(path, follow=False)
    if isinstance(found, Unread):
        return found
    if found.kind == "link":
        return Unread("is a symbolic link, which is not followed", Why.DAMAGED, path)
    if found.kind != kind:
        return Unread("is no folder" if kind == "directory" else "is no regular file", Why.NOT_A_FILE, path)
    return None


def _bytes(root: Root, folder: str, name: str, limit: int) -> Reading[bytes]:
    """A file in the folder of a change, which both must be what they are by their names: no disk leads elsewhere."""
    path = f"{folder}/{name}"
    return _refused(root, folder, "directory") or _refused(root, path, "file") or root.bytes(path, limit)


def names(root: Root) -> Reading[tuple[str, ...]]:
    """The names in the journal; ABSENT where there is none, and Unread too where a link stands in its place."""
    above = JOURNAL.rpartition("/")[0]
    return _refused(root, above, "directory") or _refused(root, JOURNAL, "directory") or root.names(JOURNAL)


def read_plan(root: Root, folder: str) -> Reading[Plan]:
    """The plan of one folder of the journal."""
    data = _bytes(root, folder, "plan.json", PLAN_LIMIT)
    if isinstance(data, Unread):
        return data
    try:
        return from_json(data.decode("utf-8", "replace"))
    except BadPlan as error:
        return Unread(str(error), Why.DAMAGED, f"{folder}/plan.json")


def read_progress(root: Root, folder: str, plan: Reading[Plan]) -> Progress:
    """How far one change came; damaged where its journal is not there or cannot be believed."""
    data = _bytes(root, folder, "journal", JOURNAL_LIMIT)
    if isinstance(data, Unread):
        return damaged(f"its journal {data.reason}")
    return progress(data, len(plan.steps) if isinstance(plan, Plan) else None)


def same_boot(root: Root, record: ChangeRecord) -> bool:
    """Whether the running system has not been started anew since a change that the next boot makes true."""
    return _same_boot(root, record.progress, record.plan)


def _same_boot(root: Root, come: Progress, plan: Reading[Plan]) -> bool:
    waits = isinstance(plan, Plan) and plan.waits_for_boot and root.origin is Mode.LIVE
    return waits and come.boot == boot_id(root)


def works_elsewhere(root: Root, folder: str, come: Progress) -> bool:
    """Whether a process of another system, or of another start of this one, may be at work at a change: its journal
    lives. What runs there cannot be seen from here."""
    process = come.process
    if come.state not in BUSY or process is None or process.boot in ("", boot_id(Root.live())):
        return False
    found = root.stat(f"{folder}/journal")
    return not isinstance(found, Unread) and abs(time.time() - found.mtime) < LEASE


def _state(root: Root, folder: str, come: Progress, plan: Reading[Plan]) -> State:
    """The state that a person sees: a dead process is an interruption, an outstanding boot is waited for."""
    if come.state in BUSY and not runs(Root.live() if root.said is None else root, come.process):
        return come.state if works_elsewhere(root, folder, come) else State.INTERRUPTED
    return State.WAITING if come.state is State.DONE and _same_boot(root, come, plan) else come.state


def read_one(root: Root, name: str) -> ChangeRecord | None:
    """The change in a folder of the journal, or None where the name is no change's."""
    match = FOLDER.fullmatch(name)
    if match is None:
        return None
    folder = f"{JOURNAL}/{match[0]}"
    plan = read_plan(root, folder)
    come = read_progress(root, folder, plan)
    title = match[2] if isinstance(plan, Unread) else plan.title
    return ChangeRecord(int(match[1]), match[2], _state(root, folder, come, plan), title, folder, come, plan)


def read_log(root: Root, folder: str) -> Reading[str]:
    """What the commands of one change said so far; empty where it ran none."""
    data = _bytes(root, folder, "log", LOG_LIMIT)
    if isinstance(data, Unread):
        return "" if data.why is Why.ABSENT else data
    return data.decode("utf-8", "replace").replace("\0", "").replace("\r", "").rstrip("\n")


def read(root: Root) -> Reading[tuple[ChangeRecord, ...]]:
    """All changes, newest first; none where there is no journal yet."""
    there = names(root)
    if isinstance(there, Unread):
        return () if there.why is Why.ABSENT else there
    found = filter(None, (read_one(root, name) for name in there))
    return tuple(sorted(found, key=lambda c: -c.number))
