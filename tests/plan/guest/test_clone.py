"""A clone has nothing of its own in common with the first guest, and libvirt takes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.apply.live_target import live_target
from tests.virt.libvirtd import Daemon, lone_daemon
from vfiotui.apply.run import apply
from vfiotui.apply.undo.undo import undo
from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.model.change.journal import State
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.clone import Clone, Disks, cloned, plan_clone

UUID = "00000000-0000-4000-8000-0000000000c1"
XML = f"""<domain type='qemu'>
  <name>first</name>
  <uuid>{UUID}</uuid>
  <genid>43dc0cf8-809b-4adb-9bea-a9abb5f3d90e</genid>
  <memory unit='MiB'>64</memory>
  <vcpu>2</vcpu>
  <cputune><vcpupin vcpu='0' cpuset='1'/></cputune>
  <sysinfo type='smbios'><system><entry name='uuid'>{UUID}</entry></system></sysinfo>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/>
      <source file='/a&amp;b.img'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <disk type='block' device='disk'>
      <driver name='qemu' type='raw'/>
      <source dev='/dev/loop77'/>
      <target dev='vdb' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'><source file='/c.iso'/><target dev='sda' bus='sata'/><readonly/></disk>
    <interface type='user'><mac address='52:54:00:00:00:01'/><target dev='tap9'/></interface>
    <interface type='user'><model type='virtio'/></interface>
    <channel type='unix'>
      <source mode='bind' path='/var/lib/libvirt/qemu/channel/target/domain-3-first/org.qemu.guest_agent.0'/>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
    </channel>
    <serial type='file'><source path='/tmp/first.log'/></serial>
    <graphics type='vnc' port='5907' autoport='no' passwd='geheim'/>
    <memballoon model='none'/>
  </devices>
</domain>
"""


def clone(xml: str = XML, name: str = "second", *others: Domain, shared: bool = False, **paths: str) -> Clone:
    return cloned(xml, name, Disks(paths, shared), others)


def macs(xml: str) -> list[str]:
    return re.findall("mac address='([^']*)'", xml)


def test_everything_that_names_the_first_guest_is_another() -> None:
    found = clone(vda="/new.img")
    new = parse(found.xml, source="clone")
    assert (new.name, new.devices.disks[0].source) == ("second", "/new.img")
    assert new.uuid != UUID and found.xml.count(new.uuid) == 2 and UUID not in found.xml
    assert "43dc0cf8" not in found.xml and "<genid>" in found.xml
    assert len(set(macs(found.xml))) == 2 and "52:54:00:00:00:01" not in found.xml
    assert all(mac.startswith("52:54:00:") for mac in macs(found.xml))
    assert "tap9" not in found.xml and "domain-3-first" not in found.xml
    # The parts that say nothing of it stay to the byte.
    head, tail = (
        "  <memory unit='MiB'>64</memory>\n  <vcpu>2</vcpu>\n",
        "    <memballoon model='none'/>\n  </devices>\n",
    )
    assert head in found.xml and found.xml.endswith(f"{tail}</domain>\n")


def test_a_disk_is_left_out_named_anew_or_shared_where_it_is_said() -> None:
    disks = {d.target: d.source for d in parse(clone().xml, source="x").devices.disks}
    assert disks == {"sda": "/c.iso"}
    assert "it has no vda: /a&b.img stays with first alone" in clone().notes
    found = clone(vda="/dev/disk/by-id/x", vdb="/file.img")
    disks = {d.target: (d.kind, d.source) for d in parse(found.xml, source="x").devices.disks}
    assert disks == {
        "vda": ("block", "/dev/disk/by-id/x"),
        "vdb": ("file", "/file.img"),
        "sda": ("file", "/c.iso"),
    }
    found = clone(shared=True, vda="/n.img")
    assert [d.source for d in parse(found.xml, source="x").devices.disks] == ["/n.img", "/dev/loop77", "/c.iso"]
    assert any(note.startswith("vdb (/dev/loop77) is a disk of both") for note in found.notes)


def test_what_both_have_is_said() -> None:
    notes = "; ".join(clone().notes)
    for words in ("CPU 1:", "port 5907", "the password of first", "a serial at /tmp/first.log"):
        assert words in notes


def test_the_same_clone_has_the_same_numbers_and_none_that_a_guest_has() -> None:
    again = clone()
    assert again == clone()
    other = replace(parse(again.xml, source="x"), name="third")
    beside = clone(XML, "second", other)
    assert not set(macs(beside.xml)) & set(macs(again.xml))
    assert parse(beside.xml, source="x").uuid != other.uuid


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("<nvram>/v/first_VARS.fd</nvram>", ""),
        ("<nvram template='/t.fd'>/v/first_VARS.fd</nvram>", "<nvram template='/t.fd'/>"),
        ("<nvram type='file' template='/t.fd'><source file='/v/x.fd'/></nvram>", "<nvram template='/t.fd'/>"),
    ],
)
def test_its_firmware_variables_are_a_file_of_its_own(given: str, kept: str) -> None:
    xml = XML.replace("</os>", f"<loader type='pflash' readonly='yes'>/c.fd</loader>{given}</os>")
    found = clone(xml)
    assert "/v/" not in found.xml and kept in found.xml and found.xml.count("nvram") == kept.count("nvram")
    assert any("/v/" in note for note in found.notes)


def test_firmware_variables_on_the_network_are_not_guessed() -> None:
    xml = XML.replace("</os>", "<nvram type='network'><source protocol='nbd' name='x'/></nvram></os>")
    with pytest.raises(PlanError, match="network storage"):
        clone(xml)


@pytest.mark.parametrize("name", ["", "a/b", "..", "a\nb", "a\0b", "first", "x" * 300])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(PlanError):
        clone(XML, name)


def test_hostile_names_and_damaged_definitions_are_literal_or_refused() -> None:
    name = "a'\"<&>; rm -rf $(x) \u202e"
    assert parse(clone(XML, name).xml, source="x").name == name
    for xml in ("", "<domain>", "<network/>", XML[:200], XML.replace("first", "\0")):
        with pytest.raises(ValueError):
            clone(xml)
    with pytest.raises(PlanError, match="no disk 'vdz'"):
        clone(vdz="/x")
    with pytest.raises(PlanError, match="no absolute path"):
        clone(vda="x.img")
    for damaged in (b"\xff\xfe<", None):
        with pytest.raises(PlanError):
            plan_clone(StoredGuest("a", "", damaged), StoredGuest("b", "", None), Disks({}), ())


def test_a_guest_that_is_there_is_never_replaced() -> None:
    first = StoredGuest("first", "", XML.encode(), "/etc/libvirt/qemu/first.xml")
    for there in (StoredGuest("second", "", b"<domain/>"), StoredGuest("second", "x", None, running={})):
        with pytest.raises(PlanError, match="already"):
            plan_clone(first, there, Disks({}), ())
    (step,) = plan_clone(first, StoredGuest("second", "", None), Disks({}), ()).steps
    assert (step.kind, step.subject, step.before) == ("file", "/etc/libvirt/qemu/second.xml", None)


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with lone_daemon() as real:
        yield real


@pytest.mark.needs_libvirtd
def test_libvirt_takes_it_beside_the_first_and_an_undo_removes_it(daemon: Daemon, tmp_path: Path) -> None:
    file = daemon.folder / "first.xml"
    file.write_text(XML.replace("/usr/bin/qemu-system-x86_64", daemon.emulator))
    daemon.virsh("define", str(file))
    first = StoredGuest("first", daemon.uri, file.read_bytes())
    plan = plan_clone(first, StoredGuest("it's", daemon.uri, None), Disks({"vda": "/n.img"}), ())
    target = live_target(tmp_path)
    outcome = apply(target, plan, lambda _: None)
    assert outcome.state is State.DONE, outcome.word
    assert set(daemon.virsh("list", "--all", "--name").stdout.split()) == {"first", "it's"}
    stored = parse(daemon.virsh("dumpxml", "it's").stdout, source="x")
    assert stored.uuid != UUID and len(set(macs(stored.xml)) & set(macs(first.definition.decode()))) == 0  # type: ignore[union-attr]
    (log,) = (tmp_path / "var/lib").rglob(f"{outcome.name}/log")
    said = log.read_text()
    assert "libvirt stored the definition of it's with a difference:" in said
    # What libvirt filled in, and nothing of what it left as it was.
    assert "+    <controller type='pci' index='0' model='pcie-root'" in said and "<emulator>" not in said
    assert undo(target, outcome.name, lambda _: None).state is State.UNDONE
    assert daemon.virsh("list", "--all", "--name").stdout.split() == ["first"]
