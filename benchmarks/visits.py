"""Memory of the console over many visits to its screens, while a libvirt guest changes and the host is read anew."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import libvirt
from textual.pilot import Pilot

from benchmarks.refreshes import private_kib
from vfiotui.demo.machine import demo_root_parts
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.state.topics import FINDINGS, READING
from vfiotui.tui.actions import TABS
from vfiotui.tui.app import ConsoleApp
from vfiotui.tui.terminal.capabilities import find_caps

URI = "test:///default"
"""libvirt's own test driver: a real connection with events, whose guest "test" lives in this process."""
LOOKS = 10
"""How often the memory is looked at; the console is warm after the first."""
OVER = ("question_mark", "colon", "enter")
"""Keys that open something over a screen: help, palette, what the cursor stands on."""
MORE = 12
"""Kinds of objects that are named at the end."""


@contextmanager
def guest() -> Iterator[libvirt.virDomain]:
    """The test driver's guest."""
    connection = libvirt.open(URI)
    try:
        yield connection.lookupByName("test")
    finally:
        connection.close()


async def _visit(app: ConsoleApp, pilot: Pilot[int], step: int, domain: libvirt.virDomain) -> None:
    """Goes to a screen, opens something over it and leaves it; the guest changes and the host is read again."""
    key, mode, _ = TABS[step % len(TABS)]
    await pilot.press(key)
    await pilot.pause(0)
    assert app.current_mode == mode
    await pilot.press(OVER[step % len(OVER)])
    await pilot.pause(0)
    while len(app.screen_stack) > 1:
        await pilot.press("escape")
        await pilot.pause(0)
    if step % len(TABS) == 0:
        if domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING:
            domain.suspend()
        else:
            domain.resume()
        app.action_read_again()
        while app.store.get(READING) is not False:
            await pilot.pause(0.01)


async def _run(count: int) -> tuple[list[int], list[int], Counter[str]]:
    nodes, moving = demo_root_parts("tower")
    app = ConsoleApp(Root(MemoryTree(nodes), Mode.CAPTURE, "", moving), find_caps(), uri=URI)
    memory, objects = [], []
    before: Counter[str] = Counter()
    with guest() as domain:
        async with app.run_test(size=(120, 40)) as pilot:
            while app.store.get(FINDINGS) is None:
                await pilot.pause(0.01)
            for step in range(1, count + 1):
                await _visit(app, pilot, step, domain)
                if step % (count // LOOKS) == 0:
                    gc.collect()
                    memory.append(private_kib())
                    objects.append(len(gc.get_objects()))
                    if len(memory) == 2:
                        before = Counter(type(o).__qualname__ for o in gc.get_objects())
            after = Counter(type(o).__qualname__ for o in gc.get_objects())
    return memory, objects, after - before


def visits(count: int) -> None:
    """Prints private memory and objects every so often, and which kinds of objects have become more."""
    memory, objects, more = asyncio.run(_run(count))
    print(f"\n{count} visits of screens, private memory in MiB: " + " ".join(f"{kib / 1024:.1f}" for kib in memory))
    print("objects: " + " ".join(map(str, objects)))
    print(
        f"grown since the second look: {(memory[-1] - memory[1]) / 1024:+.2f} MiB, {objects[-1] - objects[1]:+} objects"
    )
    print("most of them: " + ", ".join(f"{kind} {number:+}" for kind, number in more.most_common(MORE)))
