"""Pins of a running guest through libvirt's API: read, set, and the affinity that the kernel really has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vfiotui.model.cpu.pinning import EMULATOR
from vfiotui.model.cpu.topology import CpuSet

NONE: CpuSet = frozenset()


def _running(connection: Any, name: str) -> Any:
    """The guest where it runs, else None."""
    import libvirt

    try:
        domain = connection.lookupByName(name)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise
    return domain if domain.isActive() else None


def read_pins(connection: Any, name: str) -> dict[str, CpuSet] | None:
    """Every thread of a running guest and its pin; a pin to all CPUs of the host is none. None: it does not run."""
    import libvirt

    domain = _running(connection, name)
    if domain is None:
        return None
    live = libvirt.VIR_DOMAIN_AFFECT_LIVE
    every = frozenset(i for i, there in enumerate(connection.getCPUMap()[1]) if there)

    def pin(cpumap: Any) -> CpuSet:
        cpus = frozenset(i for i, chosen in enumerate(cpumap) if chosen)
        return NONE if cpus >= every else cpus

    # libvirt lists a pin for each vCPU that there may be, and takes one only for those that are on.
    on = {number for number, *_ in domain.vcpus()[0]}
    found = {f"v{vcpu}": pin(cpumap) for vcpu, cpumap in enumerate(domain.vcpuPinInfo(live)) if vcpu in on}
    found[EMULATOR] = pin(domain.emulatorPinInfo(live))
    found |= {f"io{thread}": pin(cpumap) for thread, cpumap in domain.ioThreadInfo(live)}
    return found


def real_affinity(connection: Any, name: str) -> dict[int, CpuSet]:
    """The affinity that the kernel has for the vCPUs of a running guest; empty where it does not run."""
    domain = _running(connection, name)
    if domain is None:
        return {}
    vcpus, maps = domain.vcpus()
    numbers = (number for number, *_ in vcpus)
    return {n: frozenset(i for i, on in enumerate(cpumap) if on) for n, cpumap in zip(numbers, maps, strict=True)}


def set_pins(connection: Any, name: str, pins: Mapping[str, CpuSet]) -> None:
    """Pins threads of a running guest; an empty set frees a thread. Raises libvirtError."""
    import libvirt

    domain = connection.lookupByName(name)
    live = libvirt.VIR_DOMAIN_AFFECT_LIVE
    count = len(connection.getCPUMap()[1])
    for thread, cpus in pins.items():
        cpumap = tuple(not cpus or i in cpus for i in range(max(count, max(cpus, default=0) + 1)))
        if thread == EMULATOR:
            domain.pinEmulator(cpumap, live)
        elif thread.startswith("io"):
            domain.pinIOThread(int(thread[2:]), cpumap, live)
        else:
            domain.pinVcpuFlags(int(thread[1:]), cpumap, live)
