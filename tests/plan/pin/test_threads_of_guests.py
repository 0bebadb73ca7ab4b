"""Guests whose threads are not 0 to N with a pin each: numbers of iothreads, <vcpu cpuset=>, vCPUs that are off."""

from __future__ import annotations

import pytest

from tests.pin_machines import topology
from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.formats.domain_xml.properties import DomainXml
from vfiotui.model.base.value import replace
from vfiotui.model.cpu.pinning import Pinning, owners_of, pinning_of
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.plan.pin.check import problems
from vfiotui.plan.pin.editor import Editor
from vfiotui.plan.pin.pin_plan import LIVE, plan_pins
from vfiotui.plan.pin.placement_context import PlacementContext, placement_context
from vfiotui.plan.pin.propose import Goal, NoPlacement, propose
from vfiotui.plan.pin.score import score
from vfiotui.plan.pin.xml import with_pinning


def guest(inside: str, vcpus: str = "<vcpu>2</vcpu>", name: str = "a") -> Domain:
    xml = f"<domain type='kvm'>\n  <name>{name}</name>\n  <memory>1048576</memory>\n  {vcpus}\n{inside}</domain>\n"
    return parse(xml, source="x", autostart=True)


def ground(*others: Domain) -> PlacementContext:
    return placement_context(topology("ryzen"), others)


def first(domain: Domain, goal: Goal) -> Pinning:
    found = propose(goal, ground(), domain)
    assert not isinstance(found, NoPlacement), found
    return found[0].pinning


def words(domain: Domain) -> list[str]:
    return [p.words for p in problems(pinning_of(domain), ground())]


def ids(*numbers: int) -> str:
    return "  <iothreadids>" + "".join(f"<iothread id='{n}'/>" for n in numbers) + "</iothreadids>\n"


@pytest.mark.parametrize(
    ("inside", "numbers"),
    [
        ("  <iothreads>2</iothreads>\n", (1, 2)),
        (f"  <iothreads>2</iothreads>\n{ids(2, 4)}", (2, 4)),
        (f"  <iothreads>1</iothreads>\n{ids(7)}", (7,)),
        (f"  <iothreads>3</iothreads>\n{ids(5)}", (1, 2, 5)),
        (ids(3, 9), (3, 9)),
        (f"  <iothreads>1</iothreads>\n{ids(3, 9)}", (3, 9)),
    ],
)
def test_pins_are_for_the_iothreads_that_there_are(inside: str, numbers: tuple[int, ...]) -> None:
    domain = guest(inside)
    assert pinning_of(domain).iothread_ids == numbers and domain.iothreads == len(numbers)
    taken = with_pinning(domain.xml, first(domain, Goal(vcpus=2)))
    assert tuple(DomainXml(taken).iothread_pins) == numbers
    assert inside in taken, "the iothreads themselves stay to the byte"
    said = words(parse(taken, source="x"))
    assert not any("iothread" in s for s in said), said


def test_an_iothread_more_is_the_lowest_free_and_the_highest_goes_first() -> None:
    domain = guest(f"  <iothreads>2</iothreads>\n{ids(2, 4)}")
    editor = Editor(pinning_of(domain))
    editor.resize_iothreads(3)
    assert editor.present.iothread_ids == (1, 2, 4)
    more = with_pinning(domain.xml, editor.present)
    assert parse(more, source="x").iothread_ids == (1, 2, 4) and "<iothreads>3</iothreads>" in more
    editor.resize_iothreads(1)
    fewer = with_pinning(domain.xml, editor.present)
    assert parse(fewer, source="x").iothread_ids == (1,)
    editor.resize_iothreads(0)
    assert "iothread" not in with_pinning(domain.xml, editor.present)


@pytest.mark.parametrize(
    "use",
    [
        "  <devices><disk><driver iothread='4'/><target dev='vda' bus='virtio'/></disk></devices>\n",
        "  <cputune><iothreadsched iothreads='4' scheduler='fifo' priority='1'/></cputune>\n",
    ],
)
def test_an_iothread_that_is_used_does_not_go(use: str) -> None:
    domain = guest(f"  <iothreads>2</iothreads>\n{ids(2, 4)}{use}")
    wanted = replace(pinning_of(domain), iothread_ids=(2,))
    with pytest.raises(ValueError, match="iothread 4 is used"):
        with_pinning(domain.xml, wanted)


def test_a_vcpu_with_a_scheduling_class_does_not_go() -> None:
    domain = guest("  <cputune><vcpusched vcpus='0-1' scheduler='fifo' priority='1'/></cputune>\n")
    with pytest.raises(ValueError, match="names vCPU 1"):
        with_pinning(domain.xml, replace(pinning_of(domain), count=1))


PINS = "  <cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='3'/></cputune>\n"


def test_threads_without_a_pin_run_where_the_vcpu_element_says() -> None:
    domain = guest(f"  <iothreads>1</iothreads>\n{PINS}", "<vcpu cpuset='0,12'>2</vcpu>")
    assert words(domain) == []
    parts = {p.name: p.points for p in score(pinning_of(domain), ground()).parts}
    assert parts["threads"] == 7
    beside = replace(domain, vcpu_cpuset=frozenset({2, 12}))
    assert any("the emulator shares CPU 2 with vCPUs" in s for s in words(beside))
    everywhere = replace(domain, vcpu_cpuset=frozenset(range(24)))
    assert any("the emulator, iothread 1 may run on the vCPUs' CPUs" in s for s in words(everywhere))


def test_numad_drops_the_set() -> None:
    assert guest("", "<vcpu placement='auto' cpuset='0'>2</vcpu>").vcpu_cpuset is None


def test_the_set_of_another_guest_is_taken() -> None:
    other = guest("", "<vcpu cpuset='6-7,18-19'>4</vcpu>", name="other")
    assert owners_of(other) == {6, 7, 18, 19}
    assert set(ground(other).taken) == {6, 7, 18, 19}
    wide = guest("", "<vcpu cpuset='0-23'>4</vcpu>", name="wide")
    assert not owners_of(wide) and not ground(wide).taken


def test_the_set_does_not_count_where_each_vcpu_has_its_pin() -> None:
    pinned = guest(PINS, "<vcpu cpuset='6-7'>2</vcpu>")
    assert owners_of(pinned) == {2, 3}


@pytest.mark.parametrize(
    "vcpus",
    [
        "<vcpu current='2'>4</vcpu>",
        "<vcpu>4</vcpu><vcpus><vcpu id='0' enabled='yes'/><vcpu id='1' enabled='yes'/>"
        "<vcpu id='2' enabled='no'/><vcpu id='3' enabled='no'/></vcpus>",
    ],
)
def test_vcpus_that_are_off_want_no_pin(vcpus: str) -> None:
    domain = guest(f"{PINS}  <cpu><topology sockets='1' cores='2' threads='2'/></cpu>\n", vcpus)
    assert pinning_of(domain).off == {2, 3}
    assert not any("no pin" in s and "vCPU" in s.split(" may")[0].split("the ")[0] for s in words(domain))
    taken = with_pinning(domain.xml, first(domain, Goal(vcpus=4)))
    assert parse(taken, source="x").vcpus_on == 2 and vcpus in taken
    running = {"v0": frozenset[int](), "v1": frozenset[int](), "emu": frozenset[int]()}
    plan = plan_pins(
        StoredGuest("a", "qemu:///system", None, running=running), first(domain, Goal(vcpus=4)), None, LIVE
    )
    assert b"v2" not in (plan.steps[0].after or b"") and not plan.notes


def test_a_thread_that_is_freed_goes_where_the_vcpu_element_says() -> None:
    domain = guest(PINS, "<vcpu cpuset='0,12'>2</vcpu>")
    running = {"v0": frozenset({2}), "v1": frozenset({3}), "emu": frozenset({0, 12})}
    plan = plan_pins(
        StoredGuest("a", "qemu:///system", None, running=running),
        pinning_of(domain).placed("v0", frozenset()),
        None,
        LIVE,
    )
    assert plan.steps[0].after == b"v0 0,12\n"


TWO = """<domain type='kvm'>
  <name>a</name>
  <memory>1048576</memory>
  <vcpu>2</vcpu>
  <cputune>
    <vcpupin vcpu='0' cpuset='2'/>
  </cputune>
  <cputune>
    <vcpupin vcpu='1' cpuset='14'/>
    <emulatorpin cpuset='0'/>
  </cputune>
</domain>
"""


def test_pins_in_two_elements_are_read_and_set_once_each() -> None:
    domain = parse(TWO, source="x")
    assert dict(domain.vcpu_pins) == {0: {2}, 1: {14}} and domain.emulator_pin == {0}
    assert with_pinning(TWO, pinning_of(domain)) == TWO
    moved = with_pinning(TWO, pinning_of(domain).placed("v1", frozenset({15})).placed("emu", frozenset({1})))
    assert moved == TWO.replace("'14'", "'15'").replace("<emulatorpin cpuset='0'/>", "<emulatorpin cpuset='1'/>")
    cleared = with_pinning(TWO, replace(pinning_of(domain), pins=()))
    assert "pin" not in cleared and parse(cleared, source="x").vcpu_pins == ()
