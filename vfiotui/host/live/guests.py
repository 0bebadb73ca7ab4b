"""Threads of running guests at this moment: where they ran, how long, and how long they waited.

schedstat holds nanoseconds on a CPU, nanoseconds runnable and waiting, and time slices
(Documentation/scheduler/sched-stats.rst). Guests are found by their processes, libvirt or not.

Every file stays open. A descriptor of /proc belongs to one thread for ever: when the thread has ended it gives no
more data, even if its id has been given to another one.
"""

from __future__ import annotations

import re
import time
from itertools import pairwise

from vfiotui.host.live.candidate_processes import CandidateProcesses
from vfiotui.host.live.task_list import Births
from vfiotui.host.root.root import KeptFile, KeptFolder, Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.cpuset import parse_list
from vfiotui.model.live.sample import GuestCount, ThreadCount

QEMU = re.compile(r"(qemu-system-|qemu-kvm|kvm$)")
NAME = re.compile(r"(?:^|,)guest=((?:[^,]|,,)*)|^([^,=]+)(?:,|$)")
VCPU = re.compile(r"CPU (\d{1,5})/(?:KVM|TCG)$")
IOTHREAD = re.compile(r"IO (?!mon_)\D*(\d{0,5})$")
STATUS_SECONDS = 5.0
"""status costs six times what schedstat costs: it is read less often."""
SEARCH_SECONDS = 10.0
YOUNG_LOOKS, YOUNG_SECONDS = 3, 1.0
"""A thread bears its parent's name until it names itself: one with QEMU's own name is looked at so often, so soon."""
SPARING = 12
"""How much less often both are done while no screen shows the newest sample."""
NOT_YET = Unread("not read yet", Why.NOT_HERE)
NOT_COUNTED = (b"0 0 0\n", b"0 0 0")
NO_SCHEDSTAT = Unread("this kernel counts no scheduling delays", Why.ABSENT)


def guest_name(arguments: list[str]) -> str:
    """The name of QEMU's -name argument: guest=NAME with doubled commas, or a bare NAME.

    >>> guest_name(["qemu", "-name", "guest=win10,debug-threads=on"])
    'win10'
    """
    for flag, value in pairwise(arguments):
        if flag in ("-name", "--name"):
            match = NAME.search(value)
            if match:
                return (match[1] or match[2] or "").replace(",,", ",")
    return ""


def kind_of(name: str, is_main: bool) -> tuple[str, int]:
    """What a thread is, by its name."""
    if is_main:
        return "emulator", 0
    vcpu, iothread = VCPU.match(name), IOTHREAD.match(name)
    if vcpu:
        return "vcpu", int(vcpu[1])
    return ("iothread", int(iothread[1] or 0)) if iothread else ("other", 0)


@dataclass(slots=True)
class _Thread:
    """One thread with its open files and what they held last."""

    schedstat: KeptFile
    stat: KeptFile
    status: KeptFile
    count: ThreadCount
    raw: bytes = b""
    pin: int = -1
    """The only CPU it may run on, or -1."""

    def close(self) -> None:
        for kept in (self.schedstat, self.stat, self.status):
            kept.close()


class _Guest:
    """One process with its threads."""

    def __init__(self, root: Root, pid: int, name: str) -> None:
        self.name = name
        self.pid = pid
        self.tasks: KeptFolder = root.keep_folder(f"/proc/{pid}/task")
        self.threads: list[_Thread] = []
        self.others: dict[int, int] = {}
        """Its threads that are not worth watching → how often more they are opened to learn that."""

    def close(self) -> None:
        self.tasks.close()
        for thread in self.threads:
            thread.close()


class GuestReader:
    """Reads the threads of all guests; looks for new guests and threads only now and then.

    Other processes cost nothing but their name in the list of /proc, every ten seconds if anybody was born.
    """

    def __init__(self, root: Root) -> None:
        self._root = root
        self._processes = root.keep_folder("/proc")
        self._guests: dict[int, _Guest] = {}
        self._births = Births(root)
        self._pids: set[int] = set()
        self._strangers = CandidateProcesses()
        self._searched = 0.0
        self.sparing = False
        """Whether no screen shows the newest sample: pins and guests without an event are read less often."""

    def look_again(self) -> None:
        """Searches for guests at the next reading."""
        self._searched = 0.0
        self._strangers.forget()

    def read(self, focus: str = "") -> Reading[tuple[GuestCount, ...]]:
        """Every running guest by name.

        Where a thread ran is read at every reading for the guest in `focus` ("" stands for all of them), else as
        seldom as its pins.
        """
        now = time.monotonic()
        patience = SPARING if self.sparing else 1
        if now - self._searched > SEARCH_SECONDS * patience or not self._searched:
            missing = self._search()
            if missing is not None:
                return missing
            self._searched = now
            if any(map(any, (g.others.values() for g in self._guests.values()))):
                self._searched -= SEARCH_SECONDS * patience - YOUNG_SECONDS
        found = []
        due_before = now - STATUS_SECONDS * patience
        for pid, guest in list(self._guests.items()):
            seen = focus in ("", guest.name)
            counts = [c for t in guest.threads if (c := self._count(t, seen, now, due_before)) is not None]
            if not counts:
                self._forget(pid)
                self._searched = 0.0
                continue
            if len(counts) < len(guest.threads):
                self._searched = 0.0
            found.append(GuestCount(guest.name, pid, tuple(counts)))
        return tuple(sorted(found, key=lambda g: g.name))

    def close(self) -> None:
        """Lets all files go."""
        self._processes.close()
        self._births.close()
        for pid in list(self._guests):
            self._forget(pid)

    def _forget(self, pid: int) -> None:
        self._guests.pop(pid).close()

    def _search(self) -> Unread | None:
        if self._births.born(0) is None or not self._searched:
            names = self._processes.names()
            if isinstance(names, Unread):
                return names
            self._pids = {int(n) for n in names if n.isdigit() and len(n) < 10}
            for gone in self._guests.keys() - self._pids:
                self._forget(gone)
            for guest in self._guests.values():
                self._find_threads(guest)
        else:
            for guest in self._guests.values():
                if any(guest.others.values()):
                    self._find_threads(guest)
        for pid in self._strangers.whom(self._pids - self._guests.keys()):
            self._meet(pid)
        return None

    def _meet(self, pid: int) -> None:
        comm = or_else(self._root.peek(f"/proc/{pid}/comm", 64), b"").decode("utf-8", "replace").rstrip("\n")
        if not QEMU.match(comm):
            return
        line = or_else(self._root.bytes(f"/proc/{pid}/cmdline", 1 << 18), b"")
        words = line.decode("utf-8", "replace").split("\0")
        name = guest_name(words) or f"QEMU {pid}"
        # Two daemons, of the system and of a user, may both run a guest of that name: the older one keeps it.
        if any(g.name == name for g in self._guests.values()):
            name = f"{name} ({pid})"
        guest = self._guests[pid] = _Guest(self._root, pid, name)
        self._find_threads(guest)

    def _find_threads(self, guest: _Guest) -> None:
        tids = {int(n) for n in or_else(guest.tasks.names(), ()) if n.isdigit() and len(n) < 10}
        kept = []
        for thread in guest.threads:
            if thread.count.tid in tids and not isinstance(thread.schedstat.read_same(64), Unread):
                kept.append(thread)
            else:
                thread.close()
        known = {t.count.tid for t in kept}
        looks = guest.others = {tid: left for tid, left in guest.others.items() if tid in tids}
        for tid in sorted(t for t in tids - known if looks.get(t, YOUNG_LOOKS)):
            opened = self._open(guest.pid, tid)
            if isinstance(opened, _Thread):
                looks.pop(tid, None)
                kept.append(opened)
            else:
                looks[tid] = looks.get(tid, YOUNG_LOOKS) - 1 if QEMU.match(opened) else 0
        order = {"vcpu": 0, "emulator": 1, "iothread": 2}
        guest.threads = sorted(kept, key=lambda t: (order[t.count.kind], t.count.number, t.count.tid))

    def _open(self, pid: int, tid: int) -> _Thread | str:
        """A thread that is worth watching, else its name; workers come and go by the dozen, and stand for nothing."""
        folder = f"/proc/{pid}/task/{tid}"
        name = or_else(self._root.text(f"{folder}/comm", 4096), "")
        kind, index = kind_of(name, tid == pid)
        if kind == "other":
            return name
        schedstat, stat, status = (self._root.keep_open(f"{folder}/{f}") for f in ("schedstat", "stat", "status"))
        count = ThreadCount(kind, index, tid, NOT_YET, NOT_YET, NOT_YET, NOT_YET, NOT_YET, NOT_YET, 0.0)
        return _Thread(schedstat, stat, status, count)

    def _count(self, thread: _Thread, seen: bool, now: float, due_before: float) -> ThreadCount | None:
        """The thread now, or None when it has ended; what is dear is read if that was last done before some time."""
        data = thread.schedstat.read_same(256)
        last = thread.count
        due = last.status_at <= due_before or not last.status_at
        if data == thread.raw and not due:
            return last
        kind, number, tid, pinned, ran_on, run, wait, slices, forced, status_at = last
        if not data:
            return None
        if isinstance(data, Unread):
            if data.why is Why.VANISHED or not thread.raw:
                return None
            run = wait = slices = data
        else:
            run, wait, slices = _schedstat(data, thread.schedstat.path)
            # A thread with one CPU ran there; that it still has only one is seen with its status.
            if thread.pin >= 0:
                ran_on = thread.pin
            if due or (seen and thread.pin < 0):
                told = _ran_on(thread.stat.read_same(4096), thread.stat.path)
                if isinstance(told, Unread) and told.why is Why.VANISHED:
                    return None
                ran_on = told
            thread.raw = data
        if due:
            pinned, forced = _status(thread.status.read_same(8192))
            status_at = now
            thread.pin = next(iter(pinned)) if not isinstance(pinned, Unread) and len(pinned) == 1 else -1
        count = thread.count = ThreadCount(kind, number, tid, pinned, ran_on, run, wait, slices, forced, status_at)
        return count


def _schedstat(data: bytes, path: str) -> tuple[Reading[int], Reading[int], Reading[int]]:
    try:
        run, wait, slices = map(int, data.split())
    except ValueError:
        run = wait = slices = -1
    if (run | wait | slices) < 0 or len(data) > 80:
        bad = Unread("is no schedstat", Why.DAMAGED, path)
        return bad, bad, bad
    if not run and data in NOT_COUNTED:
        return NO_SCHEDSTAT, NO_SCHEDSTAT, NO_SCHEDSTAT
    return run, wait, slices


def _ran_on(data: Reading[bytes], path: str) -> Reading[int]:
    """Field 39 of stat; the name before it may hold anything."""
    if isinstance(data, Unread):
        return data
    fields = data.rpartition(b")")[2].split()
    if not fields:
        return Unread("vanished while it was read", Why.VANISHED, path)
    if len(fields) < 37 or not fields[36].isdigit() or len(fields[36]) > 6:
        return Unread("shows no CPU", Why.DAMAGED, path)
    return int(fields[36])


def _status(data: Reading[bytes]) -> tuple[Reading[frozenset[int]], Reading[int]]:
    """The CPUs that a thread may run on, and its involuntary switches."""
    if isinstance(data, Unread):
        return data, data
    allowed, switches = _row(data, b"Cpus_allowed_list"), _row(data, b"nonvoluntary_ctxt_switches") or b""
    return (
        Unread("shows no allowed CPUs", Why.ABSENT)
        if allowed is None
        else parse_list(allowed.decode("ascii", "replace")),
        int(switches)
        if switches.isdigit() and len(switches) < 20
        else Unread("shows no involuntary switches", Why.ABSENT),
    )


def _row(data: bytes, name: bytes) -> bytes | None:
    """What stands in a row of status; only two of its sixty are wanted, so the others are not looked at."""
    at = data.find(b"\n%b:" % name)
    return None if at < 0 else data[at + len(name) + 2 :].partition(b"\n")[0].strip()
