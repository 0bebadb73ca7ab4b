"""Domain XML of the demo's guests, in the order and form of `virsh dumpxml`."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

HYPERV = ("relaxed", "vapic", "vpindex", "runtime", "synic", "stimer", "frequencies", "tlbflush", "ipi")
"""Enlightenments of a Windows guest that need no further value (libvirt formatdomain, hypervisor features)."""


def guest_xml(
    name: str,
    uuid: str,
    *,
    memory_gib: int,
    pins: Sequence[int] = (),
    vcpus: int = 2,
    emulator: str = "",
    iothread: str = "",
    hostdevs: Sequence[str] = (),
    huge: bool = False,
    threads: int = 1,
    windows: bool = False,
    disk: str = "",
    extra: str = "",
    kind: str = "kvm",
) -> str:
    """A guest with one pinned CPU for each of `pins`, else with `vcpus` floating ones; `extra` ends the domain."""
    count = len(pins) or vcpus
    kib = memory_gib << 20
    backing = "  <memoryBacking>\n    <hugepages/>\n    <nosharepages/>\n  </memoryBacking>\n" if huge else ""
    return (
        f"<domain type='{kind}'>\n  <name>{escape(name, quote=False)}</name>\n  <uuid>{uuid}</uuid>\n"
        f"  <memory unit='KiB'>{kib}</memory>\n  <currentMemory unit='KiB'>{kib}</currentMemory>\n{backing}"
        f"  <vcpu placement='static'>{count}</vcpu>\n"
        + ("  <iothreads>1</iothreads>\n" if iothread else "")
        + _tune(pins, emulator, iothread)
        + "  <os firmware='efi'>\n    <type arch='x86_64' machine='pc-q35-9.2'>hvm</type>\n"
        "    <boot dev='hd'/>\n  </os>\n"
        + _features(windows)
        + f"  <cpu mode='host-passthrough' check='none' migratable='on'>\n    <topology sockets='1' dies='1' "
        f"cores='{count // threads}' threads='{threads}'/>\n"
        + ("    <cache mode='passthrough'/>\n" if pins else "")
        + ("    <feature policy='require' name='topoext'/>\n" if threads > 1 else "")
        + "  </cpu>\n"
        + _clock(windows)
        + "  <devices>\n    <emulator>/usr/bin/qemu-system-x86_64</emulator>\n"
        + _disk(disk or f"/var/lib/libvirt/images/{uuid}.qcow2", bool(iothread))
        + _interface(uuid)
        + "".join(_hostdev(bdf, hostdevs) for bdf in hostdevs)
        + ("    <video>\n      <model type='none'/>\n    </video>\n" if hostdevs else "")
        + f"    <memballoon model='{'none' if hostdevs else 'virtio'}'/>\n  </devices>\n{extra}</domain>"
    )


def _tune(pins: Sequence[int], emulator: str, iothread: str) -> str:
    lines = [f"    <vcpupin vcpu='{v}' cpuset='{cpu}'/>\n" for v, cpu in enumerate(pins)]
    if emulator:
        lines.append(f"    <emulatorpin cpuset='{emulator}'/>\n")
    if iothread:
        lines.append(f"    <iothreadpin iothread='1' cpuset='{iothread}'/>\n")
    return f"  <cputune>\n{''.join(lines)}  </cputune>\n" if lines else ""


def _features(windows: bool) -> str:
    hyperv = "".join(f"      <{word} state='on'/>\n" for word in HYPERV)
    hyperv += "      <spinlocks state='on' retries='8191'/>\n"
    more = f"    <hyperv mode='custom'>\n{hyperv}    </hyperv>\n" if windows else ""
    return f"  <features>\n    <acpi/>\n    <apic/>\n{more}  </features>\n"


def _clock(windows: bool) -> str:
    """Windows reads Hyper-V's clock, and keeps local time."""
    if not windows:
        return "  <clock offset='utc'>\n    <timer name='hpet' present='no'/>\n  </clock>\n"
    return (
        "  <clock offset='localtime'>\n    <timer name='hpet' present='no'/>\n"
        "    <timer name='hypervclock' present='yes'/>\n  </clock>\n"
    )


def _disk(source: str, iothread: bool) -> str:
    kind, key = ("block", "dev") if source.startswith("/dev/") else ("file", "file")
    form = "raw" if kind == "block" else "qcow2"
    thread = " iothread='1'" if iothread else ""
    return (
        f"    <disk type='{kind}' device='disk'>\n"
        f"      <driver name='qemu' type='{form}' cache='none' io='native'{thread}/>\n"
        f"      <source {key}='{escape(source)}'/>\n      <target dev='vda' bus='virtio'/>\n    </disk>\n"
    )


def _interface(uuid: str) -> str:
    mac = "52:54:00:" + ":".join(uuid[i : i + 2] for i in (24, 26, 28))
    return (
        f"    <interface type='network'>\n      <mac address='{mac}'/>\n      <source network='default'/>\n"
        "      <model type='virtio'/>\n    </interface>\n"
    )


def _hostdev(bdf: str, others: Sequence[str]) -> str:
    """All functions of a slot come to lie on one slot of the guest."""
    domain, bus, rest = bdf.split(":")
    slot, function = rest.split(".")
    slots = list(dict.fromkeys(b.rpartition(".")[0] for b in others))
    guest_bus = 5 + slots.index(bdf.rpartition(".")[0])
    many = " multifunction='on'" if function == "0" and sum(b.startswith(bdf[:-1]) for b in others) > 1 else ""
    return (
        "    <hostdev mode='subsystem' type='pci' managed='yes'>\n      <driver name='vfio'/>\n      <source>\n"
        f"        <address domain='0x{domain}' bus='0x{bus}' slot='0x{slot}' function='0x{function}'/>\n"
        f"      </source>\n      <address type='pci' domain='0x0000' bus='0x{guest_bus:02x}' slot='0x00' "
        f"function='0x{function}'{many}/>\n    </hostdev>\n"
    )
