"""Live figures: differences between readings, files that stay open, threads that come and go."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from tests.hosts import TOWER
from vfiotui.demo.builder import build
from vfiotui.demo.figures import moving_figures
from vfiotui.host.live_cpu import CpuReader
from vfiotui.host.live_guest import GuestReader, guest_name, kind_of
from vfiotui.host.memory_tree import MemoryTree
from vfiotui.host.own_cost import CostReader
from vfiotui.host.root import Root
from vfiotui.model.facts import Mode
from vfiotui.model.live import GuestMoment, ThreadMoment
from vfiotui.model.reading import Unread


class Clock:
    """The demo's time, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def demo(clock: Clock) -> Root:
    return Root(MemoryTree(build(TOWER)), Mode.DEMO, "", moving_figures(TOWER, clock))


def by_name(guests: object) -> dict[str, GuestMoment]:
    assert isinstance(guests, tuple)
    return {g.name: g for g in guests}


def test_the_first_sample_has_no_rates() -> None:
    guests = GuestReader(demo(Clock())).read()
    threads = by_name(guests)["win10"].threads
    assert not isinstance(threads, Unread)
    assert all(isinstance(t.busy, Unread) and "first" in t.busy.reason for t in threads)
    cpus = CpuReader(demo(Clock())).read()
    assert not isinstance(cpus, Unread)
    assert all(isinstance(c.busy, Unread) and isinstance(c.mhz, float) for c in cpus)


def test_later_samples_tell_each_vcpu_with_its_pin_and_delay() -> None:
    clock = Clock()
    reader = GuestReader(demo(clock))
    reader.read()
    clock.now += 1
    guests = by_name(reader.read())
    assert set(guests) == {"win10"}
    threads = guests["win10"].threads
    assert not isinstance(threads, Unread)
    vcpus = [t for t in threads if t.kind == "vcpu"]
    assert [t.index for t in vcpus] == list(range(8))
    assert [t.pinned for t in vcpus] == [frozenset({p}) for p in TOWER.guests[0].pins]
    assert all(isinstance(t.busy, float) and 0 <= t.busy <= 1 for t in vcpus)
    assert all(isinstance(t.delay_ms, float) and t.delay_ms >= 0 for t in vcpus)
    assert {t.kind for t in threads} == {"vcpu", "emulator", "iothread"}


STAT = "5 (CPU 0/KVM) S 1 5 5 " + "0 " * 15 + "{start} " + "0 " * 16 + "3 " + "0 " * 13


def thread_tree(folder: Path, *, start: int = 100, ran: int = 0, waited: int = 0) -> Root:
    """A QEMU process with one vCPU whose counters the test sets."""
    process = folder / "proc/5"
    for place in (process, process / "task/5", process / "task/6"):
        place.mkdir(parents=True, exist_ok=True)
        (place / "comm").write_text("CPU 0/KVM\n" if place.name == "6" else "qemu-system-x86\n")
        (place / "stat").write_text(STAT.format(start=start) + "\n")
        (place / "schedstat").write_text(f"{ran} {waited} 7\n")
        (place / "status").write_text("Cpus_allowed_list:\t3\nnonvoluntary_ctxt_switches:\t9\n")
    (process / "cmdline").write_bytes(b"qemu-system-x86_64\0-name\0guest=g,debug-threads=on\0")
    return Root.mounted(str(folder))


def vcpu(reader: GuestReader) -> ThreadMoment | None:
    guests = by_name(reader.read())
    if "g" not in guests:
        return None
    threads = guests["g"].threads
    assert not isinstance(threads, Unread)
    return next((t for t in threads if t.kind == "vcpu"), None)


def test_an_id_that_was_given_to_a_new_thread_gives_no_rate(tmp_path: Path) -> None:
    reader = GuestReader(thread_tree(tmp_path, ran=9_000_000_000))
    vcpu(reader)
    thread_tree(tmp_path, start=200, ran=5)
    moment = vcpu(reader)
    assert moment is not None and isinstance(moment.busy, Unread), "counters of another life are no difference"


def test_counters_that_run_backwards_give_no_rate(tmp_path: Path) -> None:
    reader = GuestReader(thread_tree(tmp_path, ran=9_000, waited=9_000))
    vcpu(reader)
    thread_tree(tmp_path, ran=8_000, waited=10_000)
    moment = vcpu(reader)
    assert moment is not None and isinstance(moment.busy, Unread)
    assert isinstance(moment.delay_ms, float) and moment.delay_ms >= 0


def test_a_guest_that_ends_is_gone_and_its_files_are_closed(tmp_path: Path) -> None:
    reader = GuestReader(thread_tree(tmp_path))
    assert vcpu(reader) is not None
    before = len(os.listdir("/proc/self/fd"))
    for task in (tmp_path / "proc/5/task").iterdir():
        (task / "stat").write_text("")
    assert vcpu(reader) is None
    assert len(os.listdir("/proc/self/fd")) < before


def test_busy_is_a_share_and_never_above_one() -> None:
    clock = Clock()
    reader = CpuReader(demo(clock))
    reader.read()
    clock.now += 5000
    cpus = reader.read()
    assert not isinstance(cpus, Unread)
    assert all(isinstance(c.busy, float) and c.busy <= 1 for c in cpus)


def test_names_of_guests_and_threads() -> None:
    assert guest_name(["qemu", "-name", "guest=a,,b,debug-threads=on"]) == "a,b"
    assert guest_name(["qemu", "-name", "plain"]) == "plain"
    assert guest_name(["qemu"]) == ""
    assert kind_of("CPU 17/KVM", False) == ("vcpu", 17)
    assert kind_of("CPU 3/TCG", False) == ("vcpu", 3)
    assert kind_of("IO iothread2", False) == ("iothread", 2)
    assert kind_of("IO mon_iothread", False) == ("other", 0)
    assert kind_of("anything", True) == ("emulator", 0)


OPENS = """
import json, sys
from vfiotui.host.live_cpu import CpuReader
from vfiotui.host.live_guest import GuestReader
from vfiotui.host.own_cost import CostReader
from vfiotui.host.root import Root
root = Root.live()
cpus, guests, cost = CpuReader(root), GuestReader(root), CostReader()
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
for _ in range(2):
    cpus.read(); guests.read(); cost.read()
first = len(opened)
opened.clear()
for _ in range(5):
    cpus.read(); guests.read()
print(json.dumps({"first": first, "later": opened}))
"""


def test_nothing_is_opened_again_in_the_steady_state() -> None:
    done = subprocess.run([sys.executable, "-c", OPENS], capture_output=True, text=True, timeout=60)
    told: Mapping[str, object] = json.loads(done.stdout)
    assert told["first"] and told["later"] == [], done.stderr


def test_the_running_cpus_are_read() -> None:
    reader = CpuReader(Root.live())
    reader.read()
    threading.Event().wait(0.05)
    cpus = reader.read()
    assert not isinstance(cpus, Unread) and len(cpus) == os.cpu_count()
    reader.close()


def test_own_cost_is_known_after_two_readings() -> None:
    reader = CostReader()
    reader.read()
    sum(i * i for i in range(200_000))
    cost = reader.read()
    assert isinstance(cost.cpu_ms, float) and cost.cpu_ms > 0
    assert isinstance(cost.rss_kib, int) and cost.rss_kib > 1000
