"""A guest in which nothing is wrong, as text in which each test changes a few words."""

from __future__ import annotations

from vfiotui.demo.description import GuestDesc

OSINFO = "http://libosinfo.org/xmlns/libvirt/domain/1.0"
FINE = f"""<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>win</name>
  <uuid>00000000-0000-4000-8000-0000000000aa</uuid>
  <metadata><l:libosinfo xmlns:l='{OSINFO}'><l:os id='http://microsoft.com/win/11'/></l:libosinfo></metadata>
  <memory unit='GiB'>4</memory>
  <memoryBacking><hugepages/><nosharepages/></memoryBacking>
  <vcpu placement='static'>4</vcpu>
  <iothreads>1</iothreads>
  <cputune>
    <vcpupin vcpu='0' cpuset='1'/><vcpupin vcpu='1' cpuset='5'/>
    <vcpupin vcpu='2' cpuset='2'/><vcpupin vcpu='3' cpuset='6'/>
    <emulatorpin cpuset='0,4'/><iothreadpin iothread='1' cpuset='0,4'/>
  </cputune>
  <os firmware='efi'>
    <type arch='x86_64' machine='pc-q35-9.2'>hvm</type>
    <firmware><feature enabled='yes' name='secure-boot'/></firmware>
    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
    <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>/var/lib/libvirt/qemu/nvram/win_VARS.fd</nvram>
  </os>
  <features>
    <acpi/>
    <hyperv mode='custom'>
      <relaxed state='on'/><vapic state='on'/><spinlocks state='on' retries='8191'/><vpindex state='on'/>
      <runtime state='on'/><synic state='on'/><stimer state='on'/><frequencies state='on'/><tlbflush state='on'/>
      <ipi state='on'/>
    </hyperv>
  </features>
  <cpu mode='host-passthrough' check='none' migratable='off'>
    <topology sockets='1' dies='1' cores='2' threads='2'/>
    <cache mode='passthrough'/>
    <feature policy='require' name='topoext'/>
  </cpu>
  <clock offset='localtime'>
    <timer name='hpet' present='no'/><timer name='hypervclock' present='yes'/>
  </clock>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none' io='native' iothread='1'/>
      <source file='/var/lib/libvirt/images/win.qcow2'/><target dev='vda' bus='virtio'/>
    </disk>
    <disk type='block' device='disk'>
      <driver name='qemu' type='raw' cache='none' io='native' discard='unmap'/>
      <source dev='/dev/disk/by-id/ata-games'/><target dev='vdb' bus='virtio'/>
    </disk>
    <controller type='pci' index='6' model='pcie-root-port'/>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source>
      <rom file='/usr/share/vgabios/card.rom'/>
      <address type='pci' domain='0x0000' bus='0x06' slot='0x00' function='0x0' multifunction='on'/>
    </hostdev>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address domain='0x0000' bus='0x01' slot='0x00' function='0x1'/></source>
      <address type='pci' domain='0x0000' bus='0x06' slot='0x00' function='0x1'/>
    </hostdev>
    <hostdev mode='subsystem' type='usb' managed='yes'>
      <source><vendor id='0x1532'/><product id='0x0037'/></source>
    </hostdev>
    <input type='evdev'><source dev='/dev/input/by-id/usb-Logitech-event-kbd'/></input>
    <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
    <video><model type='none'/></video>
    <memballoon model='none'/>
  </devices>
</domain>"""
"""A Windows guest with a graphics card, eight free CPUs' worth of a four-core host, huge pages and Secure Boot."""


def changed(*pairs: tuple[str, str], name: str = "win") -> GuestDesc:
    """The fine guest, shut off, with some words replaced; each of them must stand there."""
    text = FINE
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return GuestDesc(name, text.replace("<name>win</name>", f"<name>{name}</name>"))


def without(*words: str, name: str = "win") -> GuestDesc:
    """The fine guest without some of its words."""
    return changed(*((word, "") for word in words), name=name)


def cells_xml(name: str, pins: tuple[int, int], inside: str, kib: tuple[int, int] = (1 << 20, 1 << 20)) -> str:
    """A guest that sees two NUMA nodes, each with one vCPU."""
    return (
        f"<domain type='kvm'><name>{name}</name><memory>{sum(kib)}</memory>{inside}<vcpu>2</vcpu>"
        f"<cputune><vcpupin vcpu='0' cpuset='{pins[0]}'/><vcpupin vcpu='1' cpuset='{pins[1]}'/></cputune>"
        f"<cpu mode='host-passthrough'><numa><cell id='0' cpus='0' memory='{kib[0]}'/>"
        f"<cell id='1' cpus='1' memory='{kib[1]}'/></numa></cpu></domain>"
    )
