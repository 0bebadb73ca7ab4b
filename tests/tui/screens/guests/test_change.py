"""The key e on Guests: devices, disks, settings and autostart of a guest become plans, which are shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import root_of
from tests.tui.consoles import LINUX, console
from vfiotui.demo.machine import machine
from vfiotui.model.base.mode import Mode

TOWER = machine("tower")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_setting_is_typed_and_becomes_a_plan(size: tuple[int, int]) -> None:
    ability = LINUX if size == (80, 24) else None
    async with console(root_of(TOWER, Mode.DEMO), size, ability=ability) as found:
        await found.press("6")
        await found.shows("macos", "e change")
        await found.press("home", "end", "up", "e")
        await found.shows("attach a device", "remove a disk", "autostart", "the card is the screen")
        await found.press("end", "up", "up", "enter")
        await found.shows("memory=SIZE", "KEY=VALUE:")
        await found.press(*"title=a", "space", "left_square_bracket", "b", "enter")
        await found.shows("macos: the title", "<title>a [b</title>")


async def test_a_key_that_there_is_not_is_said() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (120, 40)) as found:
        await found.press("6", "end", "e")
        await found.shows("attach a device")
        await found.press("end", "up", "up", "enter")
        await found.shows("KEY=VALUE:")
        await found.press(*"colour=red", "enter")
        await found.shows("No plan can be made: there is no key 'colour'")


async def test_a_device_of_a_running_guest_asks_where_and_shows_what_is_refused() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (120, 40)) as found:
        await found.press("6", "end", "e")
        await found.shows("win10", "attach a device")
        await found.press("enter")
        await found.shows("0000:05:00.0", "host loses: the default route")
        lines = [line for line in found.lines if line.strip().startswith("0000:")]
        at = next(i for i, line in enumerate(lines) if "0000:05:00.0" in line)
        await found.press(*["down"] * at, "enter")
        await found.shows("definition", "running guest", "both")
        await found.press("enter")
        await found.shows("No plan can be made:", "your own connection")


async def test_detaching_shows_what_the_guest_has() -> None:
    async with console(root_of(TOWER, Mode.DEMO), (120, 40)) as found:
        await found.press("6", "end", "enter")
        await found.shows("win10", "Doctor")
        await found.press("e", "down", "enter")
        await found.shows("0000:08:00.0", "0000:08:00.1")
        assert "0000:05:00.0" not in found.text
        await found.press("enter", "enter")
        await found.shows("without 0000:08:00.0", "-    <hostdev")


async def test_a_hostile_name_is_literal() -> None:
    guest = replace(TOWER.guests[0], name="[red]x", xml=TOWER.guests[0].xml.replace(TOWER.guests[0].name, "[red]x"))
    async with console(root_of(replace(TOWER, guests=(guest,)), Mode.DEMO), (120, 40)) as found:
        await found.press("6", "end", "e")
        await found.shows("change", "[red]x", "attach a device")
