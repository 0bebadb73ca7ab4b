"""Goals about pins, as findings name them: planned over the demo's guests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import TOWER
from tests.machines import root_of
from vfiotui.demo.description import Host
from vfiotui.formats.domain_xml.properties import DomainXml
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.model.change.plan import Plan
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan
from vfiotui.plan.service import plan_goals
from vfiotui.state.plan_inputs import RootInputs


def planned(*goals: tuple[str, str], host: Host = TOWER) -> Plan:
    root = root_of(host)
    return plan_goals(RootInputs(root, lambda: domains.read(root), daemon=False), goals)


def after(plan: Plan) -> DomainXml:
    assert len(plan.steps) == 1
    return DomainXml((plan.steps[0].after or b"").decode())


def test_the_emulator_goes_to_a_core_of_the_host_and_nothing_else_moves() -> None:
    before = DomainXml(TOWER.guests[1].xml)
    found = after(planned(("pin.emulator", "macos")))
    assert found.emulator_pin == {0, 12} and found.vcpu_pins == before.vcpu_pins


def test_iothreads_go_to_the_emulator_and_pins_of_none_go_away() -> None:
    xml = TOWER.guests[0].xml.replace("iothread='1' cpuset='2-3'", "iothread='7' cpuset='9'")
    host = replace(TOWER, guests=(replace(TOWER.guests[0], xml=xml, pid=None),))
    assert after(planned(("pin.iothreads", "win10"), host=host)).iothread_pins == {1: {2, 3}}
    assert planned(("pin.iothreads", "win10")).steps == ()


def test_the_best_proposal_is_taken_whole() -> None:
    found = after(planned(("pin.propose", "arch-test")))
    assert len(found.vcpu_pins) == 4 and found.emulator_pin == {0, 12}
    assert (found.cores, found.threads) == (2, 2) and found.cpu_features == {"topoext": "require"}


def test_pins_go_away() -> None:
    assert after(planned(("pin.clear", "win10"))).root.find("cputune") is None


@pytest.mark.parametrize(
    ("goals", "sentence"),
    [
        ([("pin.clear", "nobody")], "no definition of a guest 'nobody'"),
        ([("pin.clear", "win10"), ("pin.emulator", "win10")], "one goal about the pins of win10"),
    ],
)
def test_what_cannot_be_planned_is_a_sentence(goals: list[tuple[str, str]], sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        planned(*goals)


def test_a_ground_without_the_guest_says_so() -> None:
    root = root_of(TOWER)
    with pytest.raises(PlanError, match="was not read"):
        make_plan(gather(root), read_config_snapshot(root), [("pin.clear", "win10")])


def test_a_guest_that_cannot_be_read_is_named_beside_the_pins() -> None:
    host = replace(TOWER, files={**TOWER.files, "/etc/libvirt/qemu/closed.xml": "<domain"})
    plan = planned(("pin.propose", "arch-test"), host=host)
    assert any("not checked whether closed has the same CPUs" in note for note in plan.notes), plan.notes
    assert not any("not checked" in note for note in planned(("pin.propose", "arch-test")).notes)
    damaged = TOWER.guests[0].xml.replace("cpuset='2-3'", "cpuset='two'", 1)
    torn = replace(TOWER, guests=(replace(TOWER.guests[0], xml=damaged, pid=None), *TOWER.guests[1:]))
    notes = planned(("pin.propose", "arch-test"), host=torn).notes
    assert any("not checked whether win10" in note for note in notes), notes
