"""Huge pages of guests whose memory is bound to nodes, or lies in pages of several sizes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts.base import CLEAN
from tests.hosts.guest_texts import cells_xml
from tests.hosts.guests import TWO_NODES
from tests.machines import facts_of
from vfiotui.demo.description import GuestDesc
from vfiotui.model.finding.finding import Finding
from vfiotui.model.finding.report import level
from vfiotui.rules import rule_of

GIB, MIB = 1 << 20, 1 << 10
OWN = "<memnode cellid='0' mode='strict' nodeset='0'/><memnode cellid='1' mode='strict' nodeset='1'/>"


def said(xml: str, pages: tuple[int, int] = (1024, 1024), large: tuple[int, int] = (0, 0)) -> Finding:
    desc = GuestDesc("g", xml)
    rule = rule_of("MEM-POOL-SHORT")
    assert rule is not None
    (found,) = rule.ask(facts_of(replace(CLEAN, nodes=2, cpu=TWO_NODES, huge_2m=pages, huge_1g=large, guests=(desc,))))
    return found


def huge(pages: str, tune: str, first: int, second: int) -> str:
    numatune = f"<numatune>{tune}</numatune>" if tune else ""
    backing = f"<memoryBacking><hugepages>{pages}</hugepages></memoryBacking>"
    return cells_xml("g", (1, 5), backing + numatune, (first, second))


@pytest.mark.parametrize(
    ("tune", "verdict", "goals"),
    [
        ("", "holds", ()),
        ("<memory mode='strict' nodeset='1'/>", "fail", ("node1:2048=768",)),
        ("<memory mode='strict' nodeset='0-1'/>", "holds", ()),
        ("<memory mode='preferred' nodeset='1'/>", "holds", ()),
        (OWN, "fail", ("node0:2048=640",)),
        (OWN.replace("strict", "interleave"), "holds", ()),
        (f"<memory mode='strict' nodeset='1'/>{OWN}", "fail", ("node0:2048=640",)),
    ],
)
def test_pages_must_lie_on_the_nodes_of_the_memory(tune: str, verdict: str, goals: tuple[str, ...]) -> None:
    found = said(huge("<page size='2048'/>", tune, 1280 * MIB, 256 * MIB))
    assert level(found) == verdict, found
    assert tuple(argument for _, argument in (found.fix.goal if found.fix else ())) == goals


def test_two_cells_on_one_node_share_its_pages() -> None:
    both = OWN.replace("nodeset='1'", "nodeset='0'")
    found = said(huge("<page size='2048'/>", both, 768 * MIB, 512 * MIB))
    assert level(found) == "fail" and "640 huge pages of 2048 KiB on node 0 (512 are available)" in found.sentence
    assert found.fix is not None and found.fix.goal == (("memory.reserve", "node0:2048=640"),)


def test_what_may_come_from_two_nodes_is_taken_from_both() -> None:
    found = said(huge("<page size='2048'/>", "<memory mode='strict' nodeset='0-1'/>", 2 * GIB, 2 * MIB))
    assert found.fix is not None and [a for _, a in found.fix.goal] == ["node0:2048=513", "node1:2048=512"]


@pytest.mark.parametrize(
    ("pages", "verdict", "words"),
    [
        ("<page size='1' unit='G' nodeset='0'/><page size='2' unit='M' nodeset='1'/>", "holds", "514 pages"),
        ("<page size='1' unit='G' nodeset='1'/><page size='2' unit='M'/>", "fail", "1024 huge pages of 2048 KiB"),
        ("<page size='1' unit='G'/>", "fail", "3 huge pages of 1048576 KiB"),
    ],
)
def test_each_size_is_judged_for_its_cells(pages: str, verdict: str, words: str) -> None:
    found = said(huge(pages, "", 2 * GIB, GIB), (1000, 1000), (2, 2))
    assert level(found) == verdict and words in found.sentence, found


def test_the_only_cell_of_a_guest_without_cells_is_bound_too() -> None:
    pages = "<memoryBacking><hugepages><page size='2048' nodeset='0'/></hugepages></memoryBacking>"
    tune = "<numatune><memory mode='strict' nodeset='1'/></numatune>"
    bound = said(f"<domain type='kvm'><name>g</name><memory unit='GiB'>4</memory>{pages}{tune}</domain>")
    assert "on node 1" in bound.sentence and level(bound) == "fail"
