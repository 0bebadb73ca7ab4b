"""The groups that the kernel would form: by registers, by what its groups show, and with the override."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, gpu
from tests.machines import facts_of
from vfiotui.demo.description import PciDesc
from vfiotui.demo.tower import TOWER
from vfiotui.model.base.reading import Unread
from vfiotui.model.pci.acs_override import HIDDEN, OPTIONS, OTHERWISE, VMD, Outcome, outcomes, outcomes_of
from vfiotui.model.pci.functions import HEADER_ONLY, Capabilities, PciBus
from vfiotui.model.pci.group_rules import by_registers, groups_by, isolating_now, parse_override
from vfiotui.model.pci.iommu import Iommu, IommuGroup

CARD, SOUND, NIC = "0000:01:00.0", "0000:01:00.1", "0000:02:00.0"
LAN = PciDesc(NIC, 0x8086, 0x1539, 0x020000, 1, "igb", "0000:00:1c.0")
SLOT = (
    replace(BRIDGE, bdf="0000:00:1c.0", acs=False, group=1),
    replace(BRIDGE, bdf="0000:00:1c.1", acs=False, group=1),
    gpu("0000:03:00.0", 1, parent="0000:00:1c.1"),
    LAN,
)
"""Two root ports of one slot without ACS, a card and a network card: one group."""


def seen(*devices: PciDesc, **more: object) -> tuple[PciBus, tuple[IommuGroup, ...]]:
    facts = facts_of(replace(CLEAN, pci=devices, **more))  # type: ignore[arg-type]
    assert isinstance(facts.pci, PciBus) and isinstance(facts.iommu, Iommu)
    assert isinstance(facts.iommu.groups, tuple)
    return facts.pci, facts.iommu.groups


def answers(bus: PciBus, groups: tuple[IommuGroup, ...]) -> dict[str, Outcome]:
    found = outcomes(bus, groups)
    assert not isinstance(found, Unread)
    return {o.option: o for o in found}


def by_hand(*groups: tuple[str, ...]) -> tuple[IommuGroup, ...]:
    missing = Unread("x")
    return tuple(IommuGroup(n, members, (), missing, missing) for n, members in enumerate(groups))


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        (SLOT, {frozenset(d.bdf for d in SLOT)}),
        ((BRIDGE, gpu(CARD, 2), AUDIO), {frozenset({BRIDGE.bdf}), frozenset({CARD, SOUND})}),
        ((replace(BRIDGE, acs=False), gpu(CARD, 2)), {frozenset({BRIDGE.bdf, CARD})}),
        ((replace(BRIDGE, express=7), gpu(CARD, 2)), {frozenset({BRIDGE.bdf, CARD})}),
        ((replace(BRIDGE, acs_control=1), gpu(CARD, 2)), {frozenset({BRIDGE.bdf, CARD})}),
        (
            (BRIDGE, gpu(CARD, 2, acs=True), replace(AUDIO, acs=True)),
            {frozenset({BRIDGE.bdf}), frozenset({CARD}), frozenset({SOUND})},
        ),
        (
            (replace(IGPU, bdf="0000:00:14.0", express=9), replace(IGPU, bdf="0000:00:14.2", express=9)),
            {frozenset({"0000:00:14.0"}), frozenset({"0000:00:14.2"})},
        ),
    ],
)
def test_groups_follow_from_the_registers(devices: tuple[PciDesc, ...], expected: set[frozenset[str]]) -> None:
    bus, _ = seen(*devices)
    assert set(groups_by(bus, lambda d: by_registers(d, bus) is True)) == expected


def test_todays_groups_follow_from_what_they_show() -> None:
    bus, groups = seen(*TOWER.pci)
    now = isolating_now(bus, groups)
    assert set(groups_by(bus, lambda d: now[d.bdf] is True)) == {frozenset(g.members) for g in groups}


def test_two_root_ports_of_one_slot_are_taken_apart() -> None:
    found = answers(*seen(*SLOT))
    (changed,) = found["downstream"].changed
    assert changed.into == tuple((d.bdf,) for d in sorted(SLOT, key=lambda d: d.bdf))
    assert found["downstream"].freed == ("0000:03:00.0",)
    assert found["multifunction"].changed == ()
    assert found["multifunction"].stays == ((1, "00:1c.0 needs downstream too; 00:1c.1 needs downstream too"),)


def test_a_chipsets_switch_needs_both() -> None:
    found = answers(*seen(*TOWER.pci))
    assert found["downstream"].changed == ()
    assert found["downstream"].stays == ((14, "02:00.2 needs multifunction too"),)
    assert "0000:04:00.0" in found["downstream,multifunction"].freed
    assert found["downstream,multifunction"].stays == ()


def test_a_port_with_acs_that_is_off_stays_as_it_is() -> None:
    port = replace(BRIDGE, acs_control=1)
    (stays,) = answers(*seen(port, gpu(CARD, 1), replace(LAN, bdf="0000:01:01.0", parent=port.bdf)))[OPTIONS[2]].stays
    assert "ReqRedir" in stays[1] and "leaves what has an ACS capability" in stays[1]


def test_conventional_pci_stays_together() -> None:
    bridge = replace(BRIDGE, express=7, acs=False)
    found = answers(*seen(bridge, gpu(CARD, 1), replace(LAN, bdf="0000:01:01.0", parent=bridge.bdf)))[OPTIONS[2]]
    assert found.changed == () and "conventional PCI" in found.stays[0][1]


def test_an_id_is_enough_where_one_port_is_in_the_way() -> None:
    port = replace(BRIDGE, acs=False)
    bus, groups = seen(port, gpu(CARD, 1))
    (one, other) = outcomes_of(bus, groups, ("id:8086:1901", "id:8086:1902")) or ()  # type: ignore[misc]
    assert [c.into for c in one.changed] == [((port.bdf,), (CARD,))]
    assert other.changed == ()


def test_the_kernel_is_right_where_no_register_explains_a_group() -> None:
    bus, _ = seen(BRIDGE, gpu(CARD, 2), IGPU)
    found = answers(bus, by_hand((BRIDGE.bdf, CARD), (IGPU.bdf,)))
    assert found["downstream"].changed == ()
    bus, _ = seen(IGPU, gpu("0000:05:00.0", 2, parent=""), gpu("0000:06:00.0", 2, parent=""))
    found = answers(bus, by_hand(("0000:05:00.0", "0000:06:00.0"), (IGPU.bdf,)))
    assert found["downstream"].unknown == ((0, HIDDEN),)
    bus, _ = seen(IGPU, replace(IGPU, bdf="0000:00:05.0"))
    assert answers(bus, by_hand((IGPU.bdf, "0000:00:05.0")))["downstream"].unknown == ((0, OTHERWISE),)


def test_what_lies_behind_vmd_stays_with_its_controller() -> None:
    vmd = replace(IGPU, bdf="0000:00:0e.0", class_code=0x010400)
    port = replace(BRIDGE, bdf="10000:e0:06.0")
    bus, _ = seen(vmd, port)
    assert answers(bus, by_hand((vmd.bdf, port.bdf)))[OPTIONS[2]].stays == ((0, VMD),)


def test_without_root_only_what_the_groups_show_is_known() -> None:
    bus, groups = seen(*TOWER.pci)
    header = PciBus(tuple(replace(d, capabilities=HEADER_ONLY) for d in bus.devices))
    found = answers(header, groups)["downstream,multifunction"]
    assert found.changed == () and {n for n, _ in found.unknown} == {0, 5, 12, 14, 15}
    assert all("needs root" in why for _, why in found.unknown)
    alone = PciBus(tuple(d for d in header.devices if len([g for g in groups if g.number == d.group]) == 1))
    assert isolating_now(alone, groups)["0000:00:01.1"] is True, "the disk below it has a group of its own"


def test_a_dead_device_is_no_port() -> None:
    bus, groups = seen(replace(BRIDGE, dead=True, acs=False, group=1), gpu(CARD, 1))
    assert answers(bus, groups)[OPTIONS[2]].changed == ()
    device = bus.get(BRIDGE.bdf)
    assert device is not None and isinstance(device.capabilities, Capabilities) and device.capabilities.dead


def test_without_groups_there_is_no_answer() -> None:
    bus, _ = seen(IGPU)
    assert isinstance(outcomes(bus, ()), Unread)


@pytest.mark.parametrize(
    ("value", "downstream", "multifunction", "ids", "strange"),
    [
        ("downstream,multifunction", True, True, set(), ()),
        ("id:8086:a110", False, False, {(0x8086, 0xA110)}, ()),
        ("id:8086", False, False, set(), ("id:8086",)),
        ("id:1ffff:1", False, False, set(), ("id:1ffff:1",)),
        ("id:-1:1", False, False, set(), ("id:-1:1",)),
        ("id:²:1", False, False, set(), ("id:²:1",)),
        ("on,,downstream", True, False, set(), ("on",)),
        ("", False, False, set(), ()),
    ],
)
def test_the_parameter_is_read_as_the_patch_does(
    value: str, downstream: bool, multifunction: bool, ids: set[tuple[int, int]], strange: tuple[str, ...]
) -> None:
    found = parse_override(value)
    assert (found.downstream, found.multifunction) == (downstream, multifunction)
    assert (set(found.ids), found.strange) == (ids, strange)
