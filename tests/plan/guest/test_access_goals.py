"""Users, folders, hooks and qemu.conf: each change is small, known as ours, and has its way back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import HOSTS, TOWER
from tests.plan.guest.definitions import planned
from vfiotui.demo.description import Host
from vfiotui.formats.libvirt_hooks import sleep_hook
from vfiotui.model.change.plan import Plan
from vfiotui.plan.draft import PlanError
from vfiotui.plan.judged import judged

CONF = "/etc/libvirt/qemu.conf"
HOOK = "/etc/libvirt/hooks/qemu.d/mine"
SETFACL = {"/usr/bin/setfacl": b"\x7fELF"}


def with_files(host: Host, **changes: object) -> Host:
    return replace(host, **changes)  # type: ignore[arg-type]


def ours(plan: Plan) -> Plan:
    """The plan, which no review finds strange and whose risks are what they are said to be."""
    found = judged(plan)
    assert (found.strange, found.raised) == ((), ())
    return plan


def test_settings_of_qemu_conf_go_and_all_else_stays() -> None:
    text = '# mine\nuser = "root" # me\n\ngroup = "root"\nvnc_tls = 1\n'
    host = with_files(TOWER, files={**TOWER.files, CONF: text})
    (step,) = ours(planned(host, ("qemu-conf.unset", "user,group"))).steps
    assert step.after == b"# mine\n\nvnc_tls = 1\n"
    assert any("restart libvirtd" in note for note in planned(host, ("qemu-conf.unset", "user")).notes)
    assert planned(host, ("qemu-conf.unset", "nvram")).steps == ()


@pytest.mark.parametrize(
    ("text", "argument", "sentence"),
    [
        ('user = "root"\n', "user;x", "no name of a setting"),
        ("user = [", "user", "fix it by hand"),
        ("user = \0\n", "user", "fix it by hand"),
    ],
)
def test_a_qemu_conf_that_libvirt_refuses_is_left_alone(text: str, argument: str, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        planned(with_files(TOWER, files={**TOWER.files, CONF: text}), ("qemu-conf.unset", argument))


def test_qemus_user_may_pass_one_folder() -> None:
    host = with_files(TOWER, files={**TOWER.files, **SETFACL})
    (step,) = ours(planned(host, ("access.pass", "/home/a b"))).steps
    assert step.argv == ("setfacl", "-m", "u:libvirt-qemu:x", "/home/a b")
    assert step.back == ("setfacl", "-x", "u:libvirt-qemu", "/home/a b")


@pytest.mark.parametrize("folder", ["home", "/home/../etc", "/home/\n", ""])
def test_what_is_no_folder_is_refused(folder: str) -> None:
    with pytest.raises(PlanError, match="no folder's whole path"):
        planned(with_files(TOWER, files={**TOWER.files, **SETFACL}), ("access.pass", folder))


def test_without_setfacl_the_sentence_says_what_to_install() -> None:
    with pytest.raises(PlanError, match="install the package acl"):
        planned(TOWER, ("access.pass", "/home/user"))


def test_a_person_joins_the_group_and_leaves_it() -> None:
    (step,) = ours(planned(HOSTS["outsider"], ("access.join", "guest"))).steps
    assert (step.argv, step.back) == (("usermod", "-aG", "libvirt", "guest"), ("gpasswd", "-d", "guest", "libvirt"))
    assert planned(HOSTS["insider"], ("access.join", "user")).steps == ()
    for name in ("-x", "a b", "x;y", "root\n"):
        with pytest.raises(PlanError, match="no plain name"):
            planned(HOSTS["outsider"], ("access.join", name))


def test_a_hook_becomes_executable() -> None:
    host = with_files(TOWER, files={**TOWER.files, HOOK: "#!/bin/sh\n"})
    plan = ours(planned(host, ("hook.executable", HOOK)))
    assert [(s.argv, s.back) for s in plan.steps] == [(("chmod", "+x", HOOK), ("chmod", "-x", HOOK))]
    assert any("restart it once" in note for note in plan.notes)
    assert planned(with_files(host, modes={HOOK: 0o755}), ("hook.executable", HOOK)).steps == ()
    for path in ("/etc/passwd", "/etc/libvirt/hooks/qemu.d/a/b", "/etc/libvirt/hooks/network", f"{HOOK}2"):
        with pytest.raises(PlanError, match=r"no hook below|is not there"):
            planned(host, ("hook.executable", path))


def test_the_host_stays_awake_for_guests_that_join_and_leave() -> None:
    plan = ours(planned(TOWER, ("sleep.inhibit", "win10")))
    (step,) = plan.steps
    assert (step.subject, step.mode) == (sleep_hook.PATH, 0o755)
    assert sleep_hook.guests_of((step.after or b"").decode()) == ("win10",)
    host = with_files(TOWER, files={**TOWER.files, sleep_hook.PATH: sleep_hook.sleep_hook(["win10"])})
    assert planned(host, ("sleep.inhibit", "win10")).steps == ()
    assert ours(planned(host, ("sleep.allow", "win10"))).steps[0].after is None


def test_without_systemd_no_hook_is_written() -> None:
    with pytest.raises(PlanError, match="no systemd"):
        planned(with_files(TOWER, files={**TOWER.files, "/etc/runlevels/default/x": ""}), ("sleep.inhibit", "win10"))


@pytest.mark.parametrize(
    ("argv", "back"),
    [
        (("chmod", "+x", "/etc/passwd"), ()),
        (("chmod", "+x", "/etc/libvirt/hooks/qemu.d/../../../x"), ()),
        (("usermod", "-aG", "sudo", "me"), ()),
        (("gpasswd", "-d", "me", "libvirt"), ()),
        (("systemctl", "enable", "--now", "x"), ()),
        (("systemctl", "set-property", "--runtime", "system.slice", "AllowedCPUs="), ()),
        (("setfacl", "-m", "u:me:rwx", "/root"), ()),
        (("setfacl", "-m", "u:me:x", "/home/../root"), ()),
    ],
)
def test_a_plan_that_runs_more_is_strange(argv: tuple[str, ...], back: tuple[str, ...]) -> None:
    plan = planned(HOSTS["outsider"], ("access.join", "guest"))
    other = replace(plan, steps=(replace(plan.steps[0], argv=argv, back=back, subject=argv[0]),))
    assert judged(other).strange
