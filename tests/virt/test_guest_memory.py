"""Huge pages of real guests: they come and go by the hook, and what is told of them equals smaps to the page."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.locks import GUESTS, alone_with
from tests.pools import fill, held, own_pool
from tests.virt.system_libvirtd import SystemDaemon, until
from vfiotui.formats.libvirt_hooks.pages_hook import pages_hook
from vfiotui.host.memory.guest_backing import BackingReader, count_pages, read_guest, walk
from vfiotui.host.root.root import Root
from vfiotui.live.monitor import Monitor
from vfiotui.model.base.reading import Unread
from vfiotui.model.live.alarm import Alarm, Limits
from vfiotui.model.live.sample import GuestMoment, LiveMoment, Sample
from vfiotui.model.memory.guest_backing import GuestBacking, PageCount

pytestmark = pytest.mark.needs_libvirtd

NOTHING = Unread("not read")
REST = """<vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>{cpu}
<devices><emulator>{emulator}</emulator><controller type='usb' model='none'/><memballoon model='none'/>{more}</devices>
</domain>"""
POOL = "<domain type='qemu'><name>pool</name><memory unit='MiB'>64</memory><memoryBacking><hugepages/></memoryBacking>"
MIX = """<domain type='qemu'><name>mix</name><memory unit='MiB'>160</memory><memoryBacking>
<hugepages><page size='2048' unit='KiB' nodeset='2'/></hugepages><allocation mode='immediate'/></memoryBacking>"""
CELLS = """<cpu><numa><cell id='0' cpus='0' memory='98304' unit='KiB'/>
<cell id='1' memory='32768' unit='KiB' memAccess='shared'/><cell id='2' memory='32768' unit='KiB'/></numa></cpu>"""
"""Of one kind each: transparent huge pages, shared memory in small pages, the pool."""

SMALL = """<domain type='qemu'><name>small</name><memory unit='MiB'>256</memory><memoryBacking>
<source type='memfd'/><allocation mode='immediate'/></memoryBacking>"""
SHARED = "<cpu><numa><cell id='0' cpus='0' memory='262144' unit='KiB' memAccess='shared'/></numa></cpu>"


@pytest.fixture(scope="module")
def daemon() -> Iterator[tuple[SystemDaemon, int]]:
    """The daemon, and how many pages the pool held before."""
    with own_pool() as before, alone_with(GUESTS):
        fill(before + 64)
        fill(before)
        daemon = SystemDaemon()
        daemon.hook(pages_hook(["pool", "mix", "broken"]))
        try:
            daemon.start()
            yield daemon, before
        finally:
            daemon.stop()


def define(daemon: SystemDaemon, head: str, cpu: str = "", more: str = "") -> None:
    daemon.define(
        head.partition("<name>")[2].partition("<")[0], head + REST.format(emulator=daemon.emulator, cpu=cpu, more=more)
    )


def smaps(pid: int, *names: str) -> int:
    """KiB of some rows of /proc/PID/smaps, added up area by area."""
    text = Path(f"/proc/{pid}/smaps").read_text()
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith(tuple(f"{n}:" for n in names)))


def exact_count(pid: int) -> PageCount:
    """The same, area by area."""
    return PageCount(
        smaps(pid, "Rss"),
        smaps(pid, "AnonHugePages", "ShmemPmdMapped", "FilePmdMapped"),
        smaps(pid, "Private_Hugetlb", "Shared_Hugetlb"),
    )


def found(pid: int) -> GuestBacking:
    guests = BackingReader(Root.live()).read()
    assert not isinstance(guests, Unread)
    return next(g for g in guests if g.pid == pid)


def test_a_guest_in_the_pool_takes_its_pages_from_the_hook_and_gives_them_back(
    daemon: tuple[SystemDaemon, int],
) -> None:
    host, before = daemon
    define(host, POOL)
    host.virsh("start", "pool")
    pid = host.pid("pool")
    assert held() == before + 32
    guest = found(pid)
    assert guest.name == "pool" and guest.memory_kib == 65536
    assert guest.hugetlb_kib == smaps(pid, "Private_Hugetlb", "Shared_Hugetlb") == 65536
    assert guest.coverage == 1.0 and guest.short_kib == 0
    host.kill()
    host.start()
    until(lambda: "running" in host.virsh("domstate", "pool").stdout, "the daemon knows its guest again")
    assert os.path.exists(f"/proc/{pid}") and held() == before + 32, "no guest ends by a reconnect, no page moves"
    host.virsh("destroy", "pool")
    assert held() == before


def test_a_start_that_fails_leaves_the_pool_as_it_was(daemon: tuple[SystemDaemon, int]) -> None:
    host, before = daemon
    missing = "<disk type='file'><source file='/nowhere/disk.img'/><target dev='sda'/></disk>"
    define(host, POOL.replace(">pool<", ">broken<"), more=missing)
    assert host.virsh("start", "broken", check=False).returncode != 0
    assert held() == before


def test_after_a_crash_of_guest_and_daemon_the_pages_are_the_hosts_again(daemon: tuple[SystemDaemon, int]) -> None:
    host, before = daemon
    define(host, POOL)
    host.virsh("start", "pool")
    pid = host.pid("pool")
    host.kill()
    os.kill(pid, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{pid}").exists(), "the guest is gone")
    assert held() == before + 32
    host.start()
    until(lambda: held() == before, "the daemon has found that its guest is gone, and the hook has given back")


def test_a_mix_of_pages_is_told_to_the_page(daemon: tuple[SystemDaemon, int]) -> None:
    host, before = daemon
    define(host, MIX, CELLS)
    host.virsh("start", "mix")
    pid = host.pid("mix")
    assert held() == before + 16, "only the cell that asks for the pool"
    os.kill(pid, signal.SIGSTOP)
    until(lambda: "State:\tT" in Path(f"/proc/{pid}/status").read_text(), "the guest stands still")
    before_it, told, exact = exact_count(pid), count_pages(Root.live(), pid), exact_count(pid)
    while before_it != exact:  # khugepaged works at guests that stand still, too.
        before_it, told, exact = exact_count(pid), count_pages(Root.live(), pid), exact_count(pid)
    assert told == exact and exact.pool == 32768
    guest = walk(Root.live(), read_guest(Root.live(), pid))
    assert (guest.transparent_kib, guest.hugetlb_kib) == (exact.huge, exact.pool)
    assert guest.short_kib == 163840 - exact.huge - exact.pool > 0, "the shared cell lies in small pages"
    setting = Path("/sys/kernel/mm/transparent_hugepage/enabled").read_text()
    assert "[never]" in setting or exact.huge > 0
    os.kill(pid, signal.SIGCONT)
    host.virsh("destroy", "mix")
    assert held() == before


def test_a_guest_that_starts_beside_a_recording_and_lies_in_small_pages_is_told_once(
    daemon: tuple[SystemDaemon, int],
) -> None:
    host, _ = daemon
    define(host, SMALL, SHARED)
    monitor = Monitor(Root.live(), Limits())

    def hear(at: float, *pids: int) -> list[Alarm]:
        guests = tuple(GuestMoment("small", pid, ()) for pid in pids)
        alarms = monitor.judge_pages(monitor.settled(at))
        return [*alarms, *monitor.hear_moment(LiveMoment(at, NOTHING, guests, Sample(at, at, NOTHING, NOTHING)))]

    assert hear(0.0) == []
    host.virsh("start", "small")
    pid = host.pid("small")
    until(lambda: (smaps(pid, "Rss")) >= 262144, "its memory is there")
    assert hear(1.0, pid) == [], "it is given time to settle"
    (word,) = hear(30.0, pid)
    assert word.kind == "pages" and "kB of its 262,144 kB in small pages" in word.text
    source = read_guest(Root.live(), pid)
    assert ("counted once, in" in word.text) == isinstance(source.small_kib, Unread), "walked only where need be"
    assert hear(60.0, pid) == [], "told once"
    host.virsh("destroy", "small")
