"""Goals become pinnings that keep the laws; the three classic examples come out element for element."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest

from tests.pin_machines import SIX, host, topology
from tests.plan.pin.pin_laws import broken, judged, made_up
from tests.requirements import need
from tests.tree_on_disk import write
from vfiotui.demo.builder import build
from vfiotui.demo.guest_xml import guest_xml
from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.model.cpu.pinning import Pinning, Shape, pinning, pinning_of
from vfiotui.plan.pin.check import problems
from vfiotui.plan.pin.placement_context import placement_context
from vfiotui.plan.pin.propose import Goal, NoPlacement, Prefer, Proposal, propose
from vfiotui.plan.pin.score import score
from vfiotui.plan.pin.xml import changes, with_pinning

BARE = "<domain type='kvm'>\n  <name>vm</name>\n  <vcpu>1</vcpu>\n</domain>\n"


def best(machine: str, goal: Goal, near: frozenset[int] = frozenset()) -> Proposal:
    answer = propose(goal, placement_context(topology(machine), (), near))
    assert not isinstance(answer, NoPlacement), answer.sentence
    return answer[0]


def elements(xml: str) -> list[tuple[str, dict[str, str], str]]:
    root = ET.fromstring(xml)
    return [(e.tag, e.attrib, (e.text or "").strip()) for e in root.iter() if e.tag not in ("domain", "name")]


def expected(vcpus: list[int], host: str = "", shape: dict[str, str] | None = None) -> list[object]:
    found: list[object] = [("vcpu", {"placement": "static"}, str(len(vcpus)))]
    found += [("iothreads", {}, "1")] if host else []
    found += [("cputune", {}, "")]
    found += [("vcpupin", {"vcpu": str(v), "cpuset": str(c)}, "") for v, c in enumerate(vcpus)]
    if host:
        found += [("emulatorpin", {"cpuset": host}, ""), ("iothreadpin", {"iothread": "1", "cpuset": host}, "")]
    return found + ([("cpu", {}, ""), ("topology", shape, "")] if shape else [])


FOUR_PAIRS = {"sockets": "1", "cores": "4", "threads": "2"}


@pytest.mark.parametrize(
    ("machine", "goal", "wanted"),
    [
        ("plain", Goal(vcpus=4, host_cores=0), expected([0, 1, 2, 3])),
        (
            "coffee-lake",
            Goal(vcpus=8, host_cores=2, iothreads=1),
            expected([2, 8, 3, 9, 4, 10, 5, 11], "0,6", FOUR_PAIRS),
        ),
        (
            "ryzen-1600",
            Goal(vcpus=8, dies=False, iothreads=1),
            expected([2, 3, 4, 5, 6, 7, 8, 9], "0-1", FOUR_PAIRS),
        ),
    ],
)
def test_the_classic_examples_come_out_element_for_element(machine: str, goal: Goal, wanted: list[object]) -> None:
    assert elements(with_pinning(BARE, best(machine, goal).pinning, topology(machine))) == wanted


@pytest.mark.parametrize(
    ("machine", "cores", "caches"),
    [
        ("plain", [0, 1, 2, 3], [0, 0, 0, 0]),
        ("coffee-lake", [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5], [0] * 12),
        ("ryzen-1600", [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5], [0] * 6 + [1] * 6),
    ],
)
def test_lscpu_itself_prints_the_tables_of_the_classic_examples_hosts(
    tmp_path: Path, machine: str, cores: list[int], caches: list[int]
) -> None:
    lscpu = need("lscpu", "util-linux")
    write(build(host(machine)), str(tmp_path))
    words = [lscpu, "--sysroot", str(tmp_path), "-e=CPU,NODE,SOCKET,CORE,CACHE,ONLINE"]
    told = subprocess.run(words, capture_output=True, text=True, check=True, env={"LC_ALL": "C"}).stdout
    expected = [
        f"{n} 0 0 {core} {core}:{core}:{core}:{l3} yes" for n, (core, l3) in enumerate(zip(cores, caches, strict=True))
    ]
    assert [" ".join(line.split()) for line in told.splitlines()[1:]] == expected


@pytest.mark.parametrize("machine", SIX)
def test_made_up_goals_break_no_law(machine: str) -> None:
    outcomes = [judged(made_up(machine, seed)) for seed in range(60)]
    assert [laws for _, laws in outcomes if laws] == []
    assert sum(o == "proposed" for o, _ in outcomes) > 20


def test_the_laws_catch_what_they_forbid() -> None:
    case = replace(made_up("ryzen", 0), others=(), topology=topology("ryzen"), goal=Goal(vcpus=4), near=frozenset())
    good = best("ryzen", case.goal).pinning
    assert broken(case, good, best=True) == []

    def laws(found: Pinning) -> str:
        return " ".join(broken(case, found, best=True))

    host = frozenset({0, 12})
    assert "P2" in laws(good.placed("v1", good.vcpus[0]))
    assert "P3" in laws(good.placed("v1", good.vcpus[2]).placed("v2", good.vcpus[1]))
    assert "P8" in laws(good.placed("emu", good.vcpus[0]))
    assert "P8" in laws(good.placed("emu", frozenset()))
    assert "P9" in laws(pinning({0: host & {0}, 1: host & {12}}, frozenset({1}), shape=Shape(1, 1, 1, 2)))
    assert "P1" in laws(good.placed("v3", frozenset({9, 10})))
    assert "P5" in laws(
        pinning({0: frozenset({1}), 1: frozenset({13}), 2: frozenset({6}), 3: frozenset({18})}, host, shape=good.shape)
    )


def test_the_cache_or_the_frequency_is_preferred_as_wished() -> None:
    assert best("x3d", Goal()).pinning.guest_cpus <= set(range(8)) | set(range(16, 24))
    assert best("x3d", Goal(prefer=Prefer.FREQUENCY)).pinning.guest_cpus <= {*range(8, 16), *range(24, 32)}
    assert any("96 MiB" in reason for reason in best("x3d", Goal()).reasons)


def test_fast_cores_first_and_never_a_mixture() -> None:
    hybrid = topology("hybrid")
    for count in (2, 4, 8):
        kinds = {hybrid.by_number[c].kind_name for c in best("hybrid", Goal(vcpus=count)).pinning.guest_cpus}
        assert kinds == {"P"}
    answer = propose(Goal(vcpus=12), placement_context(hybrid, ()))
    assert isinstance(answer, NoPlacement) and answer.most == 10 and "one kind" in answer.sentence
    assert best("arm", Goal()).pinning.guest_cpus == {4, 5, 6, 7}


def test_the_devices_node_wins_and_memory_comes_from_there() -> None:
    found = best("epyc", Goal(vcpus=16), frozenset({1})).pinning
    assert found.nodes == {1}
    assert {min(topology("epyc").by_number[c].nodes) for c in found.guest_cpus | (found.emulator or frozenset())} == {1}  # type: ignore[type-var]
    wide = best("epyc", Goal(vcpus=64), frozenset({1})).pinning
    assert wide.shape == Shape(1, 4, 8, 2)


def test_memory_that_does_not_fit_on_a_node_is_not_bound_to_it() -> None:
    guest = parse(guest_xml("big", "00000000-0000-4000-8000-000000000001", memory_gib=4000), source="x")
    answer = propose(Goal(vcpus=4), placement_context(topology("epyc"), ()), guest)
    assert not isinstance(answer, NoPlacement)
    assert answer[0].pinning.nodes is None and any("larger than its node" in r for r in answer[0].remarks)


def test_scarce_cores_are_shared_and_that_is_said() -> None:
    found = best("ryzen", Goal(vcpus=20, smt=False))
    assert found.pinning.shape == Shape(1, 2, 5, 2)
    assert any("scarce" in r for r in found.remarks)
    apart = best("ryzen", Goal(vcpus=4, smt=False))
    assert apart.pinning.shape == Shape(1, 1, 4, 1) and any("stay idle" in r for r in apart.remarks)


def test_running_guests_keep_what_they_have() -> None:
    xml = guest_xml("other", "00000000-0000-4000-8000-000000000002", memory_gib=1, pins=(6, 18, 7, 19))
    running = parse(xml, source="x", state="running")
    found = propose(Goal(), placement_context(topology("ryzen"), (running,)))
    assert not isinstance(found, NoPlacement)
    assert not found[0].pinning.guest_cpus & {6, 18, 7, 19}
    off = parse(xml, source="x", state="shut off")
    assert propose(Goal(vcpus=12), placement_context(topology("ryzen"), (off,)))[0].pinning.guest_cpus >= {6, 18}  # type: ignore[index]


def test_a_score_is_the_sum_of_its_parts() -> None:
    for machine in SIX:
        answer = propose(Goal(vcpus=2), placement_context(topology(machine), ()))
        assert not isinstance(answer, NoPlacement)
        for found in answer:
            assert found.score.total == round(sum(p.points for p in found.score.parts)) <= 100
            assert sum(p.of for p in found.score.parts) == 100
            assert all(0 <= p.points <= p.of for p in found.score.parts)
        assert [p.score.total for p in answer] == sorted((p.score.total for p in answer), reverse=True)


@pytest.mark.parametrize("machine", SIX)
def test_a_proposal_has_no_problems_and_a_worse_score_when_it_is_spoilt(machine: str) -> None:
    context = placement_context(topology(machine), ())
    found = best(machine, Goal(vcpus=4))
    assert [p.words for p in problems(found.pinning, context) if p.severity != "info"] == []
    spoilt = found.pinning.placed("v0", found.pinning.emulator or frozenset())
    assert score(spoilt, context).total < found.score.total


def spoil(**pins: str) -> tuple[str, ...]:
    context = placement_context(topology("gaps"), ())
    found = best("gaps", Goal(vcpus=4, iothreads=1)).pinning
    for name, cpus in pins.items():
        found = found.placed(name, frozenset(int(c) for c in cpus.split(",") if c))
    return tuple(p.words for p in problems(found, context))


@pytest.mark.parametrize(
    ("pins", "words"),
    [
        ({"v1": "5"}, "CPU 5 is offline: the guest would not start"),
        ({"v1": "999"}, "CPU 999 does not exist"),
        ({"v1": "16"}, "vCPUs 0-1 are all pinned to CPU 16"),
        ({"v1": "17"}, "SMT pair split"),
        ({"v1": "16,17"}, "vCPU 1 may wander"),
        ({"v1": ""}, "vCPU 1 may run anywhere"),
        ({"v0": "32", "v1": "160"}, "L3 crossing"),
        ({"v0": "66", "v1": "194"}, "NUMA nodes 0-1"),
        ({"v0": "1", "v1": "129"}, "the host's first core"),
        ({"emu": "16"}, "the emulator shares CPU 16 with vCPUs"),
        ({"emu": ""}, "the emulator may run on the vCPUs' CPUs"),
        ({"io1": "17"}, "iothread 1 shares CPU 17"),
        ({"io2": "1"}, "iothread 2, which the guest does not have"),
        ({"v9": "20"}, "vCPU 9, which the guest does not have"),
    ],
)
def test_every_invalid_state_is_said(pins: dict[str, str], words: str) -> None:
    said = spoil(**pins)
    assert any(words in s for s in said), said


def test_a_shape_that_does_not_make_the_vcpus_is_said() -> None:
    found = replace(best("ryzen", Goal(vcpus=4)).pinning, shape=Shape(1, 1, 4, 2))
    said = problems(found, placement_context(topology("ryzen"), ()))
    assert said[0].severity == "fail" and "makes 8 vCPUs" in said[0].words


def test_the_guest_of_the_demo_comes_back_from_its_xml() -> None:
    xml = guest_xml("vm", "00000000-0000-4000-8000-000000000003", memory_gib=1, pins=(6, 18), threads=2, iothread="2")
    found = pinning_of(parse(xml, source="x"))
    assert with_pinning(xml, found) == xml
    topoext = "    <feature policy='require' name='topoext'/>\n"
    assert with_pinning(xml.replace(topoext, ""), found) == xml.replace(topoext, "")
    assert "topoext" in with_pinning(xml.replace(topoext, ""), found, topology("ryzen"))
    wider = best("ryzen", Goal(vcpus=4, iothreads=1)).pinning
    after = with_pinning(xml, wider, topology("ryzen"))
    assert pinning_of(parse(after, source="x")) == wider
    assert "vCPUs: 2 → 4" in changes(xml, after)


def test_vcpus_that_are_listed_one_by_one_are_not_counted_anew() -> None:
    xml = "<domain><vcpu>2</vcpu><vcpus><vcpu id='0' enabled='yes'/></vcpus></domain>"
    with pytest.raises(ValueError, match="one by one"):
        with_pinning(xml, best("ryzen", Goal(vcpus=4)).pinning, topology("ryzen"))


def test_a_pin_to_all_cpus_is_none() -> None:
    context = placement_context(topology("ryzen"), ())
    everywhere = frozenset(context.by_cpu)
    said = [p.words for p in problems(pinning({0: everywhere, 1: everywhere}), context)]
    assert any("vCPU 0-1 may run anywhere" in s for s in said) and not any("wander" in s for s in said)


def test_vcpus_that_share_a_cpu_get_no_points_for_their_cores() -> None:
    context = placement_context(topology("ryzen"), ())
    good = best("ryzen", Goal(vcpus=4)).pinning
    parts = {p.name: p for p in score(good.placed("v1", good.vcpus[0]), context).parts}
    assert parts["cores"].points == 0 and "several vCPUs" in parts["cores"].words


CLUSTERS = """<domain type='kvm'>
  <name>a</name>
  <memory>1048576</memory>
  <vcpu>8</vcpu>
  <cpu mode='host-passthrough'>
    <topology sockets='1' dies='1' clusters='2' cores='2' threads='2'/>
  </cpu>
</domain>
"""


def test_a_pin_leaves_the_guests_clusters_to_the_byte() -> None:
    now = pinning_of(parse(CLUSTERS, source="x"))
    assert now.shape is not None and now.shape.product == 8
    after = with_pinning(CLUSTERS, now.placed("v0", frozenset({2})))
    added = "  <cputune>\n    <vcpupin vcpu='0' cpuset='2'/>\n  </cputune>\n"
    assert after.replace(added, "") == CLUSTERS and added in after
    bare = CLUSTERS.replace(" sockets='1' dies='1' clusters='2' cores='2'", " cores='4'")
    assert with_pinning(bare, pinning_of(parse(bare, source="x"))) == bare


def test_another_shape_sets_the_clusters_too() -> None:
    wanted = replace(pinning_of(parse(CLUSTERS, source="x")), shape=Shape(1, 1, 4, 2))
    after = with_pinning(CLUSTERS, wanted)
    assert "clusters='1' cores='4' threads='2'" in after and pinning_of(parse(after, source="x")).shape == wanted.shape
    assert any("2 clusters" in words for words in changes(CLUSTERS, after))
