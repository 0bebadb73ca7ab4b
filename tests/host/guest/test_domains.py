"""Guests from libvirt's own files: a rescue console has no daemon to ask."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.machines import known_facts, root_of
from tests.trees import Link, folder_root
from vfiotui.demo.hostile import GUEST_OF_FILE, hostile_host
from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File
from vfiotui.model.base.reading import Unread
from vfiotui.model.guest.domain import Virt
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan, reads

XML = "<domain type='kvm'><name>{}</name></domain>"


def names(virt: object) -> list[str]:
    assert isinstance(virt, Virt) and not isinstance(virt.domains, Unread)
    return [d.name for d in virt.domains]


def test_running_guests_are_told_from_their_status_files() -> None:
    virt = known_facts("tower").virt
    assert isinstance(virt, Virt) and not isinstance(virt.domains, Unread)
    by_name = {d.name: d for d in virt.domains}
    assert (by_name["win10"].state, by_name["win10"].pid) == ("running", 4242)
    assert by_name["macos"].state == "shut off" and by_name["macos"].pid is None
    assert not virt.connected and "not asked" in virt.detail


def unread(virt: object) -> dict[str, str]:
    """Name → reason."""
    assert isinstance(virt, Virt)
    return {g.name: g.why.reason for g in virt.unread}


def test_a_guest_whose_file_cannot_be_read_stays_with_the_reason(tmp_path: Path) -> None:
    root = folder_root(
        tmp_path,
        {
            "/etc/libvirt/qemu/a.xml": XML.format("a"),
            "/etc/libvirt/qemu/b.xml": "<domain><name>cut",
            "/etc/libvirt/qemu/c.xml": Link("/nowhere"),
            "/etc/libvirt/qemu/networks/default.xml": "<network/>",
            "/etc/libvirt/qemu/autostart/a.xml": Link("/etc/libvirt/qemu/a.xml"),
            "/boot/x": "",
        },
    )
    (tmp_path / "etc/libvirt/qemu/d.xml").mkdir()
    os.mkfifo(tmp_path / "etc/libvirt/qemu/e.xml")
    virt = domains.read(root)
    assert names(virt) == ["a"]
    assert isinstance(virt, Virt) and not isinstance(virt.domains, Unread)
    assert virt.domains[0].autostart and virt.domains[0].state == "defined"
    said = unread(virt)
    assert sorted(said) == ["b", "c", "d", "e"] and "damaged" in said["b"]
    assert virt.names == ("a", "b", "c", "d", "e")
    assert isinstance(virt.all_domains, Unread) and "b and 3 more" in virt.all_domains.reason


def test_a_file_for_root_alone_is_a_guest_that_needs_root() -> None:
    nodes = {"/etc/libvirt/qemu/a.xml": File(XML.format("a").encode()), "/etc/libvirt/qemu/b.xml": File(b"<x", 0)}
    virt = domains.read(Root(MemoryTree(nodes), Mode.ROOT))
    assert names(virt) == ["a"] and unread(virt) == {"b": "needs root"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no element found"),
        (b"<domain><name>x</name></domain>\0", "damaged"),
        (b"<domain><name>\xff</name></domain>", "cannot be read as utf-8"),
        (b"<domstatus><domain><name>x</name></domain></domstatus>", "no domain but <domstatus>"),
        (b"<domain><name></name></domain>", "does not name"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><domain><name>x</name></domain>", "document type"),
        (b"<?xml version='1.0' encoding='punycode'?><domain><name>x</name></domain>", "punycode"),
        (b"<domain>" + b"<a/>" * 300_000 + b"</domain>", "more than 100000 elements"),
        (b"<domain>" + b"<a>" * 50_000, "damaged"),
        (b"<domain><name>x</name><vcpu>999999999999</vcpu></domain>", "no guest has more than 16384"),
        (b"<domain><name>x</name><vcpu>2</vcpu><iothreads>99999999</iothreads></domain>", "no guest has more than"),
        (b"<domain><name>x</name><!--" + b" " * (4 << 20) + b"--></domain>", "is longer than 4194304 bytes"),
    ],
    ids=lambda v: v[:24].decode("latin-1") if isinstance(v, bytes) else "",
)
def test_damage_of_every_kind_is_a_reason(content: bytes, reason: str, tmp_path: Path) -> None:
    virt = domains.read(folder_root(tmp_path, {"/etc/libvirt/qemu/x.xml": content}))
    assert names(virt) == [] and reason in unread(virt)["x"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_the_encodings_that_libvirt_reads_are_read(encoding: str, tmp_path: Path) -> None:
    declared = "" if encoding == "utf-8-sig" else f"<?xml version='1.0' encoding='{encoding}'?>"
    text = f"{declared}<domain type='kvm'>\r\n<name>\xe9t\xe9</name>\r\n</domain>"
    virt = domains.read(folder_root(tmp_path, {"/etc/libvirt/qemu/x.xml": text.encode(encoding)}))
    assert names(virt) == ["\xe9t\xe9"] and not unread(virt)


def test_of_two_files_with_one_name_only_one_is_the_guest(tmp_path: Path) -> None:
    files = {f"/etc/libvirt/qemu/{n}.xml": XML.format("win") for n in ("old", "win")}
    virt = domains.read(folder_root(tmp_path, files))
    assert names(virt) == ["win"] and "as win.xml does" in unread(virt)["old"]


def test_every_file_is_read_however_many_there_are(tmp_path: Path) -> None:
    files = {f"/etc/libvirt/qemu/g{i}.xml": XML.format(f"g{i}") for i in range(3000)}
    virt = domains.read(folder_root(tmp_path, files))
    assert len(names(virt)) == 3000 and not unread(virt)


def test_what_does_not_fit_into_memory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains, "FOLDER_LIMIT", 100)
    files = {f"/etc/libvirt/qemu/g{i}.xml": XML.format(f"g{i}") for i in range(3)}
    virt = domains.read(folder_root(tmp_path, files))
    assert names(virt) == ["g0", "g1"] and "was not read" in unread(virt)["g2"]


def test_a_running_guest_with_a_damaged_status_is_as_defined_and_its_state_unknown(tmp_path: Path) -> None:
    files = {
        "/etc/libvirt/qemu/a.xml": XML.format("a"),
        "/run/libvirt/qemu/a.xml": "<domstatus>",
        "/run/libvirt/qemu/b.xml": "<domstatus/>",
    }
    virt = domains.read(folder_root(tmp_path, files))
    assert isinstance(virt, Virt) and not isinstance(virt.domains, Unread)
    assert [(d.name, d.state) for d in virt.domains] == [("a", "unknown")] and list(unread(virt)) == ["b"]


def test_files_that_the_daemon_does_not_list_are_added_to_its_word(tmp_path: Path) -> None:
    files = {
        "/etc/libvirt/qemu/a.xml": XML.format("a"),
        "/etc/libvirt/qemu/b.xml": "<domain",
        "/etc/libvirt/qemu/c.xml": XML.format("c"),
    }
    root = folder_root(tmp_path, files)
    root.mode = Mode.LIVE
    listed = (parse(XML.format("a"), source="qemu:///system"),)
    told = domains.with_files(root, Virt("qemu:///system", True, "", "", "", listed))
    assert names(told) == ["a"] and "damaged" in unread(told)["b"] and "does not list" in unread(told)["c"]
    session = domains.with_files(root, Virt("qemu:///session", True, "", "", "", listed))
    assert not session.unread


def test_no_libvirt_is_no_guests_and_no_etc_is_unknown(tmp_path: Path) -> None:
    assert names(domains.read(folder_root(tmp_path / "a", {"/etc/hostname": "x"}))) == []
    virt = domains.read(folder_root(tmp_path / "b", {"/sys/x": ""}))
    assert isinstance(virt, Virt) and isinstance(virt.domains, Unread)


def test_a_hostile_name_is_kept_as_it_is() -> None:
    assert GUEST_OF_FILE in names(domains.read(root_of(hostile_host())))


PEOPLE = (
    "root:x:0:0:root:/root:/bin/bash\nu:x:1000:1000::/home/u:/bin/bash\nv:x:1001:1001::/home/v:/bin/sh\n"
    "libvirt-qemu:x:64055:64055::/var/lib/libvirt:/sbin/nologin\ndaemon:x:2:2::/home/d:/bin/sh\n"
    "bad:x:1002:1002::/home/../etc:/bin/sh\nodd:x:1003:1003::/home/a b:/bin/sh\nshort:x:1004\n"
)
MINE = "/home/u/.config/libvirt/qemu"


def owners(virt: Virt) -> dict[str, str]:
    """Guest → the user whose session it is of."""
    assert not isinstance(virt.domains, Unread)
    return {d.name: d.owner for d in virt.domains}


def test_guests_of_sessions_are_found_with_their_owner(tmp_path: Path) -> None:
    running = "<domstatus state='running' pid='9'>{}</domstatus>"
    files = {
        "/etc/passwd": PEOPLE,
        "/etc/libvirt/qemu/win10.xml": XML.format("win10"),
        f"{MINE}/mac.xml": XML.format("mac"),
        f"{MINE}/win10.xml": XML.format("win10"),
        f"{MINE}/cut.xml": "<domain",
        f"{MINE}/autostart/mac.xml": "",
        "/run/user/1000/libvirt/qemu/run/mac.xml": running.format(XML.format("mac")),
        "/run/libvirt/qemu/x": "",
        "/home/v/.config/libvirt/qemu/mac.xml": XML.format("mac"),
        "/home/v/.config/libvirt/qemu/bsd.xml": XML.format("bsd"),
        "/home/d/.config/libvirt/qemu/daemons.xml": XML.format("daemons"),
        "/etc/.config/libvirt/qemu/outside.xml": XML.format("outside"),
    }
    virt = domains.read(folder_root(tmp_path, files))
    assert owners(virt) == {"win10": "", "mac": "u", "bsd": "v"}
    assert not isinstance(virt.domains, Unread)
    mac = next(d for d in virt.domains if d.name == "mac")
    assert (mac.state, mac.pid, mac.autostart) == ("running", 9, True)
    reasons = [g.why.reason for g in virt.unread if g.name in ("win10", "mac")]
    assert [("session of u" in r, "session of v" in r) for r in reasons] == [(True, False), (False, True)]
    assert "cut" in unread(virt)


def test_a_host_with_guests_of_sessions_only(tmp_path: Path) -> None:
    virt = domains.read(folder_root(tmp_path, {"/etc/passwd": PEOPLE, f"{MINE}/mac.xml": XML.format("mac")}))
    assert owners(virt) == {"mac": "u"}


@pytest.mark.parametrize("passwd", ["", "\n\n:::\n", "u:x:99999999999:1::/home/u:\n", "u:x:-1:1::/home/u:/bin/sh\n"])
def test_a_list_of_users_that_names_none_shows_no_session(passwd: str, tmp_path: Path) -> None:
    virt = domains.read(folder_root(tmp_path, {"/etc/passwd": passwd, f"{MINE}/mac.xml": XML.format("mac")}))
    assert owners(virt) == {}


def test_a_home_that_is_a_pipe_or_leads_in_a_circle_shows_no_session(tmp_path: Path) -> None:
    root = folder_root(tmp_path, {"/etc/passwd": PEOPLE, "/home/v/.config": Link("/home/v/.config")})
    (tmp_path / "home/u/.config/libvirt").mkdir(parents=True)
    os.mkfifo(tmp_path / "home/u/.config/libvirt/qemu")
    assert owners(domains.read(root)) == {}


def test_hooks_of_the_system_serve_no_guest_of_a_session(tmp_path: Path) -> None:
    files = {"/etc/passwd": PEOPLE, f"{MINE}/mac.xml": XML.format("mac"), "/proc/meminfo": "MemTotal: 9 kB\n"}
    root = folder_root(tmp_path, files)
    facts = gather(root, domains.read(root))
    goals = (("memory.hook", "mac"),)
    with pytest.raises(PlanError, match="mac belongs to the session of u"):
        make_plan(facts, read_config_snapshot(root, reads(goals)), goals)


def test_qemu_of_the_system_needs_no_way_to_the_files_of_a_session(tmp_path: Path) -> None:
    disk = "<devices><disk type='file'><source file='{}'/><target dev='vda'/></disk></devices></domain>"
    xml = XML.format("{}").replace("</domain>", disk)
    files = {
        "/etc/passwd": PEOPLE,
        "/etc/group": "kvm:x:104:\n",
        "/etc/libvirt/qemu/win10.xml": xml.format("win10", "/srv/win10.img"),
        f"{MINE}/mac.xml": xml.format("mac", "/home/u/mac.img"),
    }
    root = folder_root(tmp_path, files)
    access = gather(root, domains.read(root)).access
    assert not isinstance(access, Unread) and not isinstance(access.files, Unread)
    assert [(f.guest, f.path) for f in access.files] == [("win10", "/srv/win10.img")]
