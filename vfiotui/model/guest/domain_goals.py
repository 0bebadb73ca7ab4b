"""What the fixes of guests' findings aim at: names, and what their argument says.

A planner turns a goal into a change of the domain XML of the guest that is the finding's subject. An argument that
speaks of one device begins with what tells it apart: a disk's target, a host address, a shmem's name.
"""

from __future__ import annotations

from collections.abc import Mapping

DOMAIN_GOALS: Mapping[str, str] = {
    "domain.firmware": "efi: let libvirt choose the firmware",
    "domain.firmware.again": "efi: drop loader and nvram, let libvirt choose anew; the guest's boot entries are lost",
    "domain.machine": "a machine type: q35",
    "domain.cpu.mode": "a mode of <cpu>: host-passthrough",
    "domain.cpu.topology": "sockets,dies,cores,threads",
    "domain.cpu.clusters": "their number: 1",
    "domain.cpu.feature": "a feature to require: topoext",
    "domain.cpu.cache": "a mode of <cache>: passthrough",
    "domain.maxphysaddr": "bits for <maxphysaddr mode='passthrough' limit=>",
    "domain.hyperv.on": "enlightenments to switch on, comma-separated",
    "domain.hyperv.off": "an enlightenment to switch off",
    "domain.hyperv.vendor-id": "its value; empty takes it away",
    "domain.kvm.hidden": "off: take <hidden> away",
    "domain.timer": "name=yes or name=no",
    "domain.balloon": "a model: none",
    "domain.hostdev.add": "PCI addresses, comma-separated",
    "domain.hostdev.drop": "a PCI address",
    "domain.hostdev.managed": "a PCI address",
    "domain.hostdev.slot": "a slot of this host (0000:01:00): its functions go to one slot of the guest",
    "domain.hostdev.place": "a PCI address: its place in the guest is left to libvirt",
    "domain.hostdev.rom": "address=path of the ROM file; an empty path takes it away",
    "domain.hostdev.rom-bar": "address=on",
    "domain.hostdev.iommufd": "address=no",
    "domain.video": "a model: none",
    "domain.graphics": "a kind to add: spice",
    "domain.iothreads": "their number",
    "domain.iothread.attach": "a disk's target, or empty for any that can",
    "domain.iothreadpin.drop": "the number of an iothread",
    "domain.disk.driver": "target=attribute:value, more of them comma-separated",
    "domain.disk.bus": "target=bus",
    "domain.disk.source": "target=path; an empty path asks",
    "domain.disk.drop": "a target",
    "domain.shmem.size": "name=MiB",
    "domain.audio": "a backend: pipewire",
    "domain.usb.optional": "the device as the XML tells it",
    "domain.usb.port": "the device as the XML tells it: it is told by its port instead",
    "domain.input.by-id": "the path of an evdev device",
    "domain.tpm": "a version: 2.0",
    "domain.qemu.drop": "an argument or variable to take away",
    "domain.qemu.json": "an argument to write as JSON",
    "domain.memory.round": "KiB to round up to",
    "domain.memory.huge": "KiB of a page; 0 for the default size",
    "domain.memory.locked": "off",
    "domain.memory.nosharepages": "on",
    "domain.memory.node": "a NUMA node, strictly",
    "domain.vcpu.sched": "none: take the scheduling class away; fifo:1",
    "memory.reserve": "size in KiB=pages",
    "memory.shmem-thp": "a word for shmem_enabled",
    "pin.propose": "the guest's name: pin all of it anew",
    "pin.emulator": "the guest's name",
    "pin.iothreads": "the guest's name",
    "pin.clear": "the guest's name",
}
