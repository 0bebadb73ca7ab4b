"""Without groups every answer says why, in words that fit the host: the firmware is one reason among several."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.hosts import HOSTS
from tests.hosts.base import BRIDGE, IGPU, gpu
from tests.machines import facts_of, known_facts
from tests.tree_on_disk import write
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.model.base.reading import Unread
from vfiotui.model.pci.acs_answer import acs_answer, answer_lines
from vfiotui.model.pci.host_use import host_loses
from vfiotui.model.pci.no_groups import why_no_groups
from vfiotui.plan.isolate.select import choose
from vfiotui.tui.screens.host.groups import group_rows
from vfiotui.tui.terminal.capabilities import UNICODE

CARD = "0000:01:00.0"
WORDS = {
    "xen-dom0": "this is Xen dom0: Xen owns the IOMMU: devices are assigned with xl pci-assignable-add, not with vfio",
    "xen-domu": "this is a virtual machine (Xen): Xen gives its guests no IOMMU",
    "vm-no-iommu": "the host that runs this virtual machine gives it no IOMMU",
    "raspberry-pi": "this is a Raspberry Pi 5 Model B Rev 1.0: no IOMMU stands between its PCI bus and its memory",
    "riscv": "this is a RISC-V machine (SiFive HiFive Premier P550): its device tree describes no IOMMU",
    "iommu-off": "the IOMMU is off",
}


@pytest.mark.parametrize("name", WORDS)
def test_the_reason_is_that_of_the_host(name: str) -> None:
    facts = known_facts(name)
    assert why_no_groups(facts.host_kind) == WORDS[name]
    assert any(WORDS[name] in refusal for refusal in choose(facts, (CARD,)).refusals)
    assert any(WORDS[name] in line for _, line in answer_lines(acs_answer(facts, facts.kernel_log), facts.pci))
    told = " ".join(" ".join(row.text.split()) for row in group_rows(facts, UNICODE, 78))
    assert WORDS[name] in told and ("is off" in told) == (name == "iommu-off")


def test_a_container_has_the_devices_of_another_host() -> None:
    kind = known_facts("container-docker").host_kind
    assert why_no_groups(kind).endswith("its kernel and devices are set up on the host that runs it")


def test_an_unread_kind_of_host_adds_nothing() -> None:
    assert why_no_groups(Unread("is not known")) == "the IOMMU is off"


def test_the_groups_of_a_dom0_name_xen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(build(HOSTS["xen-dom0"]), str(tmp_path))
    assert main(["--root", str(tmp_path), "groups"]) == 0
    assert capsys.readouterr().out.startswith(f"no IOMMU groups: {WORDS['xen-dom0']}; ")


def test_a_card_that_pciback_holds_is_no_loss() -> None:
    """A dom0 has lost the card already: xl assigns what pciback holds."""
    dom0 = HOSTS["xen-dom0"]
    held = facts_of(replace(dom0, pci=(BRIDGE, IGPU, replace(gpu(CARD, 2, driver="pciback"), group=None))))
    free = facts_of(replace(dom0, pci=(BRIDGE, IGPU, replace(gpu(CARD, 2), group=None))))
    assert not isinstance(held.pci, Unread) and not isinstance(free.pci, Unread)
    cards = held.pci.get(CARD), free.pci.get(CARD)
    assert cards[0] and host_loses(cards[0], held.pci, held.usb, held.host_use) == ()
    assert cards[1] and "a display" in host_loses(cards[1], free.pci, free.usb, free.host_use)
