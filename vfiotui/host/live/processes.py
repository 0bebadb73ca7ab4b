"""Whose processes are, since when they run and how they were started, as psutil tells it.

Not for what is sampled: a look costs a tenth of a millisecond. Open device nodes are read from /proc/PID/fd (psutil's
open_files() leaves character devices out).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Any

from vfiotui.host.root.root import Root
from vfiotui.host.root.tree import FolderTree
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.live.process_info import ProcessInfo

ELSEWHERE = Unread("is known of a running system only", Why.NOT_HERE, "/proc")
_ONE = threading.Lock()
"""psutil has one PROCFS_PATH for all threads."""


def describe(root: Root, pids: Iterable[int]) -> dict[int, Reading[ProcessInfo]]:
    """Each process with what is known of it; Unread for one that has ended, or that this root cannot show.

    A mounted system has processes where the kernel's own proc file system is mounted at its /proc.
    """
    wanted = tuple(dict.fromkeys(pids))
    if not wanted:
        return {}
    if not root.is_live and not isinstance(root.tree, FolderTree):
        return dict.fromkeys(wanted, ELSEWHERE)
    try:
        import psutil
    except ImportError as error:
        return dict.fromkeys(wanted, Unread(f"psutil cannot be loaded ({error})", Why.NOT_HERE))
    folder = "/proc" if root.is_live else f"{os.path.realpath(root.label)}/proc"
    if not root.is_live and not _is_procfs(psutil, folder):
        return dict.fromkeys(wanted, ELSEWHERE)
    with _ONE:
        before, psutil.PROCFS_PATH = psutil.PROCFS_PATH, folder
        try:
            return {pid: _one(psutil, pid, named=root.is_live) for pid in wanted}
        finally:
            psutil.PROCFS_PATH = before


def _is_procfs(psutil: Any, folder: str) -> bool:
    """Whether the kernel's processes are there: plain files of a disk could be FIFOs, and anything else."""
    try:
        return any(p.fstype == "proc" and p.mountpoint == folder for p in psutil.disk_partitions(all=True))
    except (OSError, ValueError):
        return False


def _one(psutil: Any, pid: int, named: bool) -> Reading[ProcessInfo]:
    """`named` where the users of the running system are those of the process."""
    path = f"/proc/{pid}"
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            owner = process.username() if named else str(process.uids().real)
            return ProcessInfo(_text(owner), process.create_time(), tuple(map(_text, process.cmdline())))
    except psutil.NoSuchProcess:
        return Unread("has ended", Why.ABSENT, path)
    except psutil.AccessDenied:
        return Unread("is hidden from this user", Why.FORBIDDEN, path)
    except (psutil.Error, OSError, ValueError, IndexError) as error:
        return Unread(f"cannot be described ({error})", Why.DAMAGED, path)


def _text(word: str) -> str:
    return word.encode("utf-8", "replace").decode("utf-8")
