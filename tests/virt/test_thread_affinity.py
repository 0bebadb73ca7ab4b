"""Threads that were moved behind libvirt's back are found, by libvirt's word and by /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.machines import known_facts
from tests.virt.libvirtd import Daemon, lone_daemon, own_name
from vfiotui.host.guest.thread_affinity import affinities
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File, Nodes
from vfiotui.model.base.reading import Unread
from vfiotui.model.finding.finding import Verdict
from vfiotui.model.guest.domain import Domain, Virt
from vfiotui.rules.pinning.pin_drift import check
from vfiotui.virt.read_domains import read

XML = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><vcpu>2</vcpu><iothreads>1</iothreads>
<cputune><vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='1'/><iothreadpin iothread='1' cpuset='1'/></cputune>
<os><type arch='x86_64' machine='q35'>hvm</type></os><devices><emulator>{emulator}</emulator>
<controller type='usb' model='none'/><memballoon model='none'/></devices></domain>"""


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("pins want two CPUs")
    with lone_daemon() as real:
        yield real


def judged(virt: Virt) -> tuple[Verdict, str]:
    (finding,) = check.ask(replace(known_facts("clean"), virt=virt))
    return finding.verdict, finding.sentence


@pytest.mark.needs_libvirtd
def test_a_moved_thread_is_found_and_a_pin_puts_it_back(daemon: Daemon) -> None:
    name = own_name("moved")
    file = daemon.folder / "guest.xml"
    file.write_text(XML.format(name=name, emulator=daemon.emulator))
    daemon.virsh("define", str(file))
    daemon.virsh("start", name)
    pid = int(next(daemon.folder.rglob(f"{name}.pid")).read_text())
    threads = {(t / "comm").read_text().strip(): int(t.name) for t in Path(f"/proc/{pid}/task").iterdir()}
    assert judged(read(daemon.uri)) == (Verdict.PASSED, "3 of 3 pinned threads are where they belong")
    os.sched_setaffinity(threads["CPU 1/TCG"], {0})
    os.sched_setaffinity(threads["IO iothread1"], {0, 1})
    verdict, sentence = judged(read(daemon.uri))
    assert verdict is Verdict.FAILED
    assert "v1 (pinned to 1, may run on 0), io1 (pinned to 1, may run on 0-1)" in sentence
    seen = affinities(Root.live(), pid)
    assert not isinstance(seen, Unread)
    assert {k: v for k, v in dict(seen).items() if k != "emu"} == {"v0": {0}, "v1": {0}, "io1": {0, 1}}
    daemon.virsh("vcpupin", name, "1", "1", "--live")
    daemon.virsh("iothreadpin", name, "1", "1", "--live")
    assert judged(read(daemon.uri))[0] is Verdict.PASSED


def process(**files: bytes) -> Root:
    tree: Nodes = {f"/proc/9/task/{path}": File(content) for path, content in files.items()}
    return Root(MemoryTree(tree), Mode.CAPTURE)


def test_what_threads_do_not_show_is_left_out_or_not_known() -> None:
    comms = {"9": b"qemu", "10": b"CPU 0/KVM\n", "12": b"worker", "x": b"CPU 4/KVM"}
    files = {f"{tid}/comm": comm for tid, comm in comms.items()}
    files |= {
        "9/status": b"Cpus_allowed_list:\t0-1\n",
        "10/status": b"\xff\0\nCpus_allowed_list:\t2,4-5\r\n",
        "12/status": b"Cpus_allowed_list:\t7\n",
    }
    assert affinities(process(**files), 9) == (("emu", {0, 1}), ("v0", {2, 4, 5}))
    without_first = {path: content for path, content in files.items() if not path.startswith("9/")}
    damaged = {**files, "11/comm": b"CPU 1/KVM\n", "11/status": b"Cpus_allowed_list:\tx-9\n"}
    for wrong in (damaged, without_first, {**damaged, "11/status": b"\0" * 100}, {"9/comm": b"qemu"}):
        assert isinstance(affinities(process(**wrong), 9), Unread)
    assert isinstance(affinities(process(**files), 77), Unread)


def test_a_guest_whose_threads_are_not_seen_is_not_checked() -> None:
    facts = known_facts("moved-threads")
    assert not isinstance(facts.virt, Unread) and not isinstance(facts.virt.domains, Unread)
    (domain,) = facts.virt.domains

    def ask(guest: Domain) -> Verdict:
        (finding,) = check.ask(replace(facts, virt=replace(facts.virt, domains=(guest,))))  # type: ignore[type-var]
        return finding.verdict

    assert ask(domain) is Verdict.FAILED
    assert ask(replace(domain, affinities=Unread("not shown"))) is Verdict.NOT_CHECKED
    assert ask(replace(domain, state="shut off")) is Verdict.NOT_APPLICABLE
    assert ask(replace(domain, affinities=(("v0", frozenset({4})),))) is Verdict.NOT_CHECKED
    assert ask(replace(domain, affinities=(("v0", frozenset({4})), ("v1", frozenset({5}))))) is Verdict.PASSED
