"""Goals about memory over described machines: what is written, what is refused, and with which numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hosts import CLEAN, HOSTS
from tests.machines import facts_of, root_of
from tests.plan.boot.test_boot_goals import GRUB, planned
from vfiotui.demo.description import Host
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.change.plan import Plan
from vfiotui.model.finding.finding import Verdict
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import PLANNERS, can_plan, make_plan, reads
from vfiotui.rules import judge

TWO = replace(CLEAN, nodes=2, huge_2m=(100, 40), memory_kib=32 << 20)
NODE1 = "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages"


def plan_of(host: Host, *goals: tuple[str, str]) -> Plan:
    return make_plan(facts_of(host), read_config_snapshot(root_of(host), reads(goals)), goals)


def test_a_reserve_counts_what_is_free_already() -> None:
    (step,) = plan_of(TWO, ("memory.reserve", "2048=50")).steps
    assert (step.kind, step.before, step.after) == ("pages", b"100", b"110"), "40 are free: 10 more"
    assert plan_of(TWO, ("memory.reserve", "2048=40")).steps == ()


def test_nodes_have_pools_of_their_own() -> None:
    plan = plan_of(TWO, ("memory.reserve", "node0:2048=21"), ("memory.reserve", "node1:2048=24,whole"))
    assert [(s.subject[:30], s.before, s.after) for s in plan.steps] == [
        (NODE1.replace("node1", "node0")[:30], b"50", b"51"),
        (NODE1[:30], b"50", b"54"),
    ]
    assert plan.steps[1].wants == ("all",)


@pytest.mark.parametrize("second", ["2048=60", "node1:2048=30"])
def test_a_plan_changes_a_pool_once(second: str) -> None:
    with pytest.raises(PlanError, match="two goals change the pools of 2 MiB"):
        plan_of(TWO, ("memory.reserve", "2048=50"), ("memory.reserve", second))


def test_the_host_is_not_starved_and_the_numbers_are_told() -> None:
    with pytest.raises(PlanError, match=r"\d+ KiB are available, \d+ KiB of them must stay, so \d+ KiB are available"):
        plan_of(TWO, ("memory.reserve", "2048=14000"))
    with pytest.raises(PlanError, match="must stay"):
        plan_of(TWO, ("memory.reserve", "node0:2048=7000"), ("memory.reserve", "node1:2048=7000"))


def test_too_few_whole_blocks_are_compacted_first() -> None:
    plan = plan_of(TWO, ("memory.reserve", "2048=8000"))
    assert [s.kind for s in plan.steps] == ["nudge", "pages"]
    assert plan.conditions[0].name == "available"


def test_pages_on_demand_count_now_and_at_every_boot() -> None:
    plan = plan_of(TWO, ("memory.overcommit", "2048=512"))
    now, boot = sorted(plan.steps, key=lambda s: s.kind, reverse=True)
    assert (now.kind, now.before, now.after) == ("value", b"0\n", b"512") and "nr_overcommit" in now.subject
    assert boot.kind == "file" and b"vm.nr_overcommit_hugepages" in (boot.after or b"")
    with pytest.raises(PlanError, match="must stay"):
        plan_of(TWO, ("memory.overcommit", "2048=16000"))
    for wrong, word in (
        ("node0:2048=5", "name no node"),
        ("1048576=5", "makes no surplus pages"),
        ("2048=all", "say by"),
    ):
        with pytest.raises(PlanError, match=word):
            plan_of(TWO, ("memory.overcommit", wrong))


def test_only_free_pages_are_given_back() -> None:
    (step,) = plan_of(TWO, ("memory.release", "2048=all")).steps
    assert (step.before, step.after) == (b"100", b"60")
    with pytest.raises(PlanError, match="only 40 of 100"):
        plan_of(TWO, ("memory.release", "2048=41"))


def test_caches_are_dropped_after_everything_is_written() -> None:
    assert [s.subject for s in plan_of(TWO, ("memory.drop-caches", "now")).steps] == [
        "sync",
        "/proc/sys/vm/drop_caches",
    ]


def test_the_default_size_goes_to_sysctl_and_a_node_to_tmpfiles() -> None:
    (whole,) = plan_of(TWO, ("memory.persist", "2048=512")).steps
    assert (whole.subject, whole.after) == ("/etc/sysctl.d/90-vfiotui.conf", b"vm.nr_hugepages = 512\n")
    (node,) = plan_of(TWO, ("memory.persist", "node1:2048=512")).steps
    assert node.after == f"w {NODE1} - - - - 512\n".encode()
    with pytest.raises(PlanError, match="does not come up"):
        plan_of(TWO, ("memory.persist", "2048=16000"))


INFO = {
    "/proc/meminfo": "MemTotal: 33554432 kB\nMemAvailable: 30000000 kB\nHugepagesize: 2048 kB\n",
    "/proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu vmx pdpe1gb\n\n",
    "/sys/devices/system/cpu/online": "0\n",
    "/sys/devices/system/cpu/possible": "0\n",
    "/sys/devices/system/cpu/present": "0\n",
    "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages": "0\n",
    "/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages": "0\n",
}


def grub(words: str) -> dict[str, str]:
    line = f'GRUB_CMDLINE_LINUX_DEFAULT="{words}"\n'
    return {**GRUB, **INFO, "/etc/default/grub": line, "/proc/cmdline": f"{words}\n", "/usr/sbin/update-grub": ""}


@pytest.mark.parametrize(
    ("words", "after"),
    [
        ("quiet", "quiet hugepagesz=1G hugepages=8"),
        ("hugepagesz=1G hugepages=4 quiet", "quiet hugepagesz=1G hugepages=8"),
        ("hugepagesz=1g hugepages=4 hugepagesz=2M hugepages=9", "hugepagesz=2M hugepages=9 hugepagesz=1G hugepages=8"),
        ("hugepagesz=1G hugepages=8 quiet", None),
    ],
)
def test_a_gibibyte_is_counted_right_behind_its_size(tmp_path: Path, words: str, after: str | None) -> None:
    plan = planned(tmp_path, grub(words), ("memory.persist", "1048576=8"))
    files = [s.after for s in plan.steps if s.kind == "file"]
    assert files == ([] if after is None else [f'GRUB_CMDLINE_LINUX_DEFAULT="{after}"\n'.encode()])


@pytest.mark.parametrize("goal", [("memory.persist", "1048576=8"), ("memory.default-size", "1G"), ("memory.cma", "8")])
def test_a_processor_without_such_pages_is_told_from_its_flags(tmp_path: Path, goal: tuple[str, str]) -> None:
    files = {**grub("quiet"), "/proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu vmx\n\n"}
    with pytest.raises(PlanError, match="pdpe1gb"):
        planned(tmp_path, files, goal)


def test_transparent_pages_now_and_at_every_boot() -> None:
    now, boot = plan_of(replace(CLEAN, thp="never"), ("thp.enabled", "madvise")).steps
    assert (now.kind, now.after, boot.subject) == ("value", b"madvise", "/etc/tmpfiles.d/90-vfiotui.conf")
    with pytest.raises(PlanError, match="it takes always, madvise, never"):
        plan_of(CLEAN, ("thp.enabled", "[always]\n"))


@pytest.mark.parametrize(("host", "key"), [("guest-memory", "MEM-POOL-SHORT"), ("guest-memory", "MEM-THP-SHARED")])
def test_what_the_rules_wish_of_memory_can_be_planned(host: str, key: str) -> None:
    facts = facts_of(HOSTS[host])
    finding = next(f for f in judge(facts) if f.code == key and f.verdict is Verdict.FAILED and f.fix)
    assert finding.fix is not None and can_plan(finding.fix.goal)


@given(name=st.sampled_from([n for n in PLANNERS if n.startswith(("memory.", "thp."))]), text=st.text(max_size=40))
def test_no_argument_breaks_a_planner(name: str, text: str) -> None:
    if name in ("memory.compact", "memory.drop-caches"):
        return
    facts, snapshot = TWO_FACTS
    try:
        plan = make_plan(facts, snapshot, ((name, text),))
    except PlanError as error:
        assert str(error)
    else:
        assert all(s.subject.startswith("/") for s in plan.steps)


TWO_FACTS = (facts_of(TWO), read_config_snapshot(root_of(TWO)))


def of_size(host: Host, name: str, word: str) -> Host:
    """The machine on which pages of 2 MiB have a word of their own."""
    words = "always inherit madvise never" if name == "enabled" else "always inherit within_size advise never"
    text = " ".join(f"[{w}]" if w == word else w for w in words.split())
    path = f"/sys/kernel/mm/transparent_hugepage/hugepages-2048kB/{name}"
    return replace(host, files={**host.files, path: f"{text}\n"})


@pytest.mark.parametrize(
    ("goal", "name"), [(("thp.enabled", "madvise"), "enabled"), (("memory.shmem-thp", "advise"), "shmem_enabled")]
)
def test_the_size_of_a_guests_pages_follows_the_word_for_all(goal: tuple[str, str], name: str) -> None:
    """A word of its own would keep it off, whatever is written for all."""
    host = of_size(replace(CLEAN, thp="never"), name, "never")
    steps = plan_of(host, goal).steps
    values = {s.subject.partition("transparent_hugepage/")[2]: s.after for s in steps if s.kind == "value"}
    assert values == {name: goal[1].encode(), f"hugepages-2048kB/{name}": b"inherit"}
    boot = next(s.after or b"" for s in steps if s.subject == "/etc/tmpfiles.d/90-vfiotui.conf")
    assert f"/{name} - - - - {goal[1]}\n".encode() in boot and b"kB/" in boot and boot.count(b"\nw ") + 1 >= 2
    follows = plan_of(of_size(replace(CLEAN, thp="never"), name, "inherit"), goal).steps
    assert len([s for s in follows if s.kind == "value"]) == 1, "what follows already is left as it is"
