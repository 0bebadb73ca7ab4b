"""Threads of running guests at this moment: where they ran, how long, and how long they waited.

schedstat holds nanoseconds on a CPU, nanoseconds runnable and waiting, and time slices
(Documentation/scheduler/sched-stats.rst). Guests are found by their processes, libvirt or not (host/live/vmm.py).

Every file stays open. A descriptor of /proc belongs to one thread for ever: when the thread has ended it gives no
more data, even if its id has been given to another one.
"""

from __future__ import annotations

import time

from vfiotui.host.live.candidate_processes import CandidateProcesses
from vfiotui.host.live.kvm_descriptors import NOTHING, Descriptors, read_descriptors, vcpu_threads
from vfiotui.host.live.task_list import Births
from vfiotui.host.live.visibility import hidden_processes, kvm_is_used, why_unseen
from vfiotui.host.live.vmm import Vmm, identify, kind_of
from vfiotui.host.root.root import KeptFile, KeptFolder, Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.cpuset import format_list, parse_list
from vfiotui.model.live.sample import GuestCount, ThreadCount

SCANS = 2
"""How often the descriptors of a process are looked at: it may not have made its virtual machine the first time."""
STATUS_SECONDS = 5.0
"""status costs six times what schedstat costs: it is read less often."""
SEARCH_SECONDS = 10.0
YOUNG_LOOKS, YOUNG_SECONDS = 3, 1.0
"""A thread bears its parent's name until it names itself: one with its process's name is looked at so often, so soon.
"""
SPARING = 12
"""How much less often both are done while no screen shows the newest sample."""
NOT_YET = Unread("not read yet", Why.NOT_HERE)
NOT_COUNTED = (b"0 0 0\n", b"0 0 0")
NO_SCHEDSTAT = Unread("this kernel counts no scheduling delays", Why.ABSENT)
ADVICE = "start QEMU with -name NAME,debug-threads=on, or run this as root with debugfs mounted"
NO_VCPU = Unread("it has no vCPU yet", Why.NOT_HERE)
NO_KVM = Unread(
    "its threads have no names and it does not use KVM: start QEMU with -name NAME,debug-threads=on", Why.NOT_HERE
)


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
    uncounted: Unread | None = None
    """Why the kernel counts no times of it."""

    def lives(self) -> bool:
        """Whether the thread is still there."""
        file = self.schedstat if self.uncounted is None else self.stat
        return not isinstance(file.read_same(64), Unread)

    def close(self) -> None:
        for kept in (self.schedstat, self.stat, self.status):
            kept.close()


class _Guest:
    """One process with its threads."""

    def __init__(self, root: Root, vmm: Vmm, name: str) -> None:
        self.name = name
        self.pid = vmm.pid
        self.is_qemu = vmm.is_qemu
        self.tasks: KeptFolder = root.keep_folder(f"/proc/{vmm.pid}/task")
        self.threads: list[_Thread] = []
        self.others: dict[int, int] = {}
        """Its threads that are not worth watching → how often more they are opened to learn that."""
        self.descriptors: Reading[Descriptors] = NOTHING
        self.missing: Unread | None = None
        """Why vCPUs of it are not among its threads."""

    def close(self) -> None:
        self.tasks.close()
        for thread in self.threads:
            thread.close()


class GuestReader:
    """Reads the threads of all guests; looks for new guests and threads only now and then.

    Other processes cost nothing but their name in the list of /proc, every ten seconds if a process has started; their
    descriptors are looked at when they are new.
    """

    def __init__(self, root: Root) -> None:
        self._root = root
        self._processes = root.keep_folder("/proc")
        self._guests: dict[int, _Guest] = {}
        self._births = Births(root)
        self._pids: set[int] = set()
        self._candidates = CandidateProcesses()
        self._undescribed: set[int] = set()
        """Processes that do not show whether they run a guest."""
        self._kvm_used = False
        self._scans: dict[int, int] = {}
        """Process → how often its descriptors were looked at."""
        self._searched = 0.0
        self.unseen: Unread | None = None
        """Why more guests may run than are shown."""
        self._why_none: Unread | None = None
        """The same where no guest is seen."""
        self.sparing = False
        """Whether no screen shows the newest sample: pins and guests without an event are read less often."""

    def look_again(self) -> None:
        """Searches for guests at the next reading."""
        self._searched = 0.0
        self._candidates.forget()

    def read(self, focus: str = "") -> Reading[tuple[GuestCount, ...]]:
        """Every running guest by name; Unread where there is none to be seen and one may run.

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
            if any(any(g.others.values()) for g in self._guests.values()):
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
            found.append(GuestCount(guest.name, pid, tuple(counts), guest.missing))
        if not found and self._why_none is not None:
            return self._why_none
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
            self.unseen = hidden_processes(self._root)
            before, self._kvm_used = self._kvm_used, kvm_is_used(self._root)
            if self._kvm_used and not before:
                # No descriptors have been looked at so far.
                self._candidates.forget()
            self._scans = {p: n for p, n in self._scans.items() if p in self._pids}
            for gone in self._guests.keys() - self._pids:
                self._forget(gone)
            for guest in self._guests.values():
                self._find_threads(guest)
        else:
            for guest in self._guests.values():
                if any(guest.others.values()) or guest.missing is not None:
                    self._find_threads(guest)
        self._undescribed &= self._pids
        begins = not self._scans
        new, again = self._candidates.due(self._pids - self._guests.keys())
        # Most processes that come later end before they are due again: that is when their descriptors are looked at.
        for pid in new:
            self._meet(pid, descriptors=begins)
        for pid in again:
            self._meet(pid, descriptors=True)
        self._why_none = None if self._guests else why_unseen(self._root, len(self._undescribed))
        return None

    def _meet(self, pid: int, *, descriptors: bool) -> None:
        scans = self._scans.get(pid, 0)
        if descriptors := descriptors and self._kvm_used and scans < SCANS:
            self._scans[pid] = scans + 1
        vmm = identify(self._root, pid, descriptors=descriptors)
        if isinstance(vmm, Unread):
            self._undescribed.add(pid)
            return
        if vmm is None:
            return
        name = vmm.name
        # Two daemons, of the system and of a user, may both run a guest of that name: the older one keeps it.
        if any(g.name == name for g in self._guests.values()):
            name = f"{name} ({pid})"
        self._undescribed.discard(pid)
        guest = self._guests[pid] = _Guest(self._root, vmm, name)
        self._find_threads(guest)

    def _find_threads(self, guest: _Guest) -> None:
        pid = guest.pid
        tids = {int(n) for n in or_else(guest.tasks.names(), ()) if n.isdigit() and len(n) < 10}
        kept = {}
        for thread in guest.threads:
            if thread.count.tid in tids and thread.lives():
                kept[thread.count.tid] = thread
            else:
                thread.close()
        looks = {tid: left for tid, left in guest.others.items() if tid in tids}
        fresh = sorted(t for t in tids - kept.keys() if looks.get(t, YOUNG_LOOKS))
        names = {tid: self._comm(f"{pid}/task/{tid}") for tid in fresh}
        kinds = {tid: kind_of(name, tid == pid) for tid, name in names.items()}
        if guest.missing is not None or not any(k == "vcpu" for k, _ in kinds.values()):
            by_name = [t for t in kept.values() if t.count.kind == "vcpu"]
            if guest.missing is not None or not by_name:
                kinds |= self._unnamed_vcpus(guest, tids, kept, bool(fresh))
        for tid, (kind, number) in kinds.items():
            if kind == "other":
                continue
            looks.pop(tid, None)
            if tid in kept:
                kept[tid].close()
            kept[tid] = self._open(pid, tid, kind, number)
        comm = self._comm(str(pid)) if fresh else ""
        for tid in names.keys() - kept.keys():
            looks[tid] = looks.get(tid, YOUNG_LOOKS) - 1 if names[tid] == comm else 0
        guest.others = looks
        order = {"vcpu": 0, "emulator": 1, "iothread": 2}
        guest.threads = sorted(kept.values(), key=lambda t: (order[t.count.kind], t.count.number, t.count.tid))

    def _unnamed_vcpus(
        self, guest: _Guest, tids: set[int], kept: dict[int, _Thread], fresh: bool
    ) -> dict[int, tuple[str, int]]:
        """The threads that run vCPUs by descriptors, where none bears the name of one; notes what stays unknown."""
        if fresh or isinstance(guest.descriptors, Unread):
            guest.descriptors = read_descriptors(self._root, guest.pid)
        found = guest.descriptors
        if isinstance(found, Unread):
            guest.missing = Unread(f"its threads have no names and its descriptors are not shown: {ADVICE}", found.why)
            return {}
        if not found.vcpus:
            guest.missing = NO_VCPU if found.vms or not guest.is_qemu else NO_KVM
            return {}
        known = {t.count.number for t in kept.values() if t.count.kind == "vcpu"}
        left = Descriptors(found.vms, {fd: n for fd, n in found.vcpus.items() if n not in known})
        asked = tids - {tid for tid, t in kept.items() if t.count.kind == "vcpu"}
        threads = vcpu_threads(self._root, guest.pid, asked, left) if left.vcpus else {}
        open_ = sorted(set(left.vcpus.values()) - set(threads.values()))
        which = f"thread of vCPU {open_[0]} has no name" if len(open_) == 1 else ""
        which = which or f"threads of vCPUs {format_list(open_)} have no names"
        guest.missing = Unread(f"the {which}: {ADVICE}") if open_ else None
        if not open_ and found.vms > 1:
            guest.missing = Unread(
                f"its process runs {found.vms} virtual machines, and their vCPUs have the same numbers"
            )
        return {tid: ("vcpu", number) for tid, number in threads.items()}

    def _comm(self, place: str) -> str:
        return or_else(self._root.peek(f"/proc/{place}/comm", 64), b"").decode("utf-8", "replace").rstrip("\n")

    def _open(self, pid: int, tid: int, kind: str, number: int) -> _Thread:
        folder = f"/proc/{pid}/task/{tid}"
        schedstat, stat, status = (self._root.keep_open(f"{folder}/{f}") for f in ("schedstat", "stat", "status"))
        count = ThreadCount(kind, number, tid, NOT_YET, NOT_YET, NOT_YET, NOT_YET, NOT_YET, NOT_YET, 0.0)
        uncounted = schedstat.read(64)
        if not isinstance(uncounted, Unread) or isinstance(stat.read(64), Unread):
            return _Thread(schedstat, stat, status, count)
        # The thread is there and its times are not: a kernel without CONFIG_SCHED_INFO.
        why = NO_SCHEDSTAT if uncounted.why is Why.ABSENT else uncounted
        return _Thread(schedstat, stat, status, count, uncounted=why)

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
            if thread.uncounted is not None:
                data = thread.uncounted
                ran_on = _ran_on(thread.stat.read_same(4096), thread.stat.path)
                if isinstance(ran_on, Unread) and ran_on.why in (Why.VANISHED, Why.ABSENT):
                    return None
            elif data.why is Why.VANISHED or not thread.raw:
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
