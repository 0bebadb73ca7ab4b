"""USB devices in a running guest and in a definition; keyboards and mice that are shared."""

from __future__ import annotations

import pytest

from tests.hosts.guest_texts import FINE
from tests.machines import root_of
from tests.plan.guest.definitions import edited, host_of, of_win, planned
from tests.usb_machines import HUB, STORAGE, Plugged, root_with, with_usb
from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.host.guest import domains
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File, Symlink
from vfiotui.model.base.reading import Reading
from vfiotui.model.base.value import replace
from vfiotui.model.change.plan import Goal, Plan, from_json, to_json
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.plan.draft import PlanError
from vfiotui.plan.judged import judged
from vfiotui.plan.service import plan_goals
from vfiotui.state.plan_inputs import RootInputs

XML = (
    "<domain type='kvm'><name>win</name><uuid>11111111-2222-3333-4444-555555555555</uuid>"
    "<memory unit='MiB'>512</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>"
    "<devices>{}</devices></domain>"
)
HAS = "<hostdev mode='subsystem' type='usb' managed='yes'><source>{}</source></hostdev>"
STICK = Plugged("3-2", "0781:5583", "Ultra", STORAGE, "usb-storage", number=7)
TWINS = (STICK, Plugged("3-5", "0781:5583", "Ultra", STORAGE, "usb-storage", number=8))


class Inputs(RootInputs):
    """A host whose daemon runs the guest win."""

    def __init__(self, nodes: dict[str, object], live: str, stored: str = "", where: str = "qemu:///system") -> None:
        root = root_with(nodes)  # type: ignore[arg-type]
        files = domains.read(root)
        win = parse(live, source="x", state="running")
        super().__init__(root, lambda: replace(files, domains=(win,), connected=True), daemon=False)
        self.win = StoredGuest("win", where, (stored or live).encode(), running={})

    def guest(self, name: str) -> Reading[StoredGuest]:
        return self.win if name == "win" else StoredGuest(name, self.win.where, None)


def attached(plugged: tuple[Plugged, ...], goal: Goal, has: str = "", **more: object) -> Plan:
    nodes = with_usb(plugged, **more)  # type: ignore[arg-type]
    return plan_goals(Inputs(dict(nodes), XML.format(has)), [goal])


@pytest.mark.parametrize("word", ["3-2", "0781:5583", "3:7", "003:007"])
def test_a_device_is_given_by_the_number_that_it_has_now_however_it_is_named(word: str) -> None:
    (step,) = attached((STICK,), ("usb.attach", f"win/{word}")).steps
    assert (step.kind, step.subject, step.before) == ("device", "win", None)
    assert step.after is not None and b"<address bus='3' device='7'/>" in step.after
    assert step.where == "qemu:///system" and "Ultra (3-2)" in step.why


def test_a_plan_from_a_file_that_attaches_is_nothing_strange() -> None:
    plan = attached((STICK,), ("usb.attach", "win/3-2"))
    found = judged(from_json(to_json(plan)))
    assert found.strange == () and found.raised == ()


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("0781:5583", "name the port of one, 3-2 or 3-5"),
        ("3-9", "no USB device 3-9 is plugged in"),
        ("3-1", "is a hub"),
        ("../etc", "names no USB device"),
        ("", "names no USB device"),
        ("3-2;x", "names no USB device"),
    ],
)
def test_what_is_not_one_device_is_refused_with_the_way_out(word: str, said: str) -> None:
    hub = Plugged("3-1", "05e3:0608", "Hub", HUB, "hub", ports=4)
    with pytest.raises(PlanError, match=said):
        attached((hub, *TWINS), ("usb.attach", f"win/{word}"))


def test_a_mounted_stick_and_the_only_keyboard_stay_with_the_host() -> None:
    with pytest.raises(PlanError, match=r"the host needs Ultra .3-2.: /mnt on sdx; unmount it first"):
        attached((STICK,), ("usb.attach", "win/3-2"), mounts=[("3-2", "/mnt")])
    with pytest.raises(PlanError, match="the only keyboard"):
        attached((), ("usb.attach", "win/1-4"))


def test_a_guest_that_has_it_or_runs_elsewhere_gets_nothing() -> None:
    has = HAS.format("<address bus='3' device='7'/>")
    with pytest.raises(PlanError, match="win has 3-2 already"):
        attached((STICK,), ("usb.attach", "win/3-2"), has)
    inputs = Inputs(dict(with_usb([STICK])), XML.format(""), where="qemu+ssh://root@other/system")
    with pytest.raises(PlanError, match="another host"):
        plan_goals(inputs, [("usb.attach", "win/3-2")])
    with pytest.raises(PlanError, match="there is no guest 'nobody'"):
        attached((STICK,), ("usb.attach", "nobody/3-2"))


@pytest.mark.parametrize("word", ["3-2", "0781:5583", "3:7"])
def test_a_device_is_taken_from_a_running_guest_by_any_of_its_names(word: str) -> None:
    has = HAS.format("<vendor id='0x0781'/><product id='0x5583'/><address bus='3' device='7'/>")
    (step,) = attached((STICK,), ("usb.detach", f"win/{word}"), has).steps
    assert step.after is None and step.before is not None and b"<address bus='3' device='7'/>" in step.before


def test_a_device_that_is_gone_can_be_taken_out_by_the_number_that_it_had() -> None:
    has = HAS.format("<address bus='3' device='4'/>")
    (step,) = attached((STICK,), ("usb.detach", "win/3:4"), has).steps
    assert step.before is not None and b"device='4'" in step.before
    with pytest.raises(PlanError, match="win has no USB device 3-2; it has: 3:4"):
        attached((STICK,), ("usb.detach", "win/3-2"), has)


def test_a_definition_gets_ids_that_may_be_absent_and_loses_them_again() -> None:
    after = edited(FINE, "usb.add=1234:ABCD")
    assert "<source startupPolicy=" in after and "0x1234" in after and "0xabcd" in after
    assert edited(after, "usb.add=1234:abcd") == after
    assert edited(after, "usb.drop=1234:abcd") == FINE
    assert parse(after, source="x").hostdevs[-1].startup_policy == "optional"


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        ("usb.add=3:7", "another number each time"),
        ("usb.drop=1234:abcd", "win has no USB device 1234:abcd; it has: 1532:0037"),
        ("evdev.add=/dev/sda", "no device below /dev/input"),
        ("evdev.add=/dev/input/by-id/x-event-kbd=space", "hands nothing over"),
        ("evdev.drop=/dev/input/event3", "has no evdev input"),
    ],
)
def test_what_a_definition_cannot_have_is_refused(goal: str, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        planned(host_of(), *of_win(goal))


def test_a_guest_without_usb_is_told_from_one_with() -> None:
    none = FINE.replace("<memballoon", "<controller type='usb' model='none'/><memballoon", 1)
    with pytest.raises(PlanError, match="win has no USB"):
        planned(host_of(none), *of_win("usb.add=1234:abcd"))


LINKS = {"usb-Logi_K120-event-kbd": "event3", "usb-Razer-event-mouse": "event4", "usb-Razer-mouse": "mouse0"}


def shared(*goals: str, xml: str = FINE) -> Plan:
    host = host_of(xml)
    tree = root_of(host).tree
    assert isinstance(tree, MemoryTree)
    nodes = dict(tree._nodes)
    for name, event in LINKS.items():
        nodes[f"/dev/input/by-id/{name}"] = Symlink(f"../{event}")
        nodes[f"/dev/input/{event}"] = File(b"")
    root = Root(MemoryTree(nodes), Mode.CAPTURE)
    return plan_goals(RootInputs(root, lambda: domains.read(root), daemon=False), of_win(*goals))


def test_a_keyboard_grabs_all_and_a_mouse_follows_it() -> None:
    kbd, mouse = (f"/dev/input/by-id/{n}" for n in list(LINKS)[:2])
    plan = shared(f"evdev.add={kbd}=scrolllock", f"evdev.add={mouse}")
    (step,) = plan.steps
    after = (step.after or b"").decode()
    assert f"<source dev='{kbd}' grab='all' grabToggle='scrolllock' repeat='on'/>" in after.replace('"', "'")
    assert parse(after, source="x").devices.evdev[-2:] == (kbd, mouse) and any(
        "Scroll Lock together" in n for n in plan.notes
    )
    again = shared(f"evdev.drop={kbd}", f"evdev.drop={mouse}", xml=after.removesuffix("\n"))
    assert (again.steps[0].after or b"").decode().removesuffix("\n") == FINE


def test_a_kernel_name_becomes_the_link_that_stays() -> None:
    plan = shared("evdev.add=/dev/input/event3")
    assert "/dev/input/by-id/usb-Logi_K120-event-kbd" in (plan.steps[0].after or b"").decode()
    with pytest.raises(PlanError, match="neither a keyboard"):
        shared("evdev.add=/dev/input/by-id/usb-Razer-mouse")
    with pytest.raises(PlanError, match="is not there: known are"):
        shared("evdev.add=/dev/input/by-id/usb-Gone-event-kbd")
