"""Memory of the real Live screen over many refreshes: the samples come as fast as they are drawn."""

from __future__ import annotations

import asyncio
import gc
import re
from pathlib import Path

from vfiotui.demo.machine import demo_root_parts
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.live.rates import Rates
from vfiotui.model.live.sample import CpuCount, GuestCount, Sample, ThreadCount
from vfiotui.tui.app import ConsoleApp
from vfiotui.tui.terminal.capabilities import find_caps

CPUS, VCPUS = 32, 16
LOOKS = 20
"""How often the memory is looked at; the histories are full, and all is warm, after the first of them."""


def sample(step: int) -> Sample:
    """A host and a guest of which every figure moves at every step."""
    cpus = tuple(CpuCount(c, 3000.0 + step * (c + 1) % 1000, step * (c + 2)) for c in range(CPUS))
    threads = tuple(
        ThreadCount(
            "vcpu", n, 100 + n, frozenset({n}), n, step * 10**7 * (n + 1), step * 10**5 * n, step * n, step, step
        )
        for n in range(VCPUS)
    )
    return Sample(float(step), 1e9 + step, cpus, (GuestCount("bench", 99, threads),))


def private_kib() -> int:
    """What belongs to this process alone."""
    rows = re.findall(r"^Private_\w+:\s*(\d+)", Path("/proc/self/smaps_rollup").read_text(), re.MULTILINE)
    return sum(map(int, rows))


async def _run(count: int) -> list[int]:
    nodes, moving = demo_root_parts("tower")
    app = ConsoleApp(Root(MemoryTree(nodes), Mode.DEMO, "", moving), find_caps(), start="live")
    rates, found = Rates(), []
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        app.sampler.stop()
        for step in range(1, count + 1):
            app._push("live", rates.moment(sample(step)), True)
            await asyncio.sleep(0)
            if step % 10 == 0:
                await pilot.pause(0)
            if step % (count // LOOKS) == 0:
                gc.collect()
                found.append(private_kib())
    return found


def refreshes(count: int) -> None:
    """Prints the private memory every so often, and how much it has grown since the first look."""
    found = asyncio.run(_run(count))
    print(f"\n{count} refreshes of Live, private memory in MiB: " + " ".join(f"{kib / 1024:.1f}" for kib in found))
    print(f"grown since the first {count // LOOKS}: {(found[-1] - found[0]) / 1024:+.2f} MiB")
