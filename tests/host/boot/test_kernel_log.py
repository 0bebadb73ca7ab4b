"""A kernel log whose beginning was lost: what is left of it is found, and nothing passes on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.host.capture.captures import reopened
from tests.hosts import CLEAN
from tests.machines import facts_of, root_of
from vfiotui.demo.builder import build
from vfiotui.host.boot import kernel_log
from vfiotui.host.capture.capture import collect
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.nodes import File
from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Verdict
from vfiotui.rules import rule_of

RULES = ["CPU-SPLIT-LOCK", "ROM-BROKEN"] + [
    f"LOG-{w}" for w in "AER AMD-VI BAR DENIED DMAR GPU-LOST REFUSED RESET".split()
]
TROUBLE = "[ 9.0] vfio-pci 0000:01:00.0: BAR 1: can't reserve [mem 0x7c10000000-0x7c1fffffff 64bit pref]\n"


def facts_with(text: str) -> Facts:
    nodes = dict(build(CLEAN))
    nodes["/var/log/dmesg"] = File(text.encode())
    root = Root(MemoryTree(nodes), Mode.CAPTURE, "/m")
    return gather(root, domains.read(root))


def verdicts(facts: Facts, code: str) -> set[Verdict]:
    rule = rule_of(code)
    assert rule is not None
    return {f.verdict for f in rule.ask(facts)}


@pytest.mark.parametrize("code", RULES)
def test_nothing_passes_on_a_log_that_was_cut(code: str) -> None:
    assert verdicts(facts_with("[    0.000000] Linux version 6.12\n[ 1.0] DMAR: on\n"), code) == {Verdict.PASSED}
    assert verdicts(facts_with("[ 4711.0] usb 1-1: new\n[ 4712.0] DMAR: on\n"), code) == {Verdict.NOT_CHECKED}


def test_what_is_left_of_it_is_still_found() -> None:
    assert Verdict.FAILED in verdicts(facts_with(TROUBLE), "LOG-BAR")


def test_a_capture_says_that_the_log_was_cut() -> None:
    nodes = dict(build(CLEAN))
    nodes["/var/log/dmesg"] = nodes["/var/log/dmesg.0"] = File(b"[ 4712.0] DMAR: on\n")
    root = Root(MemoryTree(nodes), Mode.CAPTURE, "/m")
    taken = reopened(collect(root, domains.read(root)))
    facts = gather(taken, domains.read(taken))
    assert verdicts(facts, "LOG-BAR") == verdicts(facts, "BOOT-PREVIOUS") == {Verdict.NOT_CHECKED}
    whole = root_of(replace(CLEAN, name="whole"))
    again = reopened(collect(whole, domains.read(whole)))
    assert verdicts(gather(again, domains.read(again)), "LOG-BAR") == {Verdict.PASSED}


def test_the_kernel_numbers_the_first_message_with_0() -> None:
    assert kernel_log.is_first(b"5,0,0,-;Linux version 6.12.9") and not kernel_log.is_first(b"5,10,0,-;usb")
    for damaged in (b"", b";", b"5", b"5,0", b"\xff,\xff,\xff;x", b"0"):
        assert not kernel_log.is_first(damaged)


def test_the_ring_of_this_host_says_whether_it_is_whole() -> None:
    ring = kernel_log.read_ring(Root.live())
    assert isinstance(ring, Unread) or isinstance(ring[1], bool)


def test_a_log_is_sought_for_its_beginning_in_its_first_messages_only() -> None:
    late = "".join(f"[ {n}.0] usb\n" for n in range(kernel_log.HEAD)) + "[ 500.0] Linux version 6.12\n"
    assert verdicts(facts_with(late + "[ 501.0] DMAR: on\n"), "LOG-DMAR") == {Verdict.NOT_CHECKED}
    assert facts_of(CLEAN).gaps.get("kernel_log", ()) == ()
