"""Who runs QEMU and which folders stop it, on real folders with real modes."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.hosts import CLEAN, HOSTS
from tests.machines import facts_of, known_facts
from tests.trees import folder_root
from vfiotui.host.guest import access
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.guest.access import Access
from vfiotui.rules import rule_of

PASSWD = "root:x:0:0::/root:/bin/sh\nlibvirt-qemu:x:64055:64055::/:/bin/false\n"


def tree(folder: Path, group: str = "") -> Root:
    root = folder_root(
        folder,
        {
            "/etc/passwd": PASSWD,
            "/etc/group": f"root:x:0:\n{group}",
            "/home/u/images/win.iso": "x",
            "/srv/vm.img": "x",
        },
    )
    folder.chmod(0o755)
    (folder / "home/u").chmod(0o750)
    return root


def who(root: Root, name: str = "libvirt-qemu") -> access.Person:
    person = access.person(root, name)
    assert isinstance(person, access.Person)
    return person


def test_a_private_home_stops_the_way_and_is_named(tmp_path: Path) -> None:
    root = tree(tmp_path)
    assert access.blocked_at(root, "/home/u/images/win.iso", who(root)) == "/home/u"
    assert access.blocked_at(root, "/srv/vm.img", who(root)) == ""


def test_a_member_of_the_folders_group_passes(tmp_path: Path) -> None:
    root = tree(tmp_path, f"images:x:{os.stat(tmp_path).st_gid}:libvirt-qemu\n")
    assert access.blocked_at(root, "/home/u/images/win.iso", who(root)) == ""


def test_root_passes_everywhere_and_what_is_not_there_is_unknown(tmp_path: Path) -> None:
    root = tree(tmp_path)
    assert access.blocked_at(root, "/home/u/images/win.iso", who(root, "root")) == ""
    assert isinstance(access.blocked_at(root, "/nowhere/deep/x.img", who(root)), Unread)


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("", "libvirt-qemu"),
        ('#user = "root"\n', "libvirt-qemu"),
        ("user = '+1000'\n", "1000"),
        ('user="qemu"\n', "qemu"),
    ],
)
def test_the_user_of_qemu_conf(text: str, user: str) -> None:
    host = replace(CLEAN, files={**CLEAN.files, "/etc/libvirt/qemu.conf": text})
    found = facts_of(host).access
    assert isinstance(found, Access) and found.qemu_user == user


def test_a_user_who_does_not_exist_is_a_failure_and_not_a_warning() -> None:
    rule = rule_of("ACCESS-QEMU-USER")
    assert rule is not None
    (finding,) = rule.ask(known_facts("ghost-qemu-user"))
    assert finding.severity == "fail" and "nobody-here" in finding.sentence


def test_who_logged_in_is_asked_and_not_what_sudo_made_of_them() -> None:
    found = facts_of(HOSTS["insider"]).access
    assert isinstance(found, Access)
    assert (found.user, found.user_groups) == ("user", frozenset({"libvirt"}))


def test_passwords_in_scripts_are_never_shown() -> None:
    rule = rule_of("SCRIPT-SSH-PASSWORD")
    assert rule is not None
    assert "hunter2" not in str(rule.ask(known_facts("old-guide")))
