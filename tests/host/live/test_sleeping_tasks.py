"""Sleeping tasks cost a look nothing, and whoever wakes is named all the same."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vfiotui.host.live.interference import MEMORY_SECONDS, PATIENCE, CulpritReader
from vfiotui.host.live.task_table import AWAKE
from vfiotui.host.root.root import Root
from vfiotui.host.root.tree import FolderTree
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread
from vfiotui.model.live.interference import Culprit, Culprits

CPU = 1
CPUS = frozenset({CPU})
JUST_BORN = 10**12
"""Ticks after boot: later than any look."""


class CountingTree(FolderTree):
    """Counts what is opened and listed."""

    def __init__(self, prefix: str) -> None:
        super().__init__(prefix)
        self.opened: list[str] = []

    def open(self, path: str) -> int:
        self.opened.append(path)
        return super().open(path)

    def names(self, path: str) -> list[str]:
        self.opened.append(path)
        return super().names(path)


class Machine:
    """Two CPUs and some tasks, as files; a step is a second."""

    def __init__(self, folder: Path, sleepers: int = 0) -> None:
        self._proc = folder / "proc"
        (self._proc / "self").mkdir(parents=True)
        (self._proc / "self/schedstat").write_text("7 7 7\n")
        for table in ("interrupts", "softirqs"):
            (self._proc / table).write_text("      CPU0 CPU1\n  LOC:  5  5  Local timer interrupts\n")
        self._ran: dict[int, int] = {}
        self._idle = [0.0, 0.0]
        self._seconds = 1000.0
        self.forks = self.last = 0
        for tid in range(1000, 1000 + sleepers):
            self.task(tid, ran=0.2)
        self.step()
        self.tree = CountingTree(str(folder))
        self.reader = CulpritReader(Root(self.tree, Mode.DEMO), lambda: self._seconds)

    def task(self, tid: int, ran: float = 0.0, cpu: int = CPU, start: int = 5) -> None:
        """A task is there that has run so many seconds."""
        place = self._proc / f"{tid}/task/{tid}"
        place.mkdir(parents=True, exist_ok=True)
        ticks = int(ran * 100)
        text = f"{tid} (task {tid}) S 1 1 1 0 -1 0 0 0 0 0 {ticks} 0 0 0 20 0 1 0 {start} {'0 ' * 16}{cpu} 0 0\n"
        (place / "stat").write_text(text)
        (self._proc / f"{tid}/schedstat").write_text(f"{int(ran * 1e9)} 0 {ticks}\n")
        self._ran[tid] = int(ran * 1e9)
        self.last = max(self.last, tid)

    def gone(self, tid: int) -> None:
        """A task has ended."""
        for name in (f"task/{tid}/stat", "schedstat"):
            (self._proc / f"{tid}/{name}").unlink()
        (self._proc / f"{tid}/task/{tid}").rmdir()
        (self._proc / f"{tid}/task").rmdir()
        (self._proc / f"{tid}").rmdir()

    def step(self, busy: float = 0.0, elsewhere: float = 0.0) -> None:
        """A second passes, of which the looked-at CPU and the other one were busy so long."""
        self._seconds += 1.0
        self._idle[CPU] += 100 - 100 * busy
        self._idle[1 - CPU] += 100 - 100 * elsewhere
        rows = [f"cpu{n} 0 0 0 {i:.0f} 0 0 0 0 0 0" for n, i in enumerate(self._idle)]
        whole = f"cpu  0 0 0 {sum(self._idle):.0f} 0 0 0 0 0 0"
        text = "\n".join(
            [whole, *rows, "intr 1 2 3", "ctxt 9", *([f"processes {self.forks}"] if self.forks else []), ""]
        )
        (self._proc / "stat").write_text(text)
        (self._proc / "loadavg").write_text(f"0.10 0.20 0.30 1/99 {self.last}\n")

    def look(self) -> Culprits:
        """One look at the CPU."""
        self.tree.opened.clear()
        return self.reader.read(CPUS)

    def settled(self) -> Machine:
        """After two looks in which nobody ran."""
        assert isinstance(self.look().found, Unread)
        self.step()
        assert self.look().found == ()
        return self


def named(look: Culprits) -> dict[int, float]:
    return {c.tid: round(c.share, 3) for c in look.on(CPU)}


@pytest.mark.parametrize("sleepers", [10, 300])
def test_sleepers_are_neither_opened_nor_listed(tmp_path: Path, sleepers: int) -> None:
    machine = Machine(tmp_path, sleepers)
    machine.task(500)
    assert isinstance(machine.look().found, Unread)
    for n in (1, 2):
        machine.task(500, ran=0.5 * n)
        machine.step(busy=0.5)
        assert named(machine.look()) == {500: 0.5}
    for n in range(3, PATIENCE):
        machine.task(500, ran=0.5 * n)
        machine.step(busy=0.5)
        look = machine.look()
        assert named(look) == {500: 0.5}
        assert (look.tasks, look.others) == (1, sleepers)
        assert machine.tree.opened == [], "its files stay open"
    reads = []
    for _ in range(5):
        machine.step()
        reads.append(machine.look().tasks)
    assert sleepers + 1 in reads, "once in a long while all are read though nothing asks for it"
    machine.reader.close()


def test_a_task_that_wakes_is_named_in_the_look_in_which_it_ran(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 20).settled()
    for _ in range(50):
        machine.step()
        assert machine.look().tasks == 0
    machine.task(1007, ran=0.2 + 0.8)
    machine.step(busy=0.8)
    assert named(machine.look()) == {1007: 0.8}


def test_one_that_has_slept_again_is_left_out(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 20).settled()
    machine.task(1007, ran=1.0)
    machine.step(busy=0.8)
    looked = []
    for _ in range(AWAKE + 3):
        looked.append(machine.look().tasks)
        machine.step()
    assert looked == [20, *[1] * (AWAKE + 1), 0]


def test_what_is_older_than_the_look_is_not_told_as_its_share(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 20).settled()
    machine.task(1003, ran=90.0, cpu=0)
    machine.step(elsewhere=1.0)
    assert machine.look().tasks == 0, "it ran on a CPU that nobody looks at"
    machine.task(1003, ran=90.3)
    machine.task(1004, ran=0.4)
    machine.step(busy=0.5)
    assert named(machine.look()) == {1004: 0.2}, "1003 ran 90 s since it was read, and most of that before"
    machine.task(1003, ran=90.5)
    machine.step(busy=0.2)
    assert named(machine.look()) == {1003: 0.2}


def test_little_but_always_adds_up(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 20).settled()
    for n in range(1, 6):
        machine.task(1003, ran=0.2 + 0.03 * n)
        machine.step(busy=0.03)
        look = machine.look()
        if 1003 in named(look):
            break
    assert named(look) == {1003: 0.03}


def test_a_new_task_is_found_without_the_list_of_all(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 20).settled()
    machine.forks += 1
    machine.task(1025, ran=0.6, start=JUST_BORN)
    machine.step(busy=0.6)
    assert named(machine.look()) == {1025: 0.6}
    assert "/proc" not in machine.tree.opened


def test_all_are_listed_where_too_many_were_born(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 20).settled()
    machine.forks += 9000
    machine.task(9000, ran=0.6, start=JUST_BORN)
    machine.step(busy=0.6)
    assert named(machine.look()) == {9000: 0.6}


def test_tasks_that_are_gone_are_told_as_that(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 20).settled()
    machine.forks += 1
    machine.step(busy=0.7)
    assert machine.look().on(CPU) == (Culprit(CPU, "ended", "tasks that have ended", 0, pytest.approx(0.7), 0.0),)


def test_nothing_is_said_to_have_ended_where_births_are_not_told(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 20)
    machine.forks = 0
    machine.settled()
    machine.step(busy=0.7)
    assert machine.look().on(CPU) == ()


def test_one_that_was_known_and_ended_is_told_too(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 20).settled()
    machine.gone(1005)
    machine.step(busy=0.7)
    assert [c.kind for c in machine.look().on(CPU)] == ["ended"]


def test_nothing_is_said_to_have_ended_where_a_task_only_changed_its_cpu(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 20).settled()
    machine.forks += 1
    machine.task(1005, ran=1.2, cpu=1 - CPU)
    machine.step(busy=0.7, elsewhere=0.3)
    assert machine.look().on(CPU) == ()


def test_what_nobody_explains_is_not_searched_for_again_and_again(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 20).settled()
    read = []
    for _ in range(12):
        machine.step(busy=0.3)
        read.append(machine.look().tasks)
    assert read[0] == 20 and 20 in read[1:], "it is tried again"
    assert sum(read) <= 5 * 20, "and not always"
    machine.task(1009, ran=0.8)
    machine.step(busy=0.9)
    assert named(machine.look()) == {1009: 0.6}, "more than the habit is looked into at once"


def test_a_short_pause_forgets_nobody_and_a_long_one_all(tmp_path: Path) -> None:
    machine = Machine(tmp_path, 20).settled()
    machine.reader.close()
    machine.step()
    look = machine.look()
    assert isinstance(look.found, Unread) and look.tasks == 0 and look.others == 20
    machine.reader.close()
    for _ in range(int(MEMORY_SECONDS) + 1):
        machine.step()
    look = machine.look()
    assert isinstance(look.found, Unread) and look.tasks == 20


BURN = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
for line in sys.stdin:
    end = time.process_time() + 0.4
    while time.process_time() < end: pass
    print("burnt", flush=True)
"""


@contextmanager
def burner(cpu: int) -> Iterator[tuple[int, Callable[[], None]]]:
    """A real process that sleeps, and burns 0.4 s of one CPU when it is told to."""
    with subprocess.Popen(
        [sys.executable, "-c", BURN, str(cpu)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        given, taken = process.stdin, process.stdout
        assert given is not None and taken is not None

        def burn() -> None:
            given.write("go\n")
            given.flush()
            taken.readline()

        yield process.pid, burn
        given.close()


@contextmanager
def thread_of(cpu: int) -> Iterator[Callable[[], int]]:
    """This process: a new thread of it burns 0.3 s of one CPU; its id is given."""
    ended = threading.Event()
    threads = []

    def burn_in_a_thread() -> int:
        ids: queue.Queue[int] = queue.Queue()

        def burn() -> None:
            os.sched_setaffinity(0, {cpu})
            until = time.thread_time() + 0.3
            while time.thread_time() < until:
                pass
            ids.put(threading.get_native_id())
            ended.wait()

        threads.append(threading.Thread(target=burn))
        threads[-1].start()
        return ids.get()

    try:
        yield burn_in_a_thread
    finally:
        ended.set()
        for thread in threads:
            thread.join()


TRIES = 4
"""Others burn on this machine too: what they run on two CPUs is booked on one, and may hide somebody for a look."""


def test_a_real_sleeper_is_left_out_and_named_when_it_burns() -> None:
    cpu = max(os.sched_getaffinity(0))
    reader = CulpritReader(Root.live())
    with burner(cpu) as (pid, burn):
        burn()
        for _ in range(3):
            reader.read(frozenset({cpu}))
        for _ in range(TRIES):
            burn()
            look = reader.read(frozenset({cpu}))
            mine = [c for c in look.on(cpu) if c.tid == pid]
            if mine:
                break
    reader.close()
    assert len(mine) == 1 and mine[0].kind == "task" and mine[0].name.startswith("python")
    assert 0.3 <= mine[0].share * look.seconds <= 0.6, "0.4 s were burnt in that look"


def test_a_real_newcomer_is_named() -> None:
    cpu = max(os.sched_getaffinity(0))
    reader = CulpritReader(Root.live())
    for _ in range(3):
        reader.read(frozenset({cpu}))
    with burner(cpu) as (pid, burn):
        for _ in range(TRIES):
            burn()
            look = reader.read(frozenset({cpu}))
            if pid in named_on(look, cpu):
                break
    reader.close()
    assert named_on(look, cpu)[pid] * look.seconds >= 0.3


def test_a_real_new_thread_is_named_by_its_own_id() -> None:
    cpu = max(os.sched_getaffinity(0))
    reader = CulpritReader(Root.live())
    for _ in range(3):
        reader.read(frozenset({cpu}))
    with thread_of(cpu) as burn:
        for _ in range(TRIES):
            tid = burn()
            look = reader.read(frozenset({cpu}))
            if tid in named_on(look, cpu):
                break
    reader.close()
    assert named_on(look, cpu)[tid] * look.seconds >= 0.2


def named_on(look: Culprits, cpu: int) -> dict[int, float]:
    return {c.tid: c.share for c in look.on(cpu)}


def test_a_real_task_that_burnt_and_ended_is_told_as_gone() -> None:
    cpu = max(os.sched_getaffinity(0))
    reader = CulpritReader(Root.live())
    for _ in range(3):
        reader.read(frozenset({cpu}))
    for _ in range(TRIES):
        with burner(cpu) as (_, burn):
            burn()
        look = reader.read(frozenset({cpu}))
        gone = [c for c in look.on(cpu) if c.kind == "ended"]
        if gone:
            break
    reader.close()
    assert len(gone) == 1 and 0.05 < gone[0].share <= 1.0
