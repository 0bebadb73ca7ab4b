"""Rules that follow a port or ids: what is written, for whom, what speaks against it, and back to nothing."""

from __future__ import annotations

import pytest

from tests.hosts.guests import FINE_HOST
from tests.usb_machines import STORAGE, Plugged, deep, guest_with, root_with, with_usb
from vfiotui.demo.description import Host
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.usb_follow import units
from vfiotui.host.guest import domains, usb_follow
from vfiotui.model.base.nodes import File, Node, Symlink
from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import replace
from vfiotui.model.change.plan import Plan, from_json, to_json
from vfiotui.model.guest.usb_follow import PATH
from vfiotui.plan.draft import PlanError
from vfiotui.plan.judged import judged
from vfiotui.plan.service import plan_goals
from vfiotui.state.plan_inputs import RootInputs

STICK = Plugged("3-2", "0781:5583", "Ultra", STORAGE, "usb-storage", number=7)
UUID = "11111111-2222-3333-4444-555555555555"
HOST: Host = replace(
    FINE_HOST,
    guests=(guest_with("win", ""), guest_with("it's a vm", "")),
    files={**FINE_HOST.files, "/usr/bin/systemctl": "", "/usr/bin/virsh": ""},
)


def nodes_of(*plugged: Plugged, **more: object) -> dict[str, Node]:
    controller = next(u.controller for u in FINE_HOST.usb)
    return with_usb(plugged, HOST, controller, **more)  # type: ignore[arg-type]


def planned(nodes: dict[str, Node], *goals: tuple[str, str]) -> Plan:
    root = root_with(nodes)
    return plan_goals(RootInputs(root, lambda: domains.read(root), daemon=False), goals)


def applied(nodes: dict[str, Node], plan: Plan) -> dict[str, Node]:
    """The tree with the plan's files and links; its commands need a running system."""
    after = dict(nodes)
    for step in plan.steps:
        if step.kind not in ("file", "link"):
            continue
        if step.after is None:
            del after[step.subject]
        elif step.kind == "link":
            after[step.subject] = Symlink(step.after.decode())
        else:
            after[step.subject] = File(step.after, step.mode or 0o644)
    return after


def test_a_port_is_followed_by_its_controller_speed_and_ports() -> None:
    controller = next(u.controller for u in FINE_HOST.usb)
    plan = planned(nodes_of(STICK), ("usb.follow", "win/3-2"))
    by = {s.subject: (s.after or b"").decode() for s in plan.steps}
    assert by[PATH].splitlines()[1:] == [f"port {controller} 480 2 {UUID} win"]
    assert f'DEVPATH=="*/{controller}/*usb[0-9]*/*-2|*/{controller}/*usb[0-9]*/*-2.*", RUN' in by[units.RULES]
    assert units.is_own_rules(by[units.RULES]) and by[units.WANTED] == units.WATCH
    assert [s.argv for s in plan.steps if s.kind == "command"] == [
        ("systemctl", "daemon-reload"),
        ("systemctl", "start", "vfiotui-usb.path"),
        ("systemctl", "start", "--no-block", "vfiotui-usb.service"),
    ]
    assert units.hook_guests(by[units.HOOK]) == ("win",)
    assert any("controller" in n and "better way" in n for n in plan.notes)


def test_a_socket_with_two_names_is_followed_by_both_and_unfollowed_by_either() -> None:
    nodes = nodes_of(peers=[("3-2", "4-1")])
    plan = planned(nodes, ("usb.follow", "win/4-1"))
    config = next((s.after or b"").decode() for s in plan.steps if s.subject == PATH)
    assert [line.split()[2:4] for line in config.splitlines()[1:]] == [["5000", "1"], ["480", "2"]]
    gone = planned(applied(nodes, plan), ("usb.unfollow", "win/3-2"))
    assert next(s for s in gone.steps if s.subject == PATH).after is None


def test_ids_are_followed_by_the_kernels_word_for_them() -> None:
    plan = planned(nodes_of(), ("usb.follow", "it's a vm/046D:0C2B"))
    by = {s.subject: (s.after or b"").decode() for s in plan.steps}
    assert 'ENV{PRODUCT}=="46d/c2b/*"' in by[units.RULES]
    assert by[PATH].endswith(f"id 046d:0c2b {UUID} it's a vm\n")


def test_following_again_does_nothing_and_the_last_rule_takes_everything_along() -> None:
    nodes = nodes_of(STICK)
    start = applied(nodes, planned(nodes, ("usb.follow", "win/3-2")))
    assert planned(start, ("usb.follow", "win/3-2")).steps == ()
    two = applied(start, planned(start, ("usb.follow", "it's a vm/046d:c52b")))
    one = applied(two, planned(two, ("usb.unfollow", "win/3-2")))
    kept = usb_follow.read(root_with(one))
    assert not isinstance(kept, Unread) and [f.guest for f in kept] == ["it's a vm"]
    assert units.hook_guests(getattr(one[units.HOOK], "data", b"").decode()) == ("it's a vm",)
    assert applied(one, planned(one, ("usb.unfollow", "it's a vm/all"))) == nodes


def test_plans_of_files_that_do_the_same_are_nothing_strange_and_others_are() -> None:
    nodes = nodes_of(STICK)
    plan = planned(nodes, ("usb.follow", "win/3-2"))
    assert judged(from_json(to_json(plan))).strange == ()
    start = applied(nodes, plan)
    assert judged(from_json(to_json(planned(start, ("usb.unfollow", "win/3-2"))))).strange == ()
    for place, step in enumerate(plan.steps):
        if step.kind != "file" or step.subject == PATH:
            continue
        evil = replace(step, after=(step.after or b"").replace(b"/run/vfiotui-usb.wake", b"/etc/shadow"))
        if evil == step:
            evil = replace(step, after=(step.after or b"") + b"\nExecStart=/bin/rm\n")
        steps = (*plan.steps[:place], evil, *plan.steps[place + 1 :])
        assert judged(from_json(to_json(replace(plan, steps=steps)))).strange, step.subject
    other = tuple(replace(s, argv=("systemctl", "stop", "sshd.service")) if s.argv else s for s in plan.steps)
    assert judged(from_json(to_json(replace(plan, steps=other)))).strange


def test_on_a_system_that_does_not_run_only_its_files_change() -> None:
    nodes = {p: n for p, n in nodes_of().items() if not p.startswith("/sys/bus/usb")}
    plan = planned(nodes, ("usb.follow", "win/046d:c52b"))
    assert {s.kind for s in plan.steps} == {"file", "link"}
    with pytest.raises(PlanError, match="USB devices of this host are not known"):
        planned(nodes, ("usb.follow", "win/3-2"))


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("nobody/3-2", "there is no guest 'nobody'"),
        ("win/3:7", "another number each time"),
        ("win/3-11", "there is no port 3-11"),
        ("win/9-1", "this host has no bus 9"),
        ("win/3-2.1", "there is no port 3-2.1"),
        ("win/", "names no USB device"),
        ("win/3-2\nRUN", "names no USB device"),
    ],
)
def test_what_cannot_be_followed_is_refused(argument: str, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        planned(nodes_of(STICK), ("usb.follow", argument))


def test_a_port_behind_a_hub_that_is_not_plugged_in_now_can_be_followed() -> None:
    plan = planned(nodes_of(*deep()), ("usb.follow", "win/3-4.1"))
    assert any(s.subject == PATH for s in plan.steps)
    assert planned(nodes_of(*deep()), ("usb.follow", "win/3-1")).steps, "a hub's port stands for what is behind it"


def test_what_the_host_needs_or_another_guest_follows_is_refused() -> None:
    mounted = nodes_of(*deep(), mounts=[("3-1.1.1.1.1.1", "/mnt")])
    with pytest.raises(PlanError, match=r"the host needs what is plugged in there: .*Ultra Fit.* /mnt on sdx"):
        planned(mounted, ("usb.follow", "win/3-1"))
    nodes = nodes_of(STICK)
    start = applied(nodes, planned(nodes, ("usb.follow", "win/0781:5583")))
    found = start["/etc/libvirt/qemu/it's a vm.xml"]
    start["/etc/libvirt/qemu/it's a vm.xml"] = File(getattr(found, "data", b"").replace(b"11111111-", b"21111111-"))
    with pytest.raises(PlanError, match="win follows 0781:5583 already"):
        planned(start, ("usb.follow", "it's a vm/0781:5583"))
    with pytest.raises(PlanError, match="it's a vm follows no USB device"):
        planned(start, ("usb.unfollow", "it's a vm/all"))
    with pytest.raises(PlanError, match="win does not follow 3-2; it follows: every 0781:5583"):
        planned(start, ("usb.unfollow", "win/3-2"))


@pytest.mark.parametrize("missing", ["systemctl", "virsh"])
def test_without_systemd_or_virsh_it_says_what_to_do(missing: str) -> None:
    nodes = {p: n for p, n in nodes_of().items() if p != f"/usr/bin/{missing}"}
    with pytest.raises(PlanError, match=r"was not found here|no systemd"):
        planned(nodes, ("usb.follow", "win/046d:c52b"))


@pytest.mark.parametrize(
    "damage",
    [b"port ../../x 480 2 a b\n", b"id 046d:c52b\0\n", b"\xff\xfe\n", b"id zzzz:0000 " + UUID.encode() + b" x\n"],
)
def test_a_damaged_file_of_rules_is_never_written_over(damage: bytes) -> None:
    nodes = {**nodes_of(), PATH: File(damage)}
    with pytest.raises(PlanError, match="holds what is no rule"):
        planned(nodes, ("usb.follow", "win/046d:c52b"))
    assert isinstance(usb_follow.read(root_with(nodes)), Unread)


def test_files_of_somebody_else_are_left_alone() -> None:
    for path in (units.SCRIPT, units.RULES, units.SERVICE):
        with pytest.raises((PlanError, EditRefused), match="was not written by vfiotui"):
            planned({**nodes_of(), path: File(b"# mine\n")}, ("usb.follow", "win/046d:c52b"))


def test_the_bus_number_of_another_boot_changes_nothing() -> None:
    nodes = nodes_of(STICK)
    start = applied(nodes, planned(nodes, ("usb.follow", "win/3-2")))
    rules = usb_follow.read(root_with(start))
    assert not isinstance(rules, Unread) and rules[0].words(None) == f"port 2 of {rules[0].controller} (480 Mbit/s)"
