"""The Memory screen: what guests have, and keys that end in a plan."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.hosts import CLEAN, HOSTS
from tests.machines import facts_of, root_of
from tests.tui.consoles import LINUX, Console, console
from vfiotui.cli.machine import open_root
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread
from vfiotui.model.memory.guest_backing import GuestBacking
from vfiotui.model.memory.host_memory import Memory
from vfiotui.tui.screens.memory.view import memory_rows
from vfiotui.tui.screens.plan.screen import PlanScreen
from vfiotui.tui.terminal.capabilities import UNICODE


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
            await found.shows("the running guest has its huge pages", "100.0% in huge pages")

    asyncio.run(look())


def backing(**more: object) -> GuestBacking:
    """The guest of the seed: 8 GiB, of which 301056 kB lie in small pages."""
    given = {"resident_kib": 8390000, "hugetlb_kib": 0, "transparent_kib": 8087552, "memory_kib": 8388608, **more}
    return GuestBacking("win10", 77, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("guest", "words"),
    [
        (
            backing(),
            ("the running guest lies in small pages", "96.4% in huge pages, 301,056 kB in small ones", "khugepaged"),
        ),
        (backing(pinned_kib=8388608), ("only a restart",)),
        (backing(resident_kib=2 << 20, transparent_kib=2 << 20), ("the running guest has", "6.0 GiB never touched")),
        (
            backing(transparent_kib=Unread("no group")),
            ("the huge pages of the running guest are unknown: s counts", "in about 120 ms"),
        ),
        (backing(hugetlb_kib=8388608, resident_kib=90000, transparent_kib=0), ("100.0%", "held by win10 8.0 GiB")),
    ],
)
def test_the_answer_for_a_guest_comes_first(guest: GuestBacking, words: tuple[str, ...]) -> None:
    memory = facts_of(CLEAN).memory
    assert isinstance(memory, Memory)
    rows = memory_rows(replace(memory, guests=(guest,)), (), None, UNICODE, 120)
    text = "\n".join(r.text for r in rows)
    assert rows[0].text.startswith("guests") and all(w in text for w in words), text


@pytest.mark.parametrize("width", [79, 119])
def test_the_graph_of_free_blocks_names_both_ends_and_figures_are_grouped(width: int) -> None:
    memory = facts_of(CLEAN).memory
    assert isinstance(memory, Memory) and not isinstance(memory.vmstat, Unread)
    later = {key: value + 1000 for key, value in memory.vmstat.items()}
    rows = memory_rows(replace(memory, vmstat=later), (memory, memory), None, UNICODE, width)
    (trend,) = [r.text for r in rows if r.text.startswith("right now")]
    before, _, graph = trend.partition(" free (")
    assert trend.endswith(" now") and "-2 min " in graph and len(trend) <= width
    assert f"{memory.free_blocks(2048, 0):,} blocks" in before
    text = " ".join(" ".join(r.text for r in rows).split())
    assert f"{later['thp_fault_alloc']:,} huge faults (+1,000)" in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "arm-16k",
            ("200 blocks of 32 MiB free (6.2 GiB)", "from 16 KiB (0) to 32 MiB (11)", "1 GiB pages: cannot be"),
        ),
        ("arm-64k", ("20 blocks of 512 MiB free", "from 64 KiB (0) to 512 MiB (13)", "16 GiB pages: cannot be")),
        ("power-64k", ("600 blocks of 16 MiB free", "from 64 KiB (0) to 16 MiB (8)", "16 GiB pages: cannot be")),
        ("thp-64k-only", ("by size: 64 KiB always, 2 MiB never", "from 4 KiB (0) to 4 MiB (10)")),
    ],
)
def test_the_screen_speaks_of_the_sizes_of_the_machine(name: str, words: tuple[str, ...]) -> None:
    memory = facts_of(HOSTS[name]).memory
    assert isinstance(memory, Memory)
    movable = {0: 512 << 10}
    text = "\n".join(r.text for r in memory_rows(memory, (memory,), None, UNICODE, 119, movable))
    assert [w for w in words if w not in text] == []


def test_without_the_size_of_a_page_the_screen_says_so() -> None:
    memory = facts_of(HOSTS["arm-64k"]).memory
    assert isinstance(memory, Memory)
    blind = replace(memory, page_size=Unread("no file shows how large a page is"))
    text = "\n".join(r.text for r in memory_rows(blind, (blind,), None, UNICODE, 119, {0: 9}))
    assert "free blocks: unknown (no file shows how large a page is)" in text and "fragments" not in text


def test_a_guest_with_smaller_transparent_pages_is_told_so() -> None:
    memory = facts_of(HOSTS["thp-64k-only"]).memory
    assert isinstance(memory, Memory)
    small = backing(resident_kib=8388608, transparent_kib=0)
    text = "\n".join(r.text for r in memory_rows(replace(memory, guests=(small,)), (), None, UNICODE, 119))
    assert "transparent huge pages of 2 MiB are off (never): those of 64 KiB count as small ones" in text


def test_one_of_several_guests_is_counted_among_them() -> None:
    memory = facts_of(CLEAN).memory
    assert isinstance(memory, Memory)
    dark = backing(transparent_kib=Unread("no group"))
    guests = (backing(), replace(dark, name="other"), replace(dark, name="third"))
    shown = [memory_rows(replace(memory, guests=g), (), None, UNICODE, 79) for g in (guests, guests[1:])]
    assert "1 of 3 running guests lies in small pages" in shown[0][0].text
    assert shown[1][0].text.endswith("the huge pages of the 2 running guests are unknown: s counts")
    for rows in shown:
        assert sum("no group" in r.text for r in rows) == 1, "one reason is said once"


@pytest.mark.parametrize(
    ("key", "answer", "word"),
    [
        ("plus", "node0:2048=64", "64 more pages of 2 MiB aside on node 0"),
        ("b", "2048=512", "vm.nr_hugepages"),
        ("c", "", "compact_memory"),
        ("d", "", "drop_caches"),
        ("h", "win10", "set the huge pages of win10 aside when it starts"),
    ],
)
def test_keys_end_in_a_plan(key: str, answer: str, word: str) -> None:
    async def look() -> None:
        async with console(demo()) as found:
            await at_memory(found)
            await found.press(key)
            if answer:
                await found.shows("KIB=COUNT" if "=" in answer else "guest's name")
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
