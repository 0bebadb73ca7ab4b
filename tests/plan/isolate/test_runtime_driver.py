"""Running devices: who holds them is named before anything is unbound, and guests keep what they have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import facts_of, known_facts, root_of
from tests.plan.isolate.test_isolate import CARD, HOST_CARD, SOUND
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.change.plan import Plan
from vfiotui.model.facts import Facts
from vfiotui.model.pci.holders import Holder, Holders
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan


def plan_of(facts: Facts, goal: str, argument: str = CARD) -> Plan:
    return make_plan(facts, read_config_snapshot(root_of(HOST_CARD)), [(goal, argument)])


def held(*holders: Holder, hidden: int = 0) -> Facts:
    return replace(facts_of(HOST_CARD), holders=Holders(holders, hidden, True))


def test_all_functions_are_bound_and_nothing_else() -> None:
    plan = plan_of(held(), "driver.vfio")
    moves = [(s.subject, s.before, s.after) for s in plan.steps if s.kind == "driver"]
    assert moves == [(CARD, b"nouveau", b"vfio-pci"), (SOUND, b"snd_hda_intel", b"vfio-pci")]
    assert not plan.waits_for_boot


@pytest.mark.parametrize(
    "holder",
    [
        Holder(812, "Xorg", "/dev/dri/card1", CARD),
        Holder(1, "x [/dev/vfio/1] \x1b[2J", "/dev/dri/renderD129", CARD),
        Holder(4711, "qemu-system-x86", "/dev/vfio/2", "", 2),
    ],
)
def test_who_holds_a_card_is_named_and_it_is_refused(holder: Holder) -> None:
    with pytest.raises(PlanError) as refused:
        plan_of(held(holder), "driver.vfio")
    assert holder.name in str(refused.value) and holder.node in str(refused.value)


def test_sound_that_plays_is_only_said() -> None:
    plan = plan_of(held(Holder(900, "pipewire", "/dev/snd/controlC1", SOUND)), "driver.vfio")
    assert any("pipewire (900)" in n for n in plan.notes) and len(plan.steps) >= 2


def test_what_was_not_seen_is_said() -> None:
    assert any("root sees those of all users" in n for n in plan_of(held(hidden=3), "driver.vfio").notes)
    blind = replace(facts_of(HOST_CARD), holders=Unread("needs root"))
    assert any("could not be seen" in n for n in plan_of(blind, "driver.vfio").notes)


def test_a_running_guest_keeps_its_card_and_libvirt_its_work() -> None:
    facts = known_facts("tower")
    assert not isinstance(facts.virt, Unread)
    taken = [
        (d.name, h.address) for d in or_else(facts.virt.domains, ()) if d.running for h in d.pci_hostdevs if h.managed
    ]
    assert taken
    name, bdf = taken[0]
    with pytest.raises(PlanError, match=f"in use by the guest {name}"):
        plan_of(facts, "driver.host", bdf)
    notes = plan_of(facts, "driver.vfio", bdf).notes
    assert any(f"libvirt gives {bdf} to {name} by itself" in n for n in notes)
