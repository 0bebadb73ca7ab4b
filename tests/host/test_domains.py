"""Guests from libvirt's own files: a rescue console has no daemon to ask."""

from __future__ import annotations

from pathlib import Path

from tests.machines import known_facts, root_of
from tests.trees import Link, folder_root
from vfiotui.demo.hostile import GUEST_OF_FILE, hostile_host
from vfiotui.host import domains
from vfiotui.model.domain import Virt
from vfiotui.model.reading import Unread

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


def test_a_damaged_file_leaves_only_itself_out(tmp_path: Path) -> None:
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
    virt = domains.read(root)
    assert names(virt) == ["a"]
    assert isinstance(virt, Virt) and not isinstance(virt.domains, Unread)
    assert virt.domains[0].autostart and virt.domains[0].state == "defined"


def test_no_libvirt_is_no_guests_and_no_etc_is_unknown(tmp_path: Path) -> None:
    assert names(domains.read(folder_root(tmp_path / "a", {"/etc/hostname": "x"}))) == []
    virt = domains.read(folder_root(tmp_path / "b", {"/sys/x": ""}))
    assert isinstance(virt, Virt) and isinstance(virt.domains, Unread)


def test_a_hostile_name_is_kept_as_it_is() -> None:
    assert GUEST_OF_FILE in names(domains.read(root_of(hostile_host())))
