"""Disks and inputs get the names below /dev that stay, where the running host shows them."""

from __future__ import annotations

import pytest

from tests.plan.guest.definitions import host_of, of_win, with_words
from vfiotui.demo.builder import build
from vfiotui.host.guest import domains
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File, Node, Symlink
from vfiotui.plan.draft import PlanError
from vfiotui.plan.service import plan_goals
from vfiotui.state.plan_inputs import RootInputs

DISKS, INPUTS = "/dev/disk/by-id", "/dev/input/by-id"
LOOSE = with_words(
    ("/dev/disk/by-id/ata-games", "/dev/sdb"), ("/dev/input/by-id/usb-Logitech-event-kbd", "/dev/input/event3")
)
NODES: dict[str, Node] = {
    "/dev/sdb": File(b""),
    "/dev/input/event3": File(b""),
    f"{DISKS}/wwn-0x5000": Symlink("../../sdb"),
    f"{DISKS}/ata-Samsung_SSD_870_S1_long": Symlink("../../sdb"),
    f"{DISKS}/ata-Samsung_SSD_870": Symlink("../../sdb"),
    f"{DISKS}/ata-lost": Symlink("../../sdz"),
    f"{DISKS}/loop": Symlink("loop"),
    f"{INPUTS}/usb-Logitech-event-kbd": Symlink("../event3"),
}


def after(goal: str, nodes: dict[str, Node], xml: str = LOOSE) -> str:
    root = Root(MemoryTree({**build(host_of(xml)), **nodes}), Mode.DEMO)
    plan = plan_goals(RootInputs(root, lambda: domains.read(root), daemon=False), of_win(goal))
    return (plan.steps[0].after or b"").decode().removesuffix("\n") if plan.steps else xml


def test_the_shortest_name_that_a_person_can_read_is_taken() -> None:
    assert after("disk.by-id=vdb", NODES) == LOOSE.replace("/dev/sdb", f"{DISKS}/ata-Samsung_SSD_870")
    inputs = f"{INPUTS}/usb-Logitech-event-kbd"
    assert after("input.by-id=/dev/input/event3", NODES) == LOOSE.replace("/dev/input/event3", inputs)


def test_a_name_that_stays_is_left_as_it_is() -> None:
    xml = LOOSE.replace("/dev/sdb", f"{DISKS}/wwn-0x5000")
    assert after("disk.by-id=vdb", NODES, xml) == xml


@pytest.mark.parametrize(
    ("goal", "gone", "sentence"),
    [
        ("disk.by-id=vdb", "ata-S wwn", "no link below /dev/disk/by-id leads to /dev/sdb"),
        ("disk.by-id=vda", "", "vda is no block device"),
        ("disk.by-id=vdx", "", "no disk 'vdx'"),
        ("input.by-id=/dev/input/event9", "", "no input"),
        ("input.by-id=/dev/input/event3", "usb-", "no link|cannot be read"),
    ],
)
def test_where_no_name_is_known_the_goal_is_refused(goal: str, gone: str, sentence: str) -> None:
    left = {p: n for p, n in NODES.items() if not p.rpartition("/")[2].startswith(tuple(gone.split()) or "\0")}
    with pytest.raises(PlanError, match=sentence):
        after(goal, left)
