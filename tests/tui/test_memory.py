"""The Memory screen: what guests have, and keys that end in a plan."""

from __future__ import annotations

import asyncio

import pytest

from tests.hosts import CLEAN
from tests.machines import root_of
from tests.tui.consoles import LINUX, Console, console
from vfiotui.cli.machine import open_root
from vfiotui.host.root import Root
from vfiotui.model.mode import Mode
from vfiotui.tui.screens.plan import PlanScreen


def demo() -> Root:
    import argparse

    return open_root(argparse.Namespace(demo=True, root=None, machine="tower"))


async def at_memory(found: Console) -> None:
    await found.press("4")
    await found.shows("pools", "right now", "2 MiB")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
def test_the_coverage_of_a_guest(size: tuple[int, int]) -> None:
    async def look() -> None:
        async with console(demo(), size, ability=LINUX if size == (80, 24) else None) as found:
            await at_memory(found)
            await found.press("end")
            await found.shows("huge 16.0 GiB (100.0%)", "small 0 kB")

    asyncio.run(look())


@pytest.mark.parametrize(
    ("key", "answer", "word"),
    [
        ("plus", "node0:2048=64", "64 more pages of 2 MiB aside on node 0"),
        ("b", "2048=512", "vm.nr_hugepages"),
        ("c", "", "compact_memory"),
        ("d", "", "drop_caches"),
    ],
)
def test_keys_end_in_a_plan(key: str, answer: str, word: str) -> None:
    async def look() -> None:
        async with console(demo()) as found:
            await at_memory(found)
            await found.press(key)
            if answer:
                await found.shows("KIB=COUNT")
                await found.press(*["backspace"] * 20, *answer, "enter")
            await found.until(lambda: isinstance(found.app.screen, PlanScreen), "a plan")
            await found.shows(word)

    asyncio.run(look())


def test_what_cannot_be_planned_is_said() -> None:
    async def look() -> None:
        async with console(demo()) as found:
            await at_memory(found)
            await found.press("minus")
            await found.press(*["backspace"] * 20, *"2048=1", "enter")
            await found.shows("only 0 of 8192")

    asyncio.run(look())


def test_no_is_an_answer() -> None:
    async def look() -> None:
        async with console(root_of(CLEAN, Mode.DEMO)) as found:
            await at_memory(found)
            await found.press("plus")
            await found.shows("KIB=COUNT")
            await found.press("escape")
            await found.until(lambda: "KIB=COUNT" not in found.text, "the question is gone")
            assert found.app.current_mode == "memory"

    asyncio.run(look())
