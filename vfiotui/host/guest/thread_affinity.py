"""Where the kernel lets the threads of a guest run: Cpus_allowed_list of /proc/PID/task/TID/status (proc(5))."""

from __future__ import annotations

from vfiotui.host.live.vmm import kind_of
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.cpu.cpuset import parse_list
from vfiotui.model.cpu.pinning import EMULATOR, thread_in_pins
from vfiotui.model.cpu.topology import CpuSet

MOST = 4096
"""Threads of a process that are looked at: a guest has at most 4,096 vCPUs, of which few hosts have a tenth."""
SIZE = 16 << 10
ROW = "Cpus_allowed_list:"


def affinities(root: Root, pid: int) -> Reading[tuple[tuple[str, CpuSet], ...]]:
    """Each thread that can be pinned, as v0, emu or io1, with its CPUs; Unread where one of them does not show them.

    A thread that ends meanwhile is left out.
    """
    folder = f"/proc/{pid}/task"
    names = root.names(folder)
    if isinstance(names, Unread):
        return names
    found: dict[str, CpuSet] = {}
    for name in sorted((n for n in names if n.isdecimal() and len(n) < 10), key=int)[:MOST]:
        comm = root.peek(f"{folder}/{name}/comm", 64)
        if isinstance(comm, Unread) and comm.why is not Why.VANISHED:
            return comm
        word = or_else(comm, b"").decode("utf-8", "replace").rstrip("\n")
        thread = thread_in_pins(*kind_of(word, int(name) == pid))
        cpus = _allowed(root, f"{folder}/{name}/status") if thread else None
        if isinstance(cpus, Unread) and cpus.why is not Why.VANISHED:
            return cpus
        if cpus is not None and not isinstance(cpus, Unread):
            found[thread] = cpus
    if EMULATOR not in found:
        return Unread("does not show where its first thread may run", Why.ABSENT, folder)
    return tuple(found.items())


def _allowed(root: Root, path: str) -> Reading[CpuSet]:
    status = root.peek(path, SIZE)
    if isinstance(status, Unread):
        return status
    lines = status.decode("utf-8", "replace").splitlines()
    row = next((line for line in lines if line.startswith(ROW)), None)
    return Unread("shows no allowed CPUs", Why.DAMAGED, path) if row is None else parse_list(row[len(ROW) :].strip())
