"""Devices that are assigned to guests: bound so, configured so, or named by a guest."""

from __future__ import annotations

from collections.abc import Mapping

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.boot.boot import Boot
from vfiotui.model.cpu.topology import CpuSet
from vfiotui.model.finding.finding import Evidence
from vfiotui.model.guest.domain import Virt
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.host_use import is_given
from vfiotui.model.pci.vfio_ids import configured_ids

PassthroughDevices = Mapping[str, tuple[Evidence, ...]]
"""Address → what makes it a guest's device."""


def passthrough_devices(bus: PciBus, boot: Reading[Boot], virt: Reading[Virt]) -> PassthroughDevices:
    """Address → what makes it a guest's device; bridges are never meant."""
    ids = () if isinstance(boot, Unread) else configured_ids(boot)
    domains = () if isinstance(virt, Unread) else or_else(virt.domains, ())
    named: dict[str, list[Evidence]] = {}
    for domain in domains:
        for hostdev in domain.pci_hostdevs:
            named.setdefault(hostdev.address, []).append(Evidence(domain.source, f"{hostdev.by} {hostdev.address}"))
        for address in domain.pci_pool:
            named.setdefault(address, []).append(Evidence(domain.source, f"a network passes {address}"))
    found: dict[str, tuple[Evidence, ...]] = {}
    for device in bus.devices:
        if device.is_bridge:
            continue
        why = list(named.get(device.bdf, ()))
        if is_given(device):
            why.append(Evidence(f"/sys/bus/pci/devices/{device.bdf}/driver", str(device.driver)))
        if isinstance(device.driver_override, str) and "vfio" in device.driver_override:
            why.append(Evidence(f"/sys/bus/pci/devices/{device.bdf}/driver_override", device.driver_override))
        why += [Evidence(i.where, i.text) for i in ids if i.matches(device)]
        if why:
            found[device.bdf] = tuple(why)
    return found


def device_of(bus: PciBus, bdf: str) -> PciDevice:
    """A function that is known to be there."""
    device = bus.get(bdf)
    assert device is not None
    return device


def pinned_cpus(virt: Reading[Virt]) -> CpuSet:
    """All CPUs that some guest's vCPU is pinned to; empty where no guest is known."""
    domains = () if isinstance(virt, Unread) else or_else(virt.domains, ())
    return frozenset(c for d in domains for c in d.pinned_cpus)
