"""The USB tree in the console: what it shows, and the plans that its keys make."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import facts_of, root_of
from tests.tui.consoles import LINUX, console
from tests.usb_machines import Plugged, deep, root_with, with_usb
from vfiotui.demo.machine import machine
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File
from vfiotui.model.base.reading import Unread
from vfiotui.tui.screens.guests.usb_view import ids_at, usb_rows

TOWER = machine("tower")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_device_is_planned_for_the_guest_under_the_cursor(size: tuple[int, int]) -> None:
    ability = LINUX if size == (80, 24) else None
    async with console(root_of(TOWER, Mode.DEMO), size, ability=ability) as found:
        await found.press("6")
        await found.shows("macos", "win10")
        await found.press("home", "down")
        await found.press("u")
        await found.shows("USB for macos", "500 Series Chipset USB", "1-4", "the only keyboard")
        await found.press("end", "up", "up")
        await found.press("f")
        await found.shows("No plan can be made")


def test_rows_fit_their_width_and_stand_for_ports() -> None:
    facts = facts_of(TOWER)
    for width in (30, 79, 159):
        rows = usb_rows(facts, None, width)
        assert {"1-4", "3-1", "3-10"} <= {r.key for r in rows}
        assert max(len(r.text) for r in rows if r.key) <= width
    assert ids_at(facts, "1-4") == "046d:c31c" and ids_at(facts, "3-10") == ""


def test_hubs_six_deep_and_hostile_names_are_rows() -> None:
    nodes = with_usb([*deep(), Plugged("3-2")])
    place = next(p for p in nodes if p.endswith("/3-2/idVendor")).rpartition("/")[0]
    nodes[f"{place}/product"] = File(b"[bold red]\x1b[2J\xe2\x80\xae" + b"x" * 4000)
    root = root_with(nodes)
    rows = usb_rows(gather(root, domains.read(root), {"usb", "pci", "iommu", "host_use"}), None, 79)
    assert {"3-1.1.1.1.1.1", "3-1.1.1.1.1.2"} <= {r.key for r in rows}
    odd = next(r for r in rows if r.key == "3-2")
    assert odd.text.isprintable() and len(odd.text) <= 79


def test_what_cannot_be_seen_is_said() -> None:
    facts = replace(facts_of(TOWER), usb=Unread("closed"))
    assert "cannot be seen" in usb_rows(facts, None, 79)[0].text
    assert "still being read" in usb_rows(None, None, 79)[0].text
