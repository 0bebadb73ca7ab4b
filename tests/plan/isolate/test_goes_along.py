"""What goes along with a chosen device: its group, what is reset with it, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.hosts import CLEAN
from tests.hosts.base import AUDIO, BRIDGE, IGPU, gpu
from tests.machines import facts_of
from vfiotui.demo.description import PciDesc
from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.plan.isolate.method import Method, judge_ids
from vfiotui.plan.isolate.select import choose

PORT = "0000:00:01.0"
NIC = PciDesc("0000:02:00.0", 0x8086, 0x1572, 0x020000, 5, "i40e", PORT, reset="flr", msi=1)
FIRST, SECOND = (replace(NIC, bdf=f"0000:02:00.{n}", device=0x154C, group=5 + n, driver="iavf") for n in (1, 2))
USB = PciDesc("0000:02:00.3", 0x1022, 0x149C, 0x0C0330, 9, "xhci_hcd", PORT, reset="flr", msi=1)
SOUND = replace(USB, bdf="0000:02:00.4", device=0x1487, class_code=0x040300, group=10, driver="snd_hda_intel")


def facts_with(*more: PciDesc, **changes: Mapping[str, Any]) -> Facts:
    """The clean host with more devices; `changes` by the last digit of their addresses."""
    facts = facts_of(replace(CLEAN, pci=(BRIDGE, IGPU, gpu("0000:01:00.0", 2, driver="vfio-pci"), AUDIO, *more)))
    assert not isinstance(facts.pci, Unread)
    found: list[PciDevice] = [
        replace(d, **changes.get(f"f{d.bdf[-1]}", {})) if d.bdf.startswith("0000:02") else d for d in facts.pci.devices
    ]
    return replace(facts, pci=PciBus(tuple(found)))


VIRTUAL = {"sriov_parent": NIC.bdf}


def chosen(facts: Facts, bdf: str) -> list[str]:
    choice = choose(facts, (bdf,))
    assert not choice.refusals
    return [d.bdf for d in choice.devices]


def test_a_virtual_function_goes_alone_and_never_by_its_ids() -> None:
    facts = facts_with(NIC, FIRST, SECOND, f1=VIRTUAL, f2=VIRTUAL)
    assert chosen(facts, FIRST.bdf) == [FIRST.bdf]
    assert not isinstance(facts.pci, Unread)
    devices = choose(facts, (FIRST.bdf, SECOND.bdf)).devices
    for method in (Method.IDS, Method.SUBSYSTEM):
        verdict = judge_ids(devices, facts.pci, method)
        assert not verdict.works and NIC.bdf in verdict.why


def test_the_physical_function_does_not_bring_its_virtual_ones() -> None:
    assert chosen(facts_with(NIC, FIRST, SECOND, f1=VIRTUAL, f2=VIRTUAL), NIC.bdf) == [NIC.bdf]


@pytest.mark.parametrize(
    ("methods", "group", "along"),
    [
        (("flr", "bus"), 10, False),
        (("pm",), 10, False),
        (("bus",), 10, True),
        ((), 10, True),
        (("flr",), 9, True),
    ],
)
def test_a_usb_controller_goes_alone_where_its_reset_allows_it(
    methods: tuple[str, ...], group: int, along: bool
) -> None:
    facts = facts_with(USB, replace(SOUND, group=group), f3={"reset_methods": methods})
    assert chosen(facts, USB.bdf) == [USB.bdf, *([SOUND.bdf] if along else [])]


def test_a_graphics_card_goes_whole_whatever_its_groups() -> None:
    card = gpu("0000:02:00.0", 5, reset="flr")
    facts = facts_with(card, replace(SOUND, bdf="0000:02:00.1"), f0={"reset_methods": ("flr",)})
    assert chosen(facts, "0000:02:00.1") == ["0000:02:00.0", "0000:02:00.1"]
