"""Threads of running guests at this moment: where they ran, how long, and how long they waited.

schedstat holds nanoseconds on a CPU, nanoseconds runnable and waiting, and time slices
(Documentation/scheduler/sched-stats.rst). Guests are found by their processes, libvirt or not.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from itertools import pairwise

from vfiotui.host.root import KeptFile, Root
from vfiotui.model.cpuset import parse_list
from vfiotui.model.live import GuestMoment, ThreadMoment
from vfiotui.model.reading import Counter, Reading, Unread, Why, or_else, rate

QEMU = re.compile(r"(qemu-system-|qemu-kvm|kvm$)")
NAME = re.compile(r"(?:^|,)guest=((?:[^,]|,,)*)|^([^,=]+)(?:,|$)")
VCPU = re.compile(r"CPU (\d{1,5})/(?:KVM|TCG)$")
IOTHREAD = re.compile(r"IO (?!mon_)\D*(\d{0,5})$")
STATUS_SECONDS = 5.0
"""status costs six times what schedstat costs: it is read less often."""
SEARCH_SECONDS = 10.0
FIRST = Unread("first sample", Why.NOT_HERE)
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
    """One thread with its open files and last counters."""

    kind: str
    index: int
    tid: int
    schedstat: KeptFile
    stat: KeptFile
    status: KeptFile
    started: int = -1
    counters: dict[str, Counter] = field(default_factory=dict)
    pinned: Reading[frozenset[int]] = FIRST
    forced: Reading[float] = FIRST
    status_at: float = 0.0

    def close(self) -> None:
        for kept in (self.schedstat, self.stat, self.status):
            kept.close()


class GuestReader:
    """Reads the threads of all guests; discovers guests and threads anew only now and then."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._guests: dict[int, tuple[str, list[_Thread]]] = {}
        self._searched = 0.0

    def look_again(self) -> None:
        """Searches for guests at the next reading."""
        self._searched = 0.0

    def read(self) -> Reading[tuple[GuestMoment, ...]]:
        """Every running guest by name."""
        now = time.monotonic()
        if now - self._searched > SEARCH_SECONDS or not self._searched:
            missing = self._search()
            if missing is not None:
                return missing
            self._searched = now
        found = []
        for pid, (name, threads) in list(self._guests.items()):
            moments = [self._moment(t) for t in threads]
            alive = tuple(m for m in moments if m is not None)
            if not alive:
                self._forget(pid)
                self._searched = 0.0
                continue
            found.append(GuestMoment(name, pid, alive))
        return tuple(sorted(found, key=lambda g: g.name))

    def close(self) -> None:
        """Lets all files go."""
        for pid in list(self._guests):
            self._forget(pid)

    def _forget(self, pid: int) -> None:
        for thread in self._guests.pop(pid)[1]:
            thread.close()

    def _search(self) -> Unread | None:
        names = self._root.names("/proc")
        if isinstance(names, Unread):
            return names
        pids = {int(n) for n in names if n.isdigit() and len(n) < 10}
        for gone in self._guests.keys() - pids:
            self._forget(gone)
        for pid in pids:
            if pid in self._guests:
                self._find_threads(pid)
                continue
            comm = or_else(self._root.text(f"/proc/{pid}/comm", 4096), "")
            if QEMU.match(comm):
                line = or_else(self._root.bytes(f"/proc/{pid}/cmdline", 1 << 18), b"")
                words = line.decode("utf-8", "replace").split("\0")
                self._guests[pid] = (guest_name(words) or f"QEMU {pid}", [])
                self._find_threads(pid)
        return None

    def _find_threads(self, pid: int) -> None:
        name, known = self._guests[pid]
        tids = {int(n) for n in or_else(self._root.names(f"/proc/{pid}/task"), ()) if n.isdigit() and len(n) < 10}
        kept = [t for t in known if t.tid in tids]
        for gone in known:
            if gone.tid not in tids:
                gone.close()
        for tid in sorted(tids - {t.tid for t in kept}):
            folder = f"/proc/{pid}/task/{tid}"
            kind, index = kind_of(or_else(self._root.text(f"{folder}/comm", 4096), ""), tid == pid)
            # Workers come and go by the dozen; they are what "emulator" stands for.
            if kind != "other":
                schedstat, stat, status = (
                    self._root.keep_open(f"{folder}/{f}") for f in ("schedstat", "stat", "status")
                )
                kept.append(_Thread(kind, index, tid, schedstat, stat, status))
        order = {"vcpu": 0, "emulator": 1, "iothread": 2}
        self._guests[pid] = (name, sorted(kept, key=lambda t: (order[t.kind], t.index, t.tid)))

    def _moment(self, thread: _Thread) -> ThreadMoment | None:
        """The thread now, or None when it has ended."""
        stat = thread.stat.read(4096)
        at = time.monotonic()
        if isinstance(stat, Unread):
            return None
        fields = stat.rpartition(b")")[2].split()
        if len(fields) < 37 or not fields[19].isdigit() or not fields[36].isdigit():
            return None
        started = int(fields[19])
        if started != thread.started:
            # The id was given to a new thread: its counters begin anew.
            thread.started = started
            thread.counters.clear()
            thread.status_at = 0.0
        busy, delay, slices = self._rates(thread, at)
        self._status(thread, at)
        return ThreadMoment(
            kind=thread.kind,
            index=thread.index,
            tid=thread.tid,
            pinned=thread.pinned,
            ran_on=int(fields[36]),
            busy=busy if isinstance(busy, Unread) else min(busy / 1e9, 1.0),
            delay_ms=delay if isinstance(delay, Unread) else delay / 1e6,
            slices=slices,
            forced=thread.forced,
        )

    def _rates(self, thread: _Thread, at: float) -> tuple[Reading[float], Reading[float], Reading[float]]:
        data = thread.schedstat.read(256)
        if isinstance(data, Unread):
            return data, data, data
        words = data.split()
        if len(words) != 3 or not all(w.isdigit() and len(w) < 20 for w in words):
            bad = Unread("is no schedstat", Why.DAMAGED, thread.schedstat.path)
            return bad, bad, bad
        if words == [b"0", b"0", b"0"]:
            return NO_SCHEDSTAT, NO_SCHEDSTAT, NO_SCHEDSTAT
        found: list[Reading[float]] = []
        for key, word in zip(("run", "wait", "slices"), words, strict=True):
            now = Counter(at, int(word))
            found.append(rate(thread.counters.get(key), now))
            thread.counters[key] = now
        return found[0], found[1], found[2]

    def _status(self, thread: _Thread, at: float) -> None:
        if thread.status_at and at - thread.status_at < STATUS_SECONDS:
            return
        thread.status_at = at
        data = thread.status.read(8192)
        if isinstance(data, Unread):
            thread.pinned = thread.forced = data
            return
        rows = dict(line.split(b":\t", 1) for line in data.split(b"\n") if b":\t" in line)
        allowed = rows.get(b"Cpus_allowed_list")
        thread.pinned = (
            Unread("shows no allowed CPUs", Why.ABSENT)
            if allowed is None
            else parse_list(allowed.decode("ascii", "replace"))
        )
        switches = rows.get(b"nonvoluntary_ctxt_switches", b"").strip()
        if switches.isdigit() and len(switches) < 20:
            now = Counter(at, int(switches))
            thread.forced = rate(thread.counters.get("forced"), now)
            thread.counters["forced"] = now
        else:
            thread.forced = Unread("shows no involuntary switches", Why.ABSENT)
