"""Firmware, processor, clock, devices and tuning of domain XML, as the rules of guests need them."""

from __future__ import annotations

import pytest

from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.domain_boot import GuestBoot
from vfiotui.model.guest.domain_cpu import Scheduling, Timer
from vfiotui.model.guest.domain_devices import Audio, Controller, Disk, Shmem, Tpm


def guest(inner: str, attributes: str = "type='kvm'") -> Domain:
    return parse(f"<domain {attributes}><name>g</name>{inner}</domain>", source="test")


def test_firmware_with_its_variables_and_features() -> None:
    boot = guest(
        "<os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type>"
        "<firmware><feature enabled='no' name='secure-boot'/><feature enabled='yes' name='enrolled-keys'/></firmware>"
        "<loader readonly='yes' secure='no' type='pflash' format='raw'> /usr/share/OVMF/CODE.fd </loader>"
        "<nvram template='/usr/share/OVMF/VARS.fd'>/var/lib/x_VARS.fd</nvram></os>"
    ).boot
    assert boot == GuestBoot(
        "hvm",
        "x86_64",
        "efi",
        "/usr/share/OVMF/CODE.fd",
        "pflash",
        "raw",
        "/var/lib/x_VARS.fd",
        "/usr/share/OVMF/VARS.fd",
        (("secure-boot", False), ("enrolled-keys", True)),
    )
    assert boot.is_efi and boot.is_x86
    assert (boot.feature("secure-boot"), boot.feature("verbose-static")) == (False, None)


@pytest.mark.parametrize(
    ("os_element", "efi"),
    [
        ("", False),
        ("<os/>", False),
        ("<os firmware='efi'/>", True),
        ("<os firmware='bios'/>", False),
        ("<os><loader type='pflash'>/x/firmware.bin</loader></os>", True),
        ("<os><loader>/usr/share/seabios/bios.bin</loader></os>", False),
        ("<os><loader type='rom'>/usr/share/ovmf/OVMF.fd</loader></os>", True),
    ],
)
def test_efi_is_told_from_bios(os_element: str, efi: bool) -> None:
    assert guest(os_element).boot.is_efi is efi


def test_processor_enlightenments_and_clock() -> None:
    found = guest(
        "<features><kvm><hidden state='on'/></kvm><hyperv mode='custom'><relaxed state='on'/><vapic state='off'/>"
        "<vendor_id state='on' value='whatever'/></hyperv></features>"
        "<cpu mode='custom'><model fallback='allow'>EPYC</model><topology sockets='1' clusters='2' cores='2' "
        "threads='1'/><cache mode='passthrough'/><maxphysaddr mode='passthrough' limit='39'/>"
        "<feature policy='require' name='topoext'/><feature policy='disable' name='svm'/></cpu>"
        "<clock offset='localtime'><timer name='hpet' present='no'/><timer name='tsc' mode='native'/></clock>"
        "<cputune><vcpusched vcpus='0-2' scheduler='fifo' priority='1'/><emulatorsched scheduler='batch'/></cputune>"
    )
    assert found.kvm_hidden and found.hyperv.vendor_id == "whatever"
    assert found.hyperv.on == {"relaxed", "vendor_id"} and not found.hyperv.chosen_by_libvirt
    assert (found.cpu.model, found.cpu.clusters, found.cpu.cache_mode) == ("EPYC", 2, "passthrough")
    assert (found.cpu.address_mode, found.cpu.address_bits, found.cpu.address_limit) == ("passthrough", None, 39)
    assert found.cpu.has("topoext") and not found.cpu.has("svm")
    assert found.clock.timers == (Timer("hpet", False), Timer("tsc", None, "native"))
    assert (found.clock.present("hpet"), found.clock.present("tsc"), found.clock.present("pit")) == (False, None, None)
    assert found.scheduling == (
        Scheduling("vcpu", frozenset({0, 1, 2}), "fifo", 1),
        Scheduling("emulator", frozenset(), "batch"),
    )
    assert [s.realtime for s in found.scheduling] == [True, False]


def test_devices() -> None:
    found = guest(
        "<devices><disk type='block' device='disk'><driver name='qemu' type='raw' cache='none' io='native' "
        "discard='unmap' iothread='2'/><source dev='/dev/sda' startupPolicy='optional'/><target dev='vda' "
        "bus='virtio'/></disk>"
        "<disk type='file' device='cdrom'><target dev='sdb' bus='sata'/></disk>"
        "<disk type='file'><driver><iothreads><iothread id='3'/><iothread id='4'/></iothreads></driver>"
        "<source file='/x.img'/></disk>"
        "<controller type='scsi' index='0' model='virtio-scsi'><driver iothread='1'/></controller>"
        "<video><model type='none'/></video><video/><graphics type='spice'/>"
        "<shmem name='looking-glass'><model type='ivshmem-plain'/><size unit='M'>32</size></shmem>"
        "<audio id='1' type='pipewire' runtimeDir='/run/user/1000'/><tpm model='tpm-crb'><backend type='emulator' "
        "version='2.0'/></tpm><input type='evdev'><source dev='/dev/input/event3'/></input><input type='mouse'/>"
        "</devices>"
    )
    devices = found.devices
    assert devices.disks == (
        Disk(
            "disk", "block", "/dev/sda", "vda", "virtio", "raw", "none", "native", "unmap", frozenset({2}), "optional"
        ),
        Disk("cdrom", "file", "", "sdb", "sata"),
        Disk("disk", "file", "/x.img", "", "", iothreads=frozenset({3, 4})),
    )
    assert devices.controllers == (Controller("scsi", 0, "virtio-scsi", frozenset({1})),)
    assert devices.used_iothreads == {1, 2, 3, 4}
    assert (devices.videos, devices.graphics, devices.evdev) == (("none", ""), ("spice",), ("/dev/input/event3",))
    assert devices.shmems == (Shmem("looking-glass", "ivshmem-plain", 32 << 20),)
    assert found.looking_glass == devices.shmems[0]
    assert devices.audios == (Audio("pipewire", "/run/user/1000"),)
    assert devices.tpms == (Tpm("tpm-crb", "emulator", "2.0"),)


def test_how_a_usb_device_is_told_from_others() -> None:
    found = guest(
        "<devices><hostdev type='usb'><source startupPolicy='optional'><vendor id='0x046d'/><product id='0xc31c'/>"
        "</source></hostdev><hostdev type='usb'><source><address bus='3' device='4'/></source></hostdev>"
        "<hostdev type='usb'><source><address bus='3' port='1.2'/></source></hostdev>"
        "<hostdev type='usb'><source><vendor id='0x1046d'/><product id='0'/></source></hostdev></devices>"
    )
    assert [(h.address, h.usb_by) for h in found.hostdevs] == [
        ("046d:c31c", "ids"),
        ("3:4", "number"),
        ("3-1.2", "port"),
    ]
    assert found.hostdevs[0].startup_policy == "optional"


def test_iothreads_are_numbered_as_libvirt_does() -> None:
    assert guest("<iothreads>3</iothreads>").iothread_ids == (1, 2, 3)
    named = guest("<iothreads>3</iothreads><iothreadids><iothread id='2'/><iothread id='9'/></iothreadids>")
    assert named.iothread_ids == (1, 2, 9)
    assert len(guest("<iothreads>2000</iothreads>").iothread_ids) == 2000
    with pytest.raises(ValueError, match="no guest has more"):
        guest("<iothreads>99999999</iothreads>")


def test_vcpus_are_on_by_their_list_or_by_their_count() -> None:
    pins = "<cputune><vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='3' cpuset='2'/></cputune>"
    counted = guest(f"<vcpu current='2'>4</vcpu>{pins}")
    assert [counted.is_on(v) for v in range(5)] == [True, True, False, False, False]
    assert (counted.vcpus_on, counted.fixed_pins) == (2, {0: 1})
    on = "".join(f"<vcpu id='{i}' enabled='{'yes' if i in (0, 3) else 'no'}'/>" for i in range(4))
    listed = guest(f"<vcpu current='2'>4</vcpu><vcpus>{on}</vcpus>{pins}")
    assert [listed.is_on(v) for v in range(5)] == [True, False, False, True, False]
    assert (listed.vcpus_on, listed.fixed_pins) == (2, {0: 1, 3: 2})


def test_memory_and_what_goes_past_libvirt() -> None:
    found = guest(
        "<memoryBacking><locked/><nosharepages/></memoryBacking><memtune><hard_limit unit='G'>9</hard_limit></memtune>"
        "<numatune><memory mode='strict' nodeset='0-1'/></numatune><commandline/>"
        "<q:commandline><q:arg value='-device'/><q:arg value='a,b'/><q:env name='X' value='y'/></q:commandline>",
        "type='kvm' xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'",
    )
    assert found.backing.locked and found.backing.no_share_pages
    assert (found.backing.hard_limit_kib, found.backing.node_mode, found.backing.nodes) == (9 << 20, "strict", {0, 1})
    assert found.qemu.values("-device") == ("a,b",) and found.qemu.values("-object") == ()
    assert found.qemu.environment == (("X", "y"),) and found.qemu.unnamed


OSINFO = (
    "<metadata><l:libosinfo xmlns:l='http://libosinfo.org/xmlns/libvirt/domain/1.0'>"
    "<l:os id='{}'/></l:libosinfo></metadata>"
)


@pytest.mark.parametrize(
    ("inner", "windows"),
    [
        (OSINFO.format("http://microsoft.com/win/11"), True),
        (OSINFO.format("http://debian.org/debian/12") + "<clock offset='localtime'/>", False),
        ("<clock offset='localtime'/>", True),
        ("<features><hyperv><relaxed state='on'/></hyperv></features>", True),
        ("<clock offset='utc'/>", False),
    ],
)
def test_windows_is_recognised(inner: str, windows: bool) -> None:
    assert guest(inner).is_windows is windows


@pytest.mark.parametrize(
    "inside",
    [
        "<vcpu>eight</vcpu>",
        "<vcpu/>",
        "<vcpu current='x'>8</vcpu>",
        "<memory unit='parsec'>1</memory>",
        "<memory>-1</memory>",
        "<cpu><topology sockets='1' cores='many' threads='1'/></cpu>",
        "<cpu><topology sockets='99999999999999999999999' cores='1' threads='1'/></cpu>",
        "<cpu><numa><cell id='0' cpus='0-x' memory='1'/></numa></cpu>",
        "<cputune><vcpupin vcpu='0' cpuset='4-'/></cputune>",
        "<cputune><vcpupin vcpu='zero' cpuset='4'/></cputune>",
        "<cputune><emulatorpin cpuset=''/></cputune>",
        "<memoryBacking><hugepages><page size='2' unit='MibiB'/></hugepages></memoryBacking>",
        "<devices><hostdev type='pci'><source><address bus='0x300' slot='0' function='0'/></source></hostdev>"
        "</devices>",
        "<devices><interface type='hostdev'><source><address type='pci' bus='1' slot='32' function='0'/></source>"
        "</interface></devices>",
    ],
)
def test_a_word_that_makes_no_sense_is_damage_and_the_rest_is_read(inside: str) -> None:
    found = parse(f"<domain type='kvm'><name>x</name>{inside}</domain>", source="x.xml")
    assert found.name == "x" and len(found.damage) == 1 and "makes no sense" in found.damage[0]
    assert found.unsound is not None and found.unsound.path == "x.xml"
