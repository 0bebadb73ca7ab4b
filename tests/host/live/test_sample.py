"""Live figures: differences between readings, files that stay open, threads that come and go."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.hosts import TOWER
from vfiotui.demo.builder import build
from vfiotui.demo.figures import moving_figures
from vfiotui.host.live import guests as live_guest
from vfiotui.host.live.candidate_processes import TURN
from vfiotui.host.live.cpus import CONSTANT, MOST_PATIENCE, CpuReader
from vfiotui.host.live.guests import GuestReader
from vfiotui.host.live.own_cost import CostReader
from vfiotui.host.live.vmm import guest_name, kind_of
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.live.rates import Rates
from vfiotui.model.live.sample import LiveMoment, Sample, ThreadMoment


class Clock:
    """The demo's time, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def demo(clock: Clock) -> Root:
    return Root(MemoryTree(build(TOWER)), Mode.DEMO, "", moving_figures(TOWER, clock))


class Live:
    """The readers and the rates of one machine; the test moves the clock."""

    def __init__(self, root: Root) -> None:
        self.guests = GuestReader(root)
        self.cpus = CpuReader(root)
        self._rates = Rates()
        self._at = 0.0

    def moment(self, seconds: float = 1.0) -> LiveMoment:
        self._at += seconds
        return self._rates.moment(Sample(self._at, self._at, self.cpus.read(), self.guests.read()))

    def threads(self, name: str, seconds: float = 1.0) -> tuple[ThreadMoment, ...]:
        guests = self.moment(seconds).guests
        assert not isinstance(guests, Unread)
        return next((g.threads for g in guests if g.name == name), ())


def test_the_first_sample_has_no_rates() -> None:
    moment = Live(demo(Clock())).moment()
    assert not isinstance(moment.guests, Unread) and not isinstance(moment.cpus, Unread)
    assert all(isinstance(t.busy, Unread) and "first" in t.busy.reason for g in moment.guests for t in g.threads)
    assert all(isinstance(c.busy, Unread) and isinstance(c.mhz, float) for c in moment.cpus)


def test_later_samples_tell_each_vcpu_with_its_pin_and_delay() -> None:
    clock = Clock()
    live = Live(demo(clock))
    live.moment()
    clock.now += 1
    threads = live.threads("win10")
    vcpus = [t for t in threads if t.kind == "vcpu"]
    assert [t.number for t in vcpus] == list(range(8))
    assert [t.pinned for t in vcpus] == [frozenset({p}) for p in TOWER.guests[0].pins]
    assert [t.ran_on for t in vcpus] == list(TOWER.guests[0].pins)
    assert all(isinstance(t.busy, float) and 0 <= t.busy <= 1 for t in vcpus)
    assert all(isinstance(t.delay_ms, float) and t.delay_ms >= 0 for t in vcpus)
    assert {t.kind for t in threads} == {"vcpu", "emulator", "iothread"}


STAT = "5 (CPU 0/KVM) S 1 5 5 " + "0 " * 15 + "{start} " + "0 " * 16 + "3 " + "0 " * 13


def thread_tree(folder: Path, *, start: int = 100, ran: int = 0, waited: int = 0, pid: int = 5) -> Root:
    """A QEMU process with one vCPU whose counters the test sets."""
    process = folder / f"proc/{pid}"
    for place in (process, process / f"task/{pid}", process / f"task/{pid + 1}"):
        place.mkdir(parents=True, exist_ok=True)
        (place / "comm").write_text("qemu-system-x86\n" if place.name == str(pid) else "CPU 0/KVM\n")
        (place / "stat").write_text(STAT.format(start=start) + "\n")
        (place / "schedstat").write_text(f"{ran} {waited} 7\n")
        (place / "status").write_text("Cpus_allowed_list:\t3\nnonvoluntary_ctxt_switches:\t9\n")
    (process / "cmdline").write_bytes(b"qemu-system-x86_64\0-name\0guest=g,debug-threads=on\0")
    return Root.mounted(str(folder))


def vcpu(live: Live) -> ThreadMoment | None:
    return next((t for t in live.threads("g") if t.kind == "vcpu"), None)


def test_a_rate_is_the_difference_in_the_time_between_two_samples(tmp_path: Path) -> None:
    live = Live(thread_tree(tmp_path, ran=1_000_000_000, waited=0))
    vcpu(live)
    thread_tree(tmp_path, ran=1_500_000_000, waited=30_000_000)
    moment = live.threads("g", 2.0)[0]
    assert (moment.busy, moment.delay_ms, moment.slices) == (0.25, 15.0, 0.0)
    again = live.threads("g", 2.0)[0]
    assert (again.busy, again.delay_ms) == (0.0, 0.0), "the same bytes again: it did not run"


def test_counters_that_run_backwards_give_no_rate(tmp_path: Path) -> None:
    live = Live(thread_tree(tmp_path, ran=9_000, waited=9_000))
    vcpu(live)
    thread_tree(tmp_path, ran=8_000, waited=10_000)
    moment = vcpu(live)
    assert moment is not None and isinstance(moment.busy, Unread)
    assert isinstance(moment.delay_ms, float) and moment.delay_ms >= 0


def test_a_guest_that_ends_is_gone_and_its_files_are_closed(tmp_path: Path) -> None:
    live = Live(thread_tree(tmp_path))
    assert vcpu(live) is not None
    before = len(os.listdir("/proc/self/fd"))
    for task in (tmp_path / "proc/5/task").iterdir():
        (task / "schedstat").write_text("")
    assert vcpu(live) is None
    assert len(os.listdir("/proc/self/fd")) < before


def test_two_guests_of_one_name_have_rows_of_their_own(tmp_path: Path) -> None:
    thread_tree(tmp_path, pid=5)
    live = Live(thread_tree(tmp_path, pid=70))
    guests = live.moment().guests
    assert not isinstance(guests, Unread) and [(g.name, g.pid) for g in guests] == [("g", 5), ("g (70)", 70)]


def test_a_thread_that_has_not_named_itself_yet_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = Live(thread_tree(tmp_path))
    new = tmp_path / "proc/5/task/9"
    shutil.copytree(tmp_path / "proc/5/task/6", new)
    (new / "comm").write_text("qemu-system-x86\n")
    assert len(live.threads("g")) == 2, "it bears its parent's name"
    (new / "comm").write_text("CPU 1/KVM\n")
    later = time.monotonic() + 1.5
    monkeypatch.setattr(live_guest.time, "monotonic", lambda: later)
    assert [(t.kind, t.number) for t in live.threads("g")] == [("vcpu", 0), ("vcpu", 1), ("emulator", 0)]


def test_a_descriptor_never_tells_of_another_thread_with_the_same_id() -> None:
    process = subprocess.Popen(["sleep", "60"])
    kept = Root.live().keep_open(f"/proc/{process.pid}/schedstat")
    assert isinstance(kept.read(), bytes)
    process.kill()
    process.wait()
    gone = kept.read_same()
    assert isinstance(gone, Unread) and gone.why is Why.VANISHED
    kept.close()


def test_a_long_file_of_proc_is_read_to_its_end() -> None:
    path = "/proc/kallsyms"
    kept = Root.live().keep_open(path)
    before, data, after = None, None, Path(path).read_bytes()
    while before != after:  # A program that the kernel is given meanwhile has a name in it, too.
        before, data, after = after, kept.read(1 << 26), Path(path).read_bytes()
    assert data == after and len(after) > 100_000, "the kernel hands it out page by page"
    kept.close()


def test_other_processes_are_hardly_looked_at_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = thread_tree(tmp_path)

    def process(pid: int) -> None:
        place = tmp_path / f"proc/{pid}"
        place.mkdir(exist_ok=True)
        (place / "comm").write_text("bash\n")
        (tmp_path / "proc/loadavg").write_text(f"0.00 0.00 0.00 1/99 {pid}\n")

    for pid in range(100, 140):
        process(pid)
    monkeypatch.setattr(live_guest, "SEARCH_SECONDS", 0.0)
    asked: list[int] = []
    listed: list[str] = []
    real_open = root.tree.open

    def open_and_count(path: str) -> int:
        if path.endswith("/comm") and "/task/" not in path:
            asked.append(int(path.split("/")[2]))
        return real_open(path)

    monkeypatch.setattr(root.tree, "open", open_and_count)
    monkeypatch.setattr("os.listdir", lambda fd, of=os.listdir: listed.append(str(fd)) or of(fd))
    reader = GuestReader(root)
    reader.read()
    strangers = set(asked) - {5}
    assert strangers == set(range(100, 140))
    asked.clear()
    listed.clear()
    for _ in range(3):
        reader.read()
    assert set(asked) == strangers and len(asked) == 3 * TURN, "some in turn: a script may become QEMU"
    assert listed == [], "nobody was born"
    asked.clear()
    process(200)
    reader.read()
    process(201)
    reader.read()
    assert asked.count(200) == 2, "who is new may be between fork and exec"
    (tmp_path / "proc/110/comm").write_text("qemu-system-x86\n")
    (tmp_path / "proc/110/task/110").mkdir(parents=True)
    (tmp_path / "proc/110/task/110/schedstat").write_text("1 1 1\n")
    found = [guests for _ in range(4) if not isinstance(guests := reader.read(), Unread)]
    assert [110 in {g.pid for g in guests} for guests in found][-1], "without any birth"


def test_busy_is_a_share_and_never_above_one() -> None:
    clock = Clock()
    live = Live(demo(clock))
    live.moment()
    clock.now += 5000
    cpus = live.moment().cpus
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
from vfiotui.host.live.cpus import CpuReader
from vfiotui.host.live.guests import GuestReader
from vfiotui.host.live.own_cost import CostReader
from vfiotui.host.root.root import Root
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
    # Processes of others that begin meanwhile are looked at once: as root it has none beside it.
    alone = ("unshare", "--pid", "--fork", "--mount-proc") if os.geteuid() == 0 else ()
    done = subprocess.run([*alone, sys.executable, "-c", OPENS], capture_output=True, text=True, timeout=60)
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


def test_frequencies_that_never_change_are_read_seldom_and_are_seen_when_they_do() -> None:
    shown, looks = [b"processor\t: 0\ncpu MHz\t\t: 2450.000\n"], [0]

    def info() -> bytes:
        looks[0] += 1
        return shown[0]

    moving = {"/proc/stat": lambda: b"cpu  1 0 1 9 0 0 0 0\ncpu0 1 0 1 9 0 0 0 0\nintr 1\n", "/proc/cpuinfo": info}
    reader = CpuReader(Root(MemoryTree({}), Mode.DEMO, "", moving))

    def megahertz() -> object:
        cpus = reader.read()
        assert not isinstance(cpus, Unread)
        return cpus[0].mhz

    for _ in range(CONSTANT + 2):
        reader._info_due = 0.0
        assert megahertz() == 2450.0
    before = looks[0]
    assert megahertz() == 2450.0 and looks[0] == before, "it rests"
    shown[0] = shown[0].replace(b"2450", b"3100")
    reader._info_due = 0.0
    assert megahertz() == 3100.0
    assert reader._info_due - time.monotonic() < MOST_PATIENCE / 2, "it may change again"


def test_where_a_vcpu_without_a_pin_ran_is_read_at_every_sample(tmp_path: Path) -> None:
    root, task = thread_tree(tmp_path), tmp_path / "proc/5/task/6"
    stat, counts = (task / "stat").read_text(), iter(range(1, 9))

    def ran_on(cpu: int, allowed: str = "0-3") -> int | Unread:
        at = stat.rindex(" 3 ")
        (task / "stat").write_text(f"{stat[:at]} {cpu} {stat[at + 3 :]}")
        (task / "status").write_text(f"Cpus_allowed_list:\t{allowed}\nnonvoluntary_ctxt_switches:\t9\n")
        (task / "schedstat").write_text(f"{next(counts)}000 0 7\n")
        moment = vcpu(live)
        assert moment is not None
        return moment.ran_on

    live = Live(root)
    assert [ran_on(cpu) for cpu in (3, 1, 2, 0)] == [3, 1, 2, 0]
