"""Where slots hang, on boards whose wiring is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import known_facts
from vfiotui.model.base.reading import Unread
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.slot_location import CHIPSET, CPU, way_up, wired_to


def bus_of(name: str) -> PciBus:
    bus = known_facts(name).pci
    assert isinstance(bus, PciBus)
    return bus


def device(bus: PciBus, bdf: str) -> PciDevice:
    found = bus.get(bdf)
    assert found is not None
    return found


def test_a_card_behind_amds_chipset() -> None:
    bus = bus_of("tower")
    card = device(bus, "0000:04:00.0")
    assert [b.bdf for b in way_up(card, bus)] == ["0000:03:01.0", "0000:02:00.2", "0000:00:01.2"]
    assert wired_to(card, bus) == CHIPSET


def test_a_card_at_the_cpu_and_one_with_a_switch_of_its_own() -> None:
    bus = bus_of("tower")
    assert wired_to(device(bus, "0000:08:00.0"), bus) == CPU
    radeon = tuple(replace(d, vendor=0x1002) if d.bdf in ("0000:02:00.2", "0000:03:01.0") else d for d in bus.devices)
    changed = PciBus(radeon)
    assert wired_to(device(changed, "0000:04:00.0"), changed) == CPU


@pytest.mark.parametrize(
    ("port", "expected"),
    [("0000:00:01.0", CPU), ("0000:00:06.0", CPU), ("0000:00:1c.4", CHIPSET), ("0000:00:1b.0", CHIPSET)],
)
def test_intels_root_ports(port: str, expected: str) -> None:
    bus = bus_of("tower")
    some = device(bus, "0000:08:00.0")
    changed = PciBus((replace(some, bdf=port, vendor=0x8086, parent=None), replace(some, parent=port)))
    assert wired_to(device(changed, "0000:08:00.0"), changed) == expected


@pytest.mark.parametrize("port", ["0000:00:03.0", "0000:80:01.0", "0001:00:1c.0"])
def test_other_boards_are_unknown(port: str) -> None:
    bus = bus_of("tower")
    some = device(bus, "0000:08:00.0")
    changed = PciBus((replace(some, bdf=port, vendor=0x8086, parent=None), replace(some, parent=port)))
    assert isinstance(wired_to(device(changed, "0000:08:00.0"), changed), Unread)


def test_loops_and_gaps_end_the_way() -> None:
    bus = bus_of("tower")
    some = device(bus, "0000:08:00.0")
    loop = PciBus((replace(some, parent="0000:09:00.0"), replace(some, bdf="0000:09:00.0", parent="0000:08:00.0")))
    assert len(way_up(device(loop, "0000:08:00.0"), loop)) == 2
    assert isinstance(wired_to(replace(some, parent=None), bus), Unread)
    assert way_up(replace(some, parent="0000:77:00.0"), bus) == ()
