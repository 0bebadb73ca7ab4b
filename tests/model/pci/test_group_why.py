"""Why devices share a group: the ports' registers in words, and never against the kernel."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, gpu
from tests.machines import facts_of, known_facts
from vfiotui.demo.description import PciDesc
from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts
from vfiotui.model.pci.functions import PciBus
from vfiotui.model.pci.group_why import UNEXPLAINED, UNSEEN, why_shared
from vfiotui.model.pci.iommu import Iommu, IommuGroup

NIC = PciDesc("0000:01:01.0", 0x8086, 0x1539, 0x020000, 1, "igb", "0000:00:01.0")


def words(facts: Facts, number: int) -> tuple[str, ...]:
    assert isinstance(facts.iommu, Iommu) and isinstance(facts.pci, PciBus)
    assert isinstance(facts.iommu.groups, tuple)
    return why_shared(next(g for g in facts.iommu.groups if g.number == number), facts.pci)


def shared_below(port: PciDesc) -> tuple[str, ...]:
    """A card and a network card below one port, all in group 1."""
    card = gpu("0000:01:00.0", 1)
    return words(facts_of(replace(CLEAN, pci=(port, IGPU, card, NIC))), 1)


@pytest.mark.parametrize(
    ("port", "said"),
    [
        (replace(BRIDGE, acs=False), "port 00:01.0 has no ACS"),
        (replace(BRIDGE, acs_control=0x01), "has ACS with ReqRedir, CmpltRedir, UpstreamFwd switched off"),
        (replace(BRIDGE, express=7), "conventional PCI"),
        (replace(BRIDGE, express=-1), "conventional PCI"),
        (replace(BRIDGE, dead=True), "no answer"),
    ],
)
def test_what_a_port_lacks_is_named(port: PciDesc, said: str) -> None:
    assert said in "; ".join(shared_below(port))


def test_where_every_port_isolates_the_kernel_is_right_nevertheless() -> None:
    assert shared_below(BRIDGE) == (UNEXPLAINED,)


def test_ports_with_the_same_gap_are_told_together() -> None:
    said = words(known_facts("tower"), 14)
    assert said == (
        "ports 03:01.0, 03:04.0, 03:05.0 have no ACS",
        "slot 02:00 has 3 functions and no ACS",
    )


def test_functions_of_one_card_are_together_by_their_slot() -> None:
    facts = facts_of(replace(CLEAN, pci=(BRIDGE, IGPU, gpu("0000:01:00.0", 2), AUDIO)))
    assert words(facts, 2) == ("slot 01:00 has 2 functions and no ACS",)


def test_a_device_that_is_alone_needs_no_reason() -> None:
    assert words(known_facts("clean"), 3) == ()


def test_ports_that_are_not_shown_are_not_judged() -> None:
    facts = known_facts("tower")
    assert isinstance(facts.pci, PciBus)
    bus = PciBus(tuple(replace(d, parent=None) for d in facts.pci.devices if not d.is_bridge))
    missing = Unread("x")
    group = IommuGroup(14, ("0000:04:00.0", "0000:05:00.0"), (), missing, missing)
    assert why_shared(group, bus) == (UNSEEN,)


def test_what_is_no_pci_device_is_named() -> None:
    facts = known_facts("clean")
    assert isinstance(facts.pci, PciBus)
    missing = Unread("x")
    group = IommuGroup(9, ("0000:00:02.0",), ("INTC1055:00",), missing, missing)
    assert "INTC1055:00" in why_shared(group, facts.pci)[0]
