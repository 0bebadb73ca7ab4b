"""Whole machines unlike those of the rules' own tests: nothing fails on what cannot be seen there, no check breaks."""

from __future__ import annotations

import pytest

from tests.hosts import CLEAN
from vfiotui.demo.builder import build
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.nodes import File, Nodes
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.rules import catalogue


def without(*tops: str) -> Nodes:
    """The clean machine without what lies below some paths."""
    return {p: n for p, n in build(CLEAN).items() if not any(p == t or p.startswith(f"{t}/") for t in tops)}


def told(nodes: Nodes) -> list[tuple[str, Finding]]:
    root = Root(MemoryTree(nodes), Mode.CAPTURE, "/m")
    facts: Facts = gather(root, domains.read(root))
    return [(r.code, f) for r in catalogue() for f in r.ask(facts)]


MACHINES = {
    "a container with masked files": {
        **without("/sys/firmware", "/sys/kernel/iommu_groups", "/boot", "/var/log", "/sys/class/iommu"),
        **{
            p: File(b"", mode=0)
            for p in ("/proc/iomem", "/proc/bus/input/devices", "/proc/interrupts", "/proc/cmdline")
        },
    },
    "a user under hidepid": {
        p: File(n.data, mode=0) if isinstance(n, File) and p.startswith(("/proc/1", "/proc/2", "/etc/libvirt")) else n
        for p, n in build(CLEAN).items()
    },
    "no runtime but a kernel line": without("/sys"),
    "no configuration": without("/etc"),
    "a kernel without a version": {
        **without("/proc/sys/kernel/osrelease", "/proc/version", "/lib/modules", "/usr/lib/modules"),
    },
}


@pytest.mark.parametrize("name", MACHINES)
def test_nothing_fails_out_of_thin_air(name: str) -> None:
    before = {(c, f.subject) for c, f in told(build(CLEAN)) if f.verdict is Verdict.FAILED}
    after = [(c, f.subject, f.sentence) for c, f in told(MACHINES[name]) if f.verdict is Verdict.FAILED]
    assert [one for one in after if one[:2] not in before] == []


@pytest.mark.parametrize("name", MACHINES)
def test_no_check_breaks(name: str) -> None:
    assert [f.sentence for _, f in told(MACHINES[name]) if "the check itself failed" in f.sentence] == []
