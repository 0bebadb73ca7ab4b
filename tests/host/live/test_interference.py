"""Culprits: a task that burns a CPU is named with its share; interrupts are counted per CPU."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.trees import folder_root
from vfiotui.host.live.interference import CulpritReader
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.live.interference import Culprit

BURN = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
for line in sys.stdin:
    end = time.process_time() + 0.4
    while time.process_time() < end: pass
    print("burnt", flush=True)
"""


def test_a_task_that_burns_the_cpu_is_named() -> None:
    cpu = max(os.sched_getaffinity(0))
    with subprocess.Popen(
        [sys.executable, "-c", BURN, str(cpu)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as burner:
        assert burner.stdin is not None and burner.stdout is not None

        def burn() -> None:
            burner.stdin.write("go\n")  # type: ignore[union-attr]
            burner.stdin.flush()  # type: ignore[union-attr]
            burner.stdout.readline()  # type: ignore[union-attr]

        burn()
        reader = CulpritReader(Root.live())
        assert isinstance(reader.read(frozenset({cpu})).found, Unread), "the first look has no answer"
        burn()
        look = reader.read(frozenset({cpu}))
        burner.stdin.close()
    mine = [c for c in look.on(cpu) if c.tid == burner.pid]
    assert len(mine) == 1 and mine[0].kind == "task"
    assert 0.3 <= mine[0].share * look.seconds <= 0.6, "0.4 s were burnt"
    assert look.on(cpu, but=burner.pid) == tuple(c for c in look.on(cpu) if c.tid != burner.pid)
    assert look.tasks > 1 and look.cost_ms > 0
    reader.close()


STAT = "{tid} ({name}) R 1 1 1 0 -1 {flags} 0 0 0 0 {user} 5 0 0 20 0 1 0 {start} " + "0 " * 16 + "{cpu} 0 0\n"
HEAD = "           CPU0       CPU2       \n"


def machine(folder: Path, *, user: int = 0, irq: int = 0, start: int = 7, cpu: int = 2) -> Root:
    kernel = STAT.format(tid=9, name="kworker/2:1) x (", flags=0x00200040, user=user, start=start, cpu=cpu)
    return folder_root(
        folder,
        {
            "/proc/9/task/9/stat": kernel,
            "/proc/10/task/10/stat": "10 (damaged",
            "/proc/interrupts": HEAD
            + f"  87:          5 {irq:10}  IR-PCI-MSI 2097152-edge      xhci_hcd\n"
            + f" LOC:          9 {irq * 2:10}   Local timer interrupts\n ERR:          0\n",
            "/proc/softirqs": HEAD + f"      NET_RX:          1 {irq:10}\n",
        },
    )


def look(reader: CulpritReader, cpu: int = 2) -> dict[str, Culprit]:
    return {c.name: c for c in reader.read(frozenset({cpu})).on(cpu)}


def test_kernel_threads_and_interrupts_are_told_as_what_they_are(tmp_path: Path) -> None:
    reader = CulpritReader(machine(tmp_path))
    assert look(reader) == {}
    machine(tmp_path, user=100, irq=1000)
    found = look(reader)
    assert found["kworker/2:1) x ("].kind == "kernel" and found["kworker/2:1) x ("].share == 1.0
    assert found["87 xhci_hcd"].kind == "irq" and found["87 xhci_hcd"].per_second > 0
    assert found["Local timer interrupts"].per_second > found["87 xhci_hcd"].per_second
    assert found["NET_RX"].kind == "softirq"
    assert look(reader) == {}, "nothing has grown since"


def test_the_column_is_that_of_the_cpu_not_its_number(tmp_path: Path) -> None:
    reader = CulpritReader(machine(tmp_path))
    look(reader, 0)
    machine(tmp_path, irq=1000)
    assert look(reader, 0) == {}, "CPU 0 had no interrupt; the second column is CPU 2"


def test_an_id_of_a_new_task_does_not_inherit(tmp_path: Path) -> None:
    reader = CulpritReader(machine(tmp_path, user=1_000_000))
    look(reader)
    machine(tmp_path, user=3, start=8)
    assert "kworker/2:1) x (" in look(reader), "its own time counts, and only that"


@given(*(st.binary(max_size=300) for _ in range(4)), st.sampled_from((b"", b"7 7 7\n")))
def test_damaged_tables_are_no_culprits(stat: bytes, table: bytes, clock: bytes, load: bytes, own: bytes) -> None:
    from vfiotui.host.root.memory_tree import MemoryTree
    from vfiotui.model.base.mode import Mode
    from vfiotui.model.base.nodes import File

    nodes = {
        "/proc/9/task/9/stat": File(stat),
        "/proc/9/schedstat": File(clock),
        "/proc/8/task/8/stat": File(STAT.format(tid=8, name="x", flags=0, user=3, start=7, cpu=0).encode()),
        "/proc/8/schedstat": File(clock),
        "/proc/self/schedstat": File(own),
        "/proc/stat": File(b"cpu  " + table + b"\ncpu0 " + table + b"\nprocesses " + load),
        "/proc/loadavg": File(b"1 2 3 " + load),
        "/proc/interrupts": File(table),
        "/proc/softirqs": File(b"CPU0\n" + table),
    }
    reader = CulpritReader(Root(MemoryTree(nodes), Mode.DEMO))
    for _ in range(3):
        reader.read(frozenset({0}))
    reader.close()
