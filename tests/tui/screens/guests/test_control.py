"""The Guests screen: what runs, and keys that start, stop and pause a guest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.machines import root_of
from tests.tui.consoles import LINUX, console
from vfiotui.demo.machine import machine
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.tui.screens.guests.control import POSSIBLE, WORDS, verbs_for
from vfiotui.virt.control import NOT_NOW, VERBS

TOWER = machine("tower")
TEST = "test:///default"
"""libvirt's own driver for tests: one node for all connections of the process."""


@pytest.fixture
def node() -> Iterator[Any]:
    """A connection to the node, whose guest "test" runs."""
    libvirt = pytest.importorskip("libvirt")
    connection = libvirt.open(TEST)
    guest = connection.lookupByName("test")
    if not guest.isActive():
        guest.create()
    elif guest.state()[0] == libvirt.VIR_DOMAIN_PAUSED:
        guest.resume()
    yield connection
    connection.close()


def test_every_verb_is_offered_where_it_can_be_done_and_nowhere_else() -> None:
    assert set(WORDS) == set(VERBS)
    assert {(verb, state) for state, verbs in POSSIBLE.items() for verb in verbs}.isdisjoint(NOT_NOW)
    assert verbs_for("unknown") == tuple(WORDS)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_the_list_shows_what_running_guests_use(size: tuple[int, int]) -> None:
    ability = LINUX if size == (80, 24) else None
    async with console(root_of(TOWER, Mode.DEMO), size, ability=ability) as found:

        def row(name: str) -> str:
            return next(line for line in found.lines if line.startswith(name))

        await found.press("6")
        await found.shows("win10", "CPU", "memory", "PCI")
        await found.until(lambda: "%" in row("win10"), "the CPU use, after two samples")

        assert "%" not in row("macos")
        assert ("23 h" in row("win10")) == (size[0] >= 100)


async def test_the_tab_devices_follows_what_the_guest_uses_and_no_other_does() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (120, 40)) as found:
        await found.press("6", "end", "enter")
        await found.shows("win10", "Doctor")
        assert "live" not in found.app.store.wanted()
        await found.press("right")
        await found.shows("running", "for 23 h 59 min", "of a CPU busy", "process 4242")
        await found.press("right")
        await found.shows("<name>win10")
        assert "live" not in found.app.store.wanted()


async def test_a_sample_machine_changes_no_guest() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (80, 24)) as found:
        await found.press("6", "g")
        await found.shows("This is a sample machine: its guests can be neither started nor stopped.")


async def test_a_guest_is_paused_resumed_forced_off_and_started(node: Any) -> None:
    guest = node.lookupByName("test")
    async with console(Root.live(), (120, 40), uri=TEST, toasts=True) as found:
        await found.press("6")
        await found.shows("test", "running")
        await found.press("g")
        await found.shows("start/stop", "shut down", "pause", "force off")
        assert "starts it" not in found.text
        await found.press("down", "enter")
        await found.until(lambda: guest.state()[0] == 3, "the pause")
        await found.shows("paused", "test was paused")
        await found.press("g")
        await found.shows("lets its vCPUs run again")
        await found.press("enter")
        await found.until(lambda: guest.state()[0] == 1, "that it runs again")
        await found.shows("running")
        await found.press("g", "end", "enter")
        await found.shows("what it has not written is lost", "no, leave it as it is")
        await found.press("enter")
        await found.until(lambda: "leave it" not in found.text)
        assert guest.state()[0] == 1, "the first answer is no"
        await found.press("g", "end", "enter")
        await found.shows("no, leave it as it is")
        await found.press("down", "enter")
        await found.until(lambda: guest.state()[0] == 5, "the end")
        await found.shows("shut off")
        await found.press("enter", "g")
        await found.shows("starts it")
        await found.press("enter")
        await found.until(lambda: guest.state()[0] == 1, "the start")


async def test_what_will_fail_stands_above_the_start() -> None:
    from vfiotui.rules.start import start_problems
    from vfiotui.state.topics import FACTS, FINDINGS
    from vfiotui.tui.screens.guests.control import control_rows

    async with console(root_of(TOWER, Mode.DEMO), (120, 40)) as found:
        facts, findings = found.app.store.get(FACTS), found.app.store.get(FINDINGS)
        assert facts is not None and findings is not None
        macos = next(d for d in facts.virt.domains if d.name == "macos")
        problems = start_problems(macos, facts, findings)
        rows = control_rows(macos, problems, "", 60)
        assert rows[0].text.startswith("its start fails: Group 14 holds") and not rows[0].key
        assert [r.key for r in rows if r.key] == ["start"]
        assert max(len(r.text) for r in rows) <= 60
        assert control_rows(replace(macos, state="running"), (), "", 60)[0].key == "shutdown"  # type: ignore[type-var]


async def test_a_name_with_markup_is_literal(node: Any) -> None:
    node.defineXML(
        "<domain type='test'><name>[red]x[b]</name><memory>1024</memory><vcpu>1</vcpu>"
        "<os><type>hvm</type></os></domain>"
    )
    try:
        async with console(Root.live(), (120, 40), uri=TEST) as found:
            await found.press("6", "home")
            await found.shows("[red]x[b]")
            await found.press("g")
            await found.shows("start/stop", "[red]x[b]", "starts it")
            await found.press("enter")
            await found.until(lambda: node.lookupByName("[red]x[b]").isActive(), "the start")
    finally:
        guest = node.lookupByName("[red]x[b]")
        if guest.isActive():
            guest.destroy()
        guest.undefine()
