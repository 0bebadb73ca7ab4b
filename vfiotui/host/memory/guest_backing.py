"""The pages of running guests: from status and control groups at once, from a walk over page tables when asked.

HugetlbPages of /proc/PID/status and memory.stat cost nothing; smaps_rollup walks every page table under the process's
memory lock (filesystems/proc.rst, admin-guide/cgroup-v2.rst), which the guest needs to map memory: with small pages
15 ms for each GiB. It is read when somebody asks, never in a timer.
"""

from __future__ import annotations

import re
import time
from itertools import pairwise

from vfiotui.host.cpu.interrupts import read_uptime
from vfiotui.host.live.process_start import age, read_start
from vfiotui.host.live.visibility import kvm_is_used, why_unseen
from vfiotui.host.live.vmm import Vmm, identify, machine_name
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import replace
from vfiotui.model.memory.guest_backing import GuestBacking, PageCount

HUGE = ("AnonHugePages", "ShmemPmdMapped", "FilePmdMapped")
POOL = ("Shared_Hugetlb", "Private_Hugetlb")


def count_pages(root: Root, pid: int) -> Reading[PageCount]:
    """The pages of one process."""
    path = f"/proc/{pid}/smaps_rollup"
    text = root.text(path)
    if isinstance(text, Unread):
        return text
    rows: dict[str, int] = {}
    for line in text.split("\n")[1:]:
        name, _, rest = line.partition(":")
        word = rest.split()[:1]
        if word and word[0].isdigit() and len(word[0]) < 19:
            rows[name] = int(word[0])
    if "Rss" not in rows or HUGE[0] not in rows:
        return Unread("counts no huge pages", Why.DAMAGED, path)
    return PageCount(rows["Rss"], sum(rows.get(n, 0) for n in HUGE), sum(rows.get(n, 0) for n in POOL))


ROW = re.compile(r"^([A-Za-z_]+):\s+(\d{1,18}) kB", re.MULTILINE)
STAT = re.compile(r"^(\w+) (\d{1,20})$", re.MULTILINE)
SIZE = re.compile(r"(?:^|,)(?:size=)?(\d{1,15})([bkKmMgGtT]?)(?:,|$)")
SHIFTS = {"b": -10, "k": 0, "": 10, "m": 10, "g": 20, "t": 30}
"""To KiB; a bare number of -m is MiB (qemu(1))."""
POOL_FILE = re.compile(r"hugetlb\.(\d{1,6})(KB|MB|GB)\.numa_stat$")
POOL_SHIFTS = {"KB": 0, "MB": 10, "GB": 20}
"""As the hugetlb controller spells the sizes of its pools (mm/hugetlb_cgroup.c, mem_fmt)."""
OWN_GROUP = re.compile(r"machine-qemu|qemu-")
"""How libvirt calls the group of a guest, with and without systemd."""
QEMU_SLICES = frozenset({"machine.slice", "qemu.slice"})
"""Each scope below them is a guest: those of systemd-machined, and of Proxmox (qemu.slice/100.scope)."""
ON_NODE = re.compile(r"N(\d{1,5})=(\d{1,18})")


def memory_of(arguments: list[str]) -> Reading[int]:
    """KiB of -m; the last one wins.

    >>> memory_of(["qemu", "-m", "size=8388608k"]), memory_of(["qemu", "-m", "4096"])
    (8388608, 4194304)
    """
    found: Reading[int] = Unread("QEMU's arguments do not say how much memory the guest has")
    for flag, value in pairwise(arguments):
        match = SIZE.search(value) if flag in ("-m", "--m") else None
        if match:
            shift = SHIFTS[match[2].lower()]
            found = int(match[1]) << shift if shift >= 0 else int(match[1]) >> -shift
    return found


def _rows(root: Root, path: str) -> Reading[dict[str, int]]:
    text = root.text(path, 1 << 16)
    return text if isinstance(text, Unread) else {name: int(value) for name, value in ROW.findall(text)}


def _groups(root: Root, pid: int, controller: str) -> tuple[str, ...]:
    """The folders of a guest's own control group, the innermost first; none where it shares its group with others.

    The path is the kernel's word: libvirt and others name groups differently on every kind of host. A group that no
    known name tells is the guest's own where it holds this process alone.
    """
    for line in or_else(root.lines(f"/proc/{pid}/cgroup", 1 << 16), ()):
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if not path.startswith("/") or ".." in path:
            continue
        if number == "0" and not names:
            top = "/sys/fs/cgroup"
        elif controller in names.split(","):
            top = f"/sys/fs/cgroup/{controller}"
        else:
            continue
        parts = path.strip("/").split("/")
        own = next((i for i in range(len(parts)) if _is_own(parts, i)), None)
        if own is None and parts[-1] and or_else(root.lines(f"{top}{path}/cgroup.procs", 1 << 16), ()) == (str(pid),):
            own = len(parts) - 1
        if own is not None:
            return tuple(f"{top}/{'/'.join(parts[:end])}" for end in range(len(parts), own, -1))
    return ()


def _is_own(parts: list[str], place: int) -> bool:
    """Whether a part of a group's path names the group of one guest."""
    part = parts[place]
    return bool(OWN_GROUP.match(part)) or (part.endswith(".scope") and place > 0 and parts[place - 1] in QEMU_SLICES)


def _transparent(root: Root, pid: int) -> tuple[Reading[int], str]:
    """KiB of transparent huge pages by the control group, and the file that told it."""
    groups = _groups(root, pid, "memory")
    if not groups:
        return Unread("the guest has no control group of its own: only a walk counts them", Why.NOT_HERE), ""
    missing: Unread = Unread("its control group does not count memory", Why.ABSENT, groups[-1])
    for folder in groups:
        text = root.text(f"{folder}/memory.stat", 1 << 16)
        if isinstance(text, Unread):
            missing = text if text.why is not Why.ABSENT else missing
            continue
        stat = {name: int(value) for name, value in STAT.findall(text)}
        # cgroup v1 counts anonymous ones only, as rss_huge.
        names = [n for n in ("anon_thp", "shmem_thp", "file_thp", "rss_huge") if n in stat]
        if names:
            return sum(stat[n] for n in names) >> 10, f"{folder}/memory.stat"
    return missing, ""


def _on_nodes(root: Root, pid: int) -> dict[tuple[int, int], int]:
    """Page size and node → KiB of hugetlbfs; empty where the controller is not switched on."""
    found: dict[tuple[int, int], int] = {}
    for folder in _groups(root, pid, "hugetlb"):
        for name in or_else(root.names(folder), ()):
            match = POOL_FILE.match(name)
            if match is None:
                continue
            size = int(match[1]) << POOL_SHIFTS[match[2]]
            text = or_else(root.text(f"{folder}/{name}", 1 << 16), "")
            line = next((row for row in text.split("\n") if row.startswith(("total=", "hierarchical_total="))), "")
            for node, value in ON_NODE.findall(line):
                if int(value):
                    found.setdefault((size, int(node)), int(value) >> 10)
    return found


def read_guest(root: Root, pid: int) -> GuestBacking:
    """One process by the cheap sources."""
    line = or_else(root.bytes(f"/proc/{pid}/cmdline", 1 << 18), b"")
    words = line.decode("utf-8", "replace").split("\0")
    status = _rows(root, f"/proc/{pid}/status")

    def row(name: str) -> Reading[int]:
        if isinstance(status, Unread):
            return status
        return status.get(name, Unread(f"has no line {name}", Why.ABSENT, f"/proc/{pid}/status"))

    transparent, source = _transparent(root, pid)
    return GuestBacking(
        name=machine_name(words, pid),
        pid=pid,
        memory_kib=memory_of(words),
        resident_kib=row("VmRSS"),
        hugetlb_kib=row("HugetlbPages"),
        transparent_kib=transparent,
        source=source,
        on_nodes=_on_nodes(root, pid),
        # VFIO's first interface locks (VmLck), iommufd pins (VmPin).
        pinned_kib=max(or_else(row("VmLck"), 0), or_else(row("VmPin"), 0)),
    )


def walk(root: Root, guest: GuestBacking) -> GuestBacking:
    """The same guest counted exactly; the kernel walks its page tables meanwhile, and the guest may wait for that."""
    begin = time.monotonic()
    pages = count_pages(root, guest.pid)
    took = (time.monotonic() - begin) * 1e3
    source = f"/proc/{guest.pid}/smaps_rollup"
    if isinstance(pages, Unread):
        return replace(guest, transparent_kib=pages, source=source, walk_ms=took)
    return replace(
        guest,
        resident_kib=pages.rss,
        transparent_kib=pages.huge,
        hugetlb_kib=pages.pool,
        source=source,
        walk_ms=took,
    )


def settled(root: Root, guest: GuestBacking) -> GuestBacking:
    """The same guest; walked where the cheap sources leave open what lies in small pages, and a walk may tell."""
    asks = isinstance(guest.small_kib, Unread) and not isinstance(guest.foretold_ms, Unread)
    return walk(root, guest) if asks and guest.walk_ms is None else guest


class BackingReader:
    """Finds the guests by their processes; each other process costs two looks in all its life."""

    def __init__(self, root: Root, *, ages: bool = False) -> None:
        """`ages`: also since when each guest runs, which no check asks for."""
        self._root = root
        self._ages = ages
        self._looks: dict[int, int] = {}
        self._guests: dict[int, Vmm] = {}
        self._started: dict[int, Reading[float]] = {}
        """When each guest's process began, in seconds after boot."""
        self._undescribed: set[int] = set()

    def read(self) -> Reading[tuple[GuestBacking, ...]]:
        """Every running guest by name; Unread where there is none to be seen and one may run."""
        names = self._root.names("/proc")
        if isinstance(names, Unread):
            return names
        pids = {int(n) for n in names if n.isascii() and n.isdigit() and len(n) < 10}
        self._guests = {p: vmm for p, vmm in self._guests.items() if p in pids}
        self._started = {p: s for p, s in self._started.items() if p in pids}
        self._looks = {p: n for p, n in self._looks.items() if p in pids}
        self._undescribed &= pids
        new = [p for p in sorted(pids - self._guests.keys()) if self._looks.get(p, 0) < 2]
        used = bool(new) and kvm_is_used(self._root)
        for pid in new:
            self._looks[pid] = self._looks.get(pid, 0) + 1
            vmm = identify(self._root, pid, descriptors=used)
            if isinstance(vmm, Unread):
                self._undescribed.add(pid)
            elif vmm is not None:
                self._guests[pid] = vmm
                if self._ages:
                    self._started[pid] = read_start(self._root, pid)
                self._undescribed.discard(pid)
        found = [replace(read_guest(self._root, p), name=vmm.name) for p, vmm in self._guests.items()]
        if self._started:
            now = read_uptime(self._root)
            found = [replace(g, age=age(self._started[g.pid], now)) if g.pid in self._started else g for g in found]
        if not found and (unseen := why_unseen(self._root, len(self._undescribed))) is not None:
            return unseen
        return tuple(sorted(found, key=lambda g: (g.name, g.pid)))
