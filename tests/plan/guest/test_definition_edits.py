"""Goals about a definition change what they say and no other byte; said again they change nothing."""

from __future__ import annotations

import pytest

from tests.hosts.guest_texts import FINE
from tests.machines import facts_of, root_of
from tests.plan.guest.definitions import edited, host_of, of_win, planned, with_words
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.value import replace
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan

SHAPE = "sockets='1' dies='1' cores='2' threads='2'"
ROM = "<rom file='/usr/share/vgabios/card.rom'/>"
BESIDE = f"function='0x0'/></source>\n      {ROM}"
CARD = "managed='yes'>\n      <source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source>"
SECOND = "bus='0x06' slot='0x00' function='0x1'/>"
USB = "<source><vendor id='0x1532'/><product id='0x0037'/></source>"
PINS = "<iothreadpin iothread='1' cpuset='0,4'/>"
GIB = "<memory unit='GiB'>4<"
NONE = "<video><model type='none'/></video>"
PORT = "<controller type='pci' index='6' model='pcie-root-port'/>"
DRIVE = "<disk type='file' device='cdrom'>{}<target dev='sdc' bus='sata'/></disk>\n    " + PORT
EDITS = [
    ("cpu.topology=1,1,4,1", SHAPE, SHAPE, "sockets='1' dies='1' cores='4' threads='1'"),
    ("cpu.topology=1,1,2,2", SHAPE, "sockets='1' dies='1' clusters='2' cores='1' threads='2'", SHAPE),
    ("cpu.clusters=1", SHAPE, "sockets='1' dies='1' clusters='2' cores='1' threads='2'",
     "sockets='1' dies='2' cores='1' threads='2'"),
    ("cpu.cache=passthrough", "<cache mode='passthrough'/>", "<cache level='3' mode='emulate'/>",
     "<cache mode='passthrough'/>"),
    ("cpu.feature=topoext", "'require' name='topoext'", "'disable' name='topoext'", "'require' name='topoext'"),
    ("cpu.mode=host-passthrough", "mode='host-passthrough' check='none'", "mode='host-model' check='partial'",
     "mode='host-passthrough' check='none'"),
    ("hyperv.on=vapic", "<vapic state='on'/>", "<vapic state='off'/>", "<vapic state='on'/>"),
    ("hyperv.on=spinlocks", "<spinlocks state='on' retries='8191'/>", "<spinlocks state='off'/>",
     "<spinlocks state='on' retries='8191'/>"),
    ("hyperv.off=stimer", "<stimer state='on'/>", "<stimer state='on'/>", "<stimer state='off'/>"),
    ("hyperv.vendor-id=", "<ipi state='on'/>", "<ipi state='on'/><vendor_id state='on' value='x'/>",
     "<ipi state='on'/>"),
    ("kvm.hidden=off", "<acpi/>", "<acpi/><kvm><hidden state='on'/></kvm>", "<acpi/>"),
    ("timer=hpet=no", "name='hpet' present='no'", "name='hpet' present='yes'", "name='hpet' present='no'"),
    ("memory.locked=off", "<hugepages/>", "<hugepages/><locked/>", "<hugepages/>"),
    ("memory.nosharepages=on", "<hugepages/><nosharepages/>", "<hugepages/>", "<hugepages/><nosharepages/>"),
    ("memory.huge=0", "<hugepages/>", "<hugepages><page size='1' unit='GiB'/></hugepages>", "<hugepages></hugepages>"),
    ("memory.round=4196352", GIB, "<memory unit='KiB'>4194305<", "<memory unit='KiB'>4196352<"),
    ("memory.round=4196352", GIB, "<memory>4194305<", "<memory>4196352<"),
    ("memory.node=0", "<os firmware", "<numatune><memory placement='auto'/></numatune><os firmware",
     "<numatune><memory mode='strict' nodeset='0'/></numatune><os firmware"),
    ("iothread.add=2", "<iothreads>1<", "<iothreads>1<", "<iothreads>2<"),
    ("iothreadpin.drop=5", PINS, f"{PINS}<iothreadpin iothread='5' cpuset='1'/>", PINS),
    ("vcpu.sched=none", PINS, f"{PINS}<vcpusched vcpus='0-3' scheduler='fifo' priority='1'/>", PINS),
    ("disk.driver=vda=cache:none", "cache='none' io='native' io", "cache='writeback' io='native' io",
     "cache='none' io='native' io"),
    ("disk.eject=sdc", PORT, DRIVE.format("<source file='/x.iso'/>"), DRIVE.format("")),
    ("hostdev.rom=0000:01:00.0=", BESIDE, BESIDE, "function='0x0'/></source>"),
    ("hostdev.rom=0000:01:00.0=", ROM, ROM.replace(" file", " bar='off' file"), "<rom bar='off'/>"),
    ("hostdev.rom-bar=0000:01:00.0=on", ROM, "<rom bar='off'/>", "<rom bar='on'/>"),
    ("hostdev.iommufd=0000:01:00.0=no", CARD, f"{CARD}<driver iommufd='yes'/>", f"{CARD}<driver iommufd='no'/>"),
    ("hostdev.managed=0000:01:00.0", CARD, CARD.replace("yes", "no"), CARD),
    ("hostdev.slot=0000:01:00", SECOND, "bus='0x07' slot='0x00' function='0x0'/>",
     SECOND),
    ("usb.optional=1532:0037", USB, USB, USB.replace("<source>", "<source startupPolicy='optional'>")),
    ("balloon=none", "<memballoon model='none'/>", "<memballoon model='virtio'><stats period='5'/></memballoon>",
     "<memballoon model='none'/>"),
    ("video=none", NONE, "<video><model type='qxl' ram='65536'/></video>", None),
    ("graphics=spice", NONE, NONE, None),
    ("tpm=2.0", "version='2.0'", "version='1.2'", "version='2.0'"),
    ("shmem.size=looking-glass=64", NONE, f"<shmem name='looking-glass'><size unit='M'>16</size></shmem>{NONE}",
     f"<shmem name='looking-glass'><size unit='M'>64</size></shmem>{NONE}"),
    ("audio=pipewire=/run/user/1000", NONE, f"<audio id='1' type='pipewire'/>{NONE}",
     f"<audio id='1' type='pipewire' runtimeDir='/run/user/1000'/>{NONE}"),
    ("machine=q35", "pc-q35-9.2", "pc-q35-9.2", "pc-q35-9.2"),
    ("firmware=efi", "<os firmware='efi'>", "<os firmware='efi'>", "<os firmware='efi'>"),
]  # fmt: skip


@pytest.mark.parametrize(("goal", "fine", "wrong", "right"), EDITS)
def test_a_goal_changes_these_words_and_no_others(goal: str, fine: str, wrong: str, right: str | None) -> None:
    xml = with_words((fine, wrong)) if wrong != fine else FINE
    after = edited(xml, goal)
    if right is not None:
        assert after == xml.replace(wrong, right, 1)
    assert (after != xml or right == wrong) and edited(after, goal) == after


def test_several_goals_make_one_step_with_all_reasons() -> None:
    xml = with_words(("<memballoon model='none'/>", ""), ("<acpi/>", "<acpi/><kvm><hidden state='on'/></kvm>"))
    plan = planned(host_of(xml), *of_win("balloon=none", "kvm.hidden=off", "timer=hypervclock=yes"))
    (step,) = plan.steps
    assert step.why == "the definition of win: no memory balloon; KVM hidden: off"
    assert plan.title == "win: no memory balloon; win: KVM hidden: off; win: timer hypervclock=yes"
    after = (step.after or b"").decode()
    assert "<memballoon model='none'/>" in after and "hidden" not in after


def test_what_one_goal_does_and_another_takes_back_is_no_step() -> None:
    assert edited(FINE, "kvm.hidden=on", "kvm.hidden=off") == FINE


def test_pins_and_the_definition_are_one_step() -> None:
    plan = planned(host_of(), ("pin.clear", "win"), *of_win("memory.locked=on"))
    (step,) = plan.steps
    after = (step.after or b"").decode()
    assert "vcpupin" not in after and "<locked/>" in after


@pytest.mark.parametrize(
    ("goal", "sentence"),
    [
        ("cpu.mode=qemu64", "none of host-passthrough"),
        ("cpu.topology=1,1,3,2", r"win has 4 vCPUs, and 1,1,3,2 has 6 places"),
        ("cpu.topology=1,1,4", "no SOCKETS,DIES,CORES,THREADS"),
        ("cpu.topology=1,1,-4,-1", "no number"),
        ("cpu.feature=a b", "no FEATURE"),
        ("cpu.clusters=2", "a PC has 1"),
        ("maxphysaddr=8", "too few"),
        ("maxphysaddr=99999999999999999999", "no number of address bits"),
        ("hyperv.on=", "is no enlightenment"),
        ("hyperv.on=relaxed,evil'/>", "is no enlightenment"),
        ("hyperv.off=synic", "stimer of win needs synic"),
        ("hyperv.vendor-id=1234567890123", "at most 12"),
        ("timer=clock=yes", "'clock' is no timer"),
        ("timer=hpet", "no TIMER=yes"),
        ("kvm.hidden=maybe", "neither on nor off"),
        ("memory.huge=3", "no huge pages of 3 KiB"),
        ("memory.node=7", "no node 7"),
        ("memory.node=x", "no list of nodes"),
        ("memory.round=0", "needs memory"),
        ("iothread.add=0", "counted from 1"),
        ("iothread.drop=1", "uses iothread 1"),
        ("iothread.attach=7", "win has no iothread 7"),
        ("vcpu.sched=fifo", "only none"),
        ("disk.driver=vda=cache:maybe", "no word of a disk's driver"),
        ("disk.driver=vda=cache:writeback", "native I/O of vda needs"),
        ("disk.driver=vdz=cache:none", "no disk 'vdz'"),
        ("disk.eject=vda", "no drive with a medium"),
        ("disk.source=vda=relative", "no absolute path"),
        ("hostdev.drop=0000:09:00.0", "no element of win passes 0000:09:00.0"),
        ("hostdev.drop=/etc/passwd", "no PCI address"),
        ("hostdev.add=0000:1f:00.0", "shows no PCI device"),
        ("hostdev.rom=0000:01:00.0=x", "no absolute path"),
        ("hostdev.slot=0000:02:00", "no function of 0000:02:00"),
        ("usb.port=dead:beef", "no USB device"),
        ("video=qxl", "only none"),
        ("graphics=x", "neither spice nor vnc"),
        ("shmem.size=looking-glass=33", "a power of two"),
        ("shmem.size=looking-glass=32", "no shared memory 'looking-glass'"),
        ("audio=oss", "none of pipewire, pulseaudio"),
        ("firmware=bios", "only efi"),
        ("machine=microvm", "only q35"),
        ("qemu.drop=-x", "no argument '-x'"),
        ("qemu.json=virtio-net,id=a", "only devices of shared memory"),
    ],
)
def test_what_makes_no_sense_is_a_sentence(goal: str, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        planned(host_of(), *of_win(goal))


@pytest.mark.parametrize(
    ("goal", "sentence"),
    [("domain.balloon", "no stored definition of a guest 'nobody'"), ("domain.cpu.mode", "none of host-passthrough")],
)
def test_a_guest_that_is_not_there_is_named(goal: str, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        planned(host_of(), (goal, "nobody/none" if "balloon" in goal else "win"))


@pytest.mark.parametrize("text", ["", "<domain", "<domain/>\x00", "\ufeff<network/>", "<domain>" * 3])
def test_a_damaged_definition_is_a_sentence(text: str) -> None:
    host = host_of()
    files = {**host.files, "/etc/libvirt/qemu/odd.xml": text}
    with pytest.raises(PlanError):
        planned(host_of(files=files), ("domain.balloon", "odd/none"))


def test_a_disk_that_moves_gets_a_free_name_however_many_there_are() -> None:
    more = "".join(f"<disk type='file'><target dev='vd{c}' bus='virtio'/></disk>" for c in "cdefghijklmnopqrstuvwxyz")
    place = "<address type='drive' controller='0' bus='0' target='0' unit='0'/>"
    disk = f"<disk type='file'><wwn>5000</wwn><target dev='sda' bus='sata' rotation_rate='1'/>{place}</disk>"
    xml = FINE.replace("\n    <controller", f"{more}{disk}\n    <controller", 1)
    moved = "<disk type='file'><target dev='vdaa' bus='virtio'/></disk>"
    assert edited(xml, "disk.bus=sda=virtio") == xml.replace(disk, moved)
    plan = planned(host_of(xml), *of_win("disk.bus=sda=virtio"))
    assert any("INACCESSIBLE_BOOT_DEVICE" in note for note in plan.notes)


def test_an_empty_drive_is_none_of_the_network() -> None:
    medium = "<source protocol='http' name='x.iso'><host name='far' port='80'/></source>"
    drive = DRIVE.format(medium).replace("type='file'", "type='network'")
    assert edited(FINE.replace(PORT, drive, 1), "disk.eject=sdc") == FINE.replace(PORT, DRIVE.format(""), 1)


def test_an_nvme_drive_goes_with_all_of_its_namespaces_and_has_no_rom() -> None:
    address = "<address domain='0' bus='0x03' slot='0' function='0'/>"
    source = f"<source type='pci' managed='yes' namespace='{{}}'>{address}</source>"
    disks = "".join(
        f"\n    <disk type='nvme' device='disk'>{source.format(n)}<target dev='vd{c}' bus='virtio'/></disk>"
        for n, c in ((1, "y"), (2, "z"))
    )
    xml = FINE.replace("\n    <controller", f"{disks}\n    <controller", 1)
    assert edited(xml, "hostdev.drop=0000:03:00.0") == FINE
    assert edited(xml, "hostdev.managed=0000:03:00.0=no").count("managed='no'") == 2
    for goal in ("hostdev.rom=0000:03:00.0=", "hostdev.rom-bar=0000:03:00.0=on"):
        with pytest.raises(PlanError, match="a disk to the guest"):
            planned(host_of(xml), *of_win(goal))


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_line_ends_and_comments_stay(end: str) -> None:
    xml = with_words(("<acpi/>", "<!-- <kvm> --><acpi/><kvm><hidden state='on'/></kvm>")).replace("\n", end)
    assert edited(xml, "kvm.hidden=off") == xml.replace("<kvm><hidden state='on'/></kvm>", "")


def test_nothing_of_this_host_is_used_for_the_guest_of_another() -> None:
    snapshot = read_config_snapshot(root_of(host_of()), ("/etc/passwd",))
    stored = StoredGuest("win", "qemu+ssh://far/system", FINE.encode())
    for goal, sentence in (
        ("domain.usb.port", "the USB devices of this host are not known|no USB device"),
        ("domain.audio", "0 persons"),
        ("domain.hostdev.add", "shows no PCI device"),
    ):
        value = {"domain.usb.port": "1532:0037", "domain.audio": "pipewire", "domain.hostdev.add": "0000:00:02.0"}[goal]
        with pytest.raises(PlanError, match=sentence):
            make_plan(facts_of(host_of()), replace(snapshot, guests={"win": stored}), [(goal, f"win/{value}")])
    plan = make_plan(
        facts_of(host_of()), replace(snapshot, guests={"win": stored}), [("domain.memory.huge", "win/1048576")]
    )
    assert [(s.kind, s.where) for s in plan.steps] == [("domain", "qemu+ssh://far/system")]
