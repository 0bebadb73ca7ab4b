"""Keeps the doctor's last reports, so that a later one can say what changed.

They lie in the state directory, one folder for each machine, the newest name last. Keeping one never fails a report:
what goes wrong is a sentence for the user. A damaged report is passed over.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.finding.comparison import Past, PastReport
from vfiotui.rules.aliases import current

KEPT = 20
"""Reports of one machine; older ones are deleted."""
SYSTEM = "/var/lib/vfiotui"
SIZE_LIMIT = 16 << 20
NAME = re.compile(r"\d{8}T\d{6}Z-\d{3}\.json")
"""The time, and a number for those of one second: names sort by age."""


def state_folder(environment: Mapping[str, str], uid: int) -> str:
    """Where this program keeps what lasts: what XDG_STATE_HOME says, root's /var/lib/vfiotui, or the user's own."""
    given = environment.get("XDG_STATE_HOME", "")
    if given.startswith("/"):
        return f"{given.rstrip('/')}/vfiotui"
    return SYSTEM if uid == 0 else f"{environment.get('HOME', '/nonexistent').rstrip('/')}/.local/state/vfiotui"


def machine_folder(state: str, host: str, mode: str, label: str) -> str:
    """The folder of one machine's reports; two roots of one host are two machines."""
    name = re.sub(r"[^A-Za-z0-9-]", "_", host)[:40]
    mark = hashlib.sha256(f"{mode}\0{label}\0{host}".encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f"{state}/reports/{name}-{mark}"


def _names(folder: str) -> list[str]:
    with contextlib.suppress(OSError):
        return sorted(n for n in os.listdir(folder) if NAME.fullmatch(n))
    return []


def _not_ours(folder: str) -> str:
    """Why a machine's folder, or one of the two above it, is not this user's alone, as a sentence; empty where it is.

    A link there, or a folder of somebody else's, would decide where root writes and deletes.
    """
    for place in (os.path.dirname(os.path.dirname(folder)), os.path.dirname(folder), folder):
        try:
            found = os.lstat(place)
        except OSError:
            return ""
        if not stat.S_ISDIR(found.st_mode):
            return f"{place} is no folder"
        if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return f"{place} can be changed by other users"
    return ""


def _content(path: str) -> bytes:
    """A kept report; nothing is waited for, and no link followed."""
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("is no file")
        return file.read(SIZE_LIMIT)


def last_report(folder: str) -> Reading[PastReport]:
    """The newest report that can be read; Unread where there is none."""
    reason = "no earlier report of this machine was kept"
    foreign = _not_ours(folder)
    if foreign:
        return Unread(f"no earlier report is believed: {foreign}", Why.FORBIDDEN, folder)
    for name in reversed(_names(folder)):
        try:
            return parse_report(_content(f"{folder}/{name}"))
        except OSError as error:
            reason = f"the earlier report cannot be read: {(error.strerror or 'unreadable').lower()}"
        except (ValueError, KeyError, TypeError, RecursionError):
            reason = "the earlier report is damaged"
    return Unread(reason, Why.ABSENT, folder)


def parse_report(data: bytes) -> PastReport:
    """A kept report with the codes of today; raises ValueError, KeyError or TypeError where it is none."""
    document = json.loads(data)
    findings = (Past(*(str(f[k]) for k in Past.__slots__)) for f in document["findings"])
    return PastReport(str(document["taken"]), tuple(replace(f, code=current(f.code)) for f in findings))


def keep_report(folder: str, findings: Iterable[Past], now: float | None = None) -> Unread | None:
    """Keeps a report under the time `now` (seconds since 1970), and deletes the oldest; the reason where it cannot."""
    moment = time.gmtime(time.time() if now is None else now)
    document = {
        "taken": time.strftime("%Y-%m-%dT%H:%M:%SZ", moment),
        "findings": [{k: getattr(f, k) for k in Past.__slots__} for f in findings],
    }
    foreign = _not_ours(folder)
    if foreign:
        return Unread(f"this report is not kept: {foreign}", Why.FORBIDDEN, folder)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        place = _free_name(folder, time.strftime("%Y%m%dT%H%M%SZ", moment))
        _write(folder, place, json.dumps(document, ensure_ascii=True).encode())
        for name in _names(folder)[:-KEPT]:
            os.unlink(f"{folder}/{name}")
    except OSError as error:
        return Unread(f"this report is not kept: {(error.strerror or 'cannot be written').lower()}", Why.ABSENT, folder)
    return None


def _free_name(folder: str, stamp: str) -> str:
    taken = [int(n[-8:-5]) for n in _names(folder) if n.startswith(stamp)]
    return f"{folder}/{stamp}-{min(max(taken, default=-1) + 1, 999):03}.json"


def _write(folder: str, place: str, data: bytes) -> None:
    """The name holds everything or is not there, after a power cut too."""
    fd, partial = tempfile.mkstemp(prefix=".vfiotui-", dir=folder)
    try:
        with open(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, place)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise
