"""Guests that see NUMA nodes: pins, cells and memory stay together."""

from __future__ import annotations

import pytest

from tests.pin_machines import topology
from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.model.base.value import replace
from vfiotui.model.cpu.pinning import pinning_of
from vfiotui.plan.pin.check import Law, problems
from vfiotui.plan.pin.placement_context import placement_context
from vfiotui.plan.pin.propose import Goal, NoPlacement, propose
from vfiotui.plan.pin.xml import with_pinning

CONTEXT = placement_context(topology("epyc"), ())
FIRST, SECOND = (
    min(c.first for c in CONTEXT.cores if c.node == node and c is not CONTEXT.host_core) for node in CONTEXT.nodes
)


def cells(first: int, second: int, memnodes: str, memory: str = "") -> str:
    return (
        "<domain type='kvm'>\n  <name>a</name>\n  <memory>2097152</memory>\n  <vcpu>2</vcpu>\n"
        f"  <cputune><vcpupin vcpu='0' cpuset='{first}'/><vcpupin vcpu='1' cpuset='{second}'/>"
        f"<emulatorpin cpuset='{CONTEXT.cores[0].first}'/></cputune>\n"
        f"  <numatune>{memory}{memnodes}</numatune>\n"
        "  <cpu mode='host-passthrough'><topology sockets='2' cores='1' threads='1'/><numa>"
        "<cell id='0' cpus='0' memory='1048576'/><cell id='1' cpus='1' memory='1048576'/></numa></cpu>\n</domain>\n"
    )


def memnode(cell: int, nodes: str, mode: str = "strict") -> str:
    return f"<memnode cellid='{cell}' mode='{mode}' nodeset='{nodes}'/>"


OWN = memnode(0, "0") + memnode(1, "1")


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        (cells(FIRST, SECOND, OWN), []),
        (
            cells(FIRST, SECOND, memnode(0, "1") + memnode(1, "0")),
            ["node 0 run on the host's node 0, and its memory comes from 1", "and its memory comes from 0"],
        ),
        (cells(FIRST, SECOND, memnode(0, "0")), ["node 1 run on the host's node 1, and its memory may come from any"]),
        (cells(FIRST, SECOND, OWN.replace("strict", "preferred")), ["may come from any", "may come from any"]),
        (cells(FIRST, SECOND, "", "<memory mode='strict' nodeset='0'/>"), ["node 1 run on the host's node 1"]),
        (cells(FIRST, FIRST + 1, OWN), ["node 1 run on the host's node 0, and its memory comes from 1"]),
    ],
)
def test_each_node_of_the_guest_is_judged_by_itself(xml: str, said: list[str]) -> None:
    found = [p.words for p in problems(pinning_of(parse(xml, source="x")), CONTEXT) if p.law is Law.NUMA]
    assert len(found) == len(said) and all(part in words for part, words in zip(said, found, strict=True)), found


def test_a_node_whose_vcpus_are_apart_is_named() -> None:
    torn = cells(FIRST, SECOND, OWN).replace("cpus='0' memory", "cpus='0-1' memory").replace("cpus='1'", "cpus=''")
    found = [p.words for p in problems(pinning_of(parse(torn, source="x")), CONTEXT) if p.law is Law.NUMA]
    assert found[0] == "the vCPUs of its node 0 lie on the host's nodes 0-1"


def test_a_guest_on_two_nodes_crosses_no_cache_that_it_need_not() -> None:
    found = problems(pinning_of(parse(cells(FIRST, SECOND, OWN), source="x")), CONTEXT)
    assert not [p for p in found if p.law is Law.L3]


def test_nothing_is_proposed_that_tears_nodes_apart() -> None:
    found = propose(Goal(vcpus=2), CONTEXT, parse(cells(FIRST, SECOND, OWN), source="x"))
    assert isinstance(found, NoPlacement) and "sees 2 NUMA nodes" in found.sentence


def test_the_memory_of_several_nodes_is_not_bound_to_one() -> None:
    xml = cells(FIRST, SECOND, OWN)
    with pytest.raises(ValueError, match="each of its NUMA nodes"):
        with_pinning(xml, replace(pinning_of(parse(xml, source="x")), nodes=frozenset({1})))


def test_the_memory_of_the_only_node_moves_with_the_pins() -> None:
    xml = cells(FIRST, SECOND, memnode(0, "0"), "<memory mode='strict' nodeset='0'/>")
    xml = xml.replace("cpus='0' memory", "cpus='0-1' memory").replace(
        "<cell id='1' cpus='1' memory='1048576'/></numa>", "</numa>"
    )
    moved = parse(with_pinning(xml, replace(pinning_of(parse(xml, source="x")), nodes=frozenset({1}))), source="x")
    assert moved.backing.nodes == {1} and moved.backing.cell_nodes[0].nodes == {1}
