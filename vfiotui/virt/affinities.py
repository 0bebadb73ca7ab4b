"""Where the kernel lets the threads of a running guest run, by libvirt's word; the call blocks."""

from __future__ import annotations

from typing import Any

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.cpu.topology import CpuSet


def affinities(domain: Any) -> Reading[tuple[tuple[str, CpuSet], ...]]:
    """Where the kernel lets the vCPUs and iothreads of a running guest run, by libvirt's word.

    Unread where libvirt has none; of the emulator's threads it knows the pin alone.
    """
    import libvirt

    def cpus(cpumap: Any) -> CpuSet:
        return frozenset(i for i, chosen in enumerate(cpumap) if chosen)

    try:
        vcpus, maps = domain.vcpus()
        threads = domain.ioThreadInfo(libvirt.VIR_DOMAIN_AFFECT_LIVE)
    except libvirt.libvirtError as error:
        return Unread(f"libvirt does not report the CPUs of its threads: {error}", Why.NOT_HERE)
    found = {f"v{number}": cpus(cpumap) for (number, *_), cpumap in zip(vcpus, maps, strict=True)}
    found |= {f"io{number}": cpus(cpumap) for number, cpumap in threads}
    # A host without CPU affinity gives maps of nothing.
    return tuple((name, where) for name, where in found.items() if where)
