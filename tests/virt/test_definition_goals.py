"""libvirt takes what the goals about definitions make of a guest, and QEMU's line changes by that alone."""

from __future__ import annotations

import os
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.hosts import HOSTS
from tests.machines import known_facts, root_of
from tests.virt.libvirtd import Daemon, lone_daemon, own_name
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.plan.goals import make_plan

pytestmark = pytest.mark.needs_libvirtd

NAME = own_name("defined")
XML = """<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>{name}</name>
  <uuid>00000000-0000-4000-8000-00000000d0d0</uuid>
  <memory unit='KiB'>66560</memory><currentMemory unit='KiB'>66560</currentMemory>
  <vcpu>4</vcpu><iothreads>1</iothreads>
  <os><type arch='x86_64' machine='{machine}'>hvm</type></os>
  <features><acpi/><hyperv><relaxed state='on'/><vapic state='on'/><vendor_id state='on' value='abc'/></hyperv>
    <kvm><hidden state='on'/></kvm></features>
  <cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model>
    <topology sockets='4' dies='1' cores='1' threads='1'/></cpu>
  <clock offset='localtime'><timer name='hpet' present='yes'/></clock>
  <devices><emulator>{emulator}</emulator>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{folder}/a.img'/>
      <target dev='vda' bus='virtio'/></disk>
    <disk type='file' device='disk'><driver name='qemu' type='raw' io='native' cache='none'/>
      <source file='{folder}/b.img'/><target dev='{second}' bus='{bus}'/></disk>
    <disk type='file' device='cdrom'><source file='{folder}/c.iso'/><target dev='{drive}' bus='{bus}'/></disk>
    {passed}
    <shmem name='looking-glass'><model type='ivshmem-plain'/><size unit='M'>16</size></shmem>
    <graphics type='vnc'/><video><model type='vga'/></video><memballoon model='virtio'/>
  </devices>
  <qemu:commandline><qemu:arg value='-drive'/><qemu:arg value='if=none,id=x,file=/x.img,readonly'/>
    <qemu:arg value='-device'/><qemu:arg value='ivshmem-plain,id=m,memdev=g'/>
    <qemu:env name='QEMU_AUDIO_DRV' value='pa'/></qemu:commandline></domain>"""
PASSED = """<hostdev mode='subsystem' type='pci' managed='no'>
      <source><address domain='0' bus='0x01' slot='0' function='0'/></source><rom bar='off' file='/x.rom'/>
      <address type='pci' domain='0' bus='0x07' slot='0' function='0'/></hostdev>
    <hostdev mode='subsystem' type='usb'><source><vendor id='0x1532'/><product id='0x0037'/></source></hostdev>"""
Q35 = {"machine": "q35", "second": "sda", "drive": "sdb", "bus": "sata"}
OLD = {"machine": "pc", "second": "hda", "drive": "hdc", "bus": "ide"}
GOALS = {
    "cpu.feature=aes": ("", "aes=on"),
    "cpu.mode=maximum": ("qemu64", "max"),
    "cpu.topology=1,1,2,2": ("sockets=4 cores=1 threads=1", "sockets=1 cores=2 threads=2"),
    "hyperv.on=stimer,spinlocks": ("", "hv-time=on hv-spinlocks=0x1fff hv-vpindex=on hv-synic=on hv-stimer=on"),
    "hyperv.off=vapic": ("hv-vapic=on", ""),
    "hyperv.vendor-id=": ("hv-vendor-id=abc", ""),
    "kvm.hidden=off": ("kvm=off", ""),
    "timer=hypervclock=yes": ("", "hv-time=on"),
    "memory.nosharepages=on": ("", "mem-merge=off"),
    "memory.node=0": ("", '"host-nodes":[0] "policy":"bind"'),
    "iothread.add=5": ("", '-object "qom-type":"iothread" "id":"iothread5"'),
    "iothread.attach=1": ("", '"iothread":"iothread1"'),
    "iothread.drop=1": ('-object "qom-type":"iothread" "id":"iothread1"', ""),
    "shmem.size=looking-glass=64": ('"size":16777216', '"size":67108864'),
    "disk.source=vda=/x/other.img": ('"filename":"{folder}/a.img"', '"filename":"/x/other.img"'),
    "qemu.drop=QEMU_AUDIO_DRV=pa": ("QEMU_AUDIO_DRV=pa", ""),
    "qemu.readonly=if=none,id=x,file=/x.img,readonly": ("readonly", "readonly=on"),
    "qemu.json=ivshmem-plain,id=m,memdev=g": (
        "ivshmem-plain id=m memdev=g",
        '"driver":"ivshmem-plain" "id":"m" "memdev":"g"',
    ),
}
"""Goal → the words of QEMU's line that go, and those that come."""
TAKEN = (
    "cpu.mode=host-passthrough", "memory.locked=on", "memory.round=67584", "memory.huge=0", "disk.bus=sda=virtio",
    "disk.eject=sdb", "disk.drop=sda", "disk.driver=vda=cache:none,io:native,discard:unmap",
    "hostdev.managed=0000:01:00.0", "hostdev.rom=0000:01:00.0=", "hostdev.rom-bar=0000:01:00.0=on",
    "hostdev.drop=0000:01:00.0", "hostdev.add=0000:01:00.1", "hostdev.place=0000:01:00.0", "usb.optional=1532:0037",
    "graphics=vnc", "video=none", "balloon=none", "audio=pulseaudio=/run/user/1000", "firmware=efi",
    "firmware.secure=",
)  # fmt: skip
"""Goals of which libvirt makes much on QEMU's line, or whose devices this host does not have."""


def need_firmware() -> None:
    """The end of the test where libvirt has no EFI firmware to choose."""
    if not Path("/usr/share/qemu/firmware").is_dir():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no descriptor of firmware is here: install ovmf")


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with lone_daemon() as real:
        yield real


@pytest.fixture(scope="module")
def snapshot() -> ConfigSnapshot:
    return read_config_snapshot(root_of(HOSTS["clean"]))


@pytest.fixture
def base(daemon: Daemon) -> str:
    """The guest as libvirt stores it; what it stored is in another order than what it was given."""
    return defined(daemon, defined(daemon, text(daemon, Q35, PASSED)))


def text(daemon: Daemon, words: dict[str, str], passed: str) -> str:
    return XML.format(name=NAME, emulator=daemon.emulator, folder=daemon.folder, passed=passed, **words)


def planned(daemon: Daemon, snapshot: ConfigSnapshot, xml: str, goal: str) -> str:
    """The definition that a goal's plan writes; its step asks for the stored one to the byte."""
    name, _, value = goal.partition("=")
    # What the sample machine says of firmware is not so here.
    facts = replace(known_facts("clean"), guest_files=Unread("not looked at"))
    guests = {NAME: StoredGuest(NAME, daemon.uri, xml.encode())}
    (step,) = make_plan(facts, replace(snapshot, guests=guests), [(f"domain.{name}", f"{NAME}/{value}")]).steps
    assert (step.kind, step.subject, step.where, step.before) == ("domain", NAME, daemon.uri, xml.encode())
    return (step.after or b"").decode()


def defined(daemon: Daemon, xml: str) -> str:
    """What libvirt makes of a definition, to the byte."""
    file = daemon.folder / "goal.xml"
    file.write_text(xml)
    daemon.virsh("define", str(file), "--validate")
    return daemon.virsh("dumpxml", NAME, "--inactive", "--security-info").stdout.removesuffix("\n")


def line(daemon: Daemon) -> Counter[str]:
    """The words of QEMU's command line, as libvirt would start it."""
    words = shlex.split(daemon.virsh("domxml-to-native", "qemu-argv", "--domain", NAME).stdout)
    return Counter(part.strip("{}") for word in words for part in word.split(","))


@pytest.mark.parametrize("goal", GOALS)
def test_qemus_line_changes_by_what_the_goal_says(daemon: Daemon, snapshot: ConfigSnapshot, goal: str) -> None:
    base = defined(daemon, defined(daemon, text(daemon, Q35, "")))
    before = line(daemon)
    defined(daemon, planned(daemon, snapshot, base, goal))
    now = line(daemon)
    gone, came = (Counter(words.format(folder=daemon.folder).split()) for words in GOALS[goal])
    assert (before - now, now - before) == (gone, came)
    assert defined(daemon, base) == base


@pytest.mark.parametrize("goal", TAKEN)
def test_libvirt_takes_the_definition_and_the_old_one_back(
    daemon: Daemon, snapshot: ConfigSnapshot, base: str, goal: str
) -> None:
    if goal.startswith("firmware"):
        need_firmware()
    if goal.startswith("graphics"):
        base = defined(daemon, re.sub(r"<graphics.*?</graphics>", "", base, flags=re.DOTALL))
    after = planned(daemon, snapshot, base, goal)
    assert defined(daemon, after) != base
    assert defined(daemon, base) == base


def test_a_pc_of_1996_becomes_a_q35(daemon: Daemon, snapshot: ConfigSnapshot) -> None:
    base = defined(daemon, defined(daemon, text(daemon, OLD, "")))
    stored = defined(daemon, planned(daemon, snapshot, base, "machine=q35"))
    assert "machine='pc-q35-" in stored and "bus='ide'" not in stored and "i440fx" not in stored
    assert "<target dev='sda' bus='sata'/>" in stored and "<target dev='sdb' bus='sata'/>" in stored
    assert any(word.startswith("pc-q35-") for word in line(daemon)) and defined(daemon, base) == base


def test_firmware_is_chosen_again_with_new_variables(daemon: Daemon, snapshot: ConfigSnapshot) -> None:
    need_firmware()
    old = "<loader readonly='yes' type='pflash'>/gone/CODE.fd</loader><nvram>/v/own_VARS.fd</nvram>"
    base = defined(daemon, defined(daemon, text(daemon, Q35, "").replace("hvm</type>", f"hvm</type>{old}")))
    stored = defined(daemon, planned(daemon, snapshot, base, "firmware.again=efi"))
    assert "<os firmware='efi'>" in stored and "/gone/CODE.fd" not in stored and "/v/own_VARS.new.fd</nvram>" in stored
    assert any(word == '"filename":"/v/own_VARS.new.fd"' for word in line(daemon))
