"""<cputune>: the host CPUs of a guest's threads, and their scheduling classes.

A file may hold several <cputune>: libvirt reads the children of all of them (virDomainDefTunablesParse, by XPath).
"""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.formats.domain_xml.declared import Cpus, Number, Part, Word
from vfiotui.model.cpu.topology import CpuSet
from vfiotui.model.guest.domain_cpu import Scheduling


class Cputune(Part):
    """Pins, shares and scheduling classes."""

    path = "cputune"
    order = (
        *("shares", "period", "quota", "global_period", "global_quota", "emulator_period", "emulator_quota"),
        *("iothread_period", "iothread_quota", "vcpupin", "emulatorpin", "iothreadpin", "vcpusched", "iothreadsched"),
        *("emulatorsched", "cachetune", "memorytune"),
    )


class VcpuPin(Part):
    """Where the thread of a vCPU may run."""

    path = "cputune/vcpupin"
    vcpu = Number("vcpu", "number of the vCPU")
    cpuset = Cpus("cpuset", "host CPUs")


class EmulatorPin(Part):
    """Where QEMU's own threads may run."""

    path = "cputune/emulatorpin"
    cpuset = Cpus("cpuset", "host CPUs")


class IothreadPin(Part):
    """Where an iothread may run."""

    path = "cputune/iothreadpin"
    iothread = Number("iothread", "number of the iothread")
    cpuset = Cpus("cpuset", "host CPUs")


class VcpuSched(Part):
    """The scheduling class of some vCPUs."""

    path = "cputune/vcpusched"
    which = Cpus("vcpus", "numbers of the vCPUs")
    scheduler = Word("scheduler", "batch, idle, fifo or rr")
    priority = Number("priority", "1 to 99 for fifo and rr")


class IothreadSched(Part):
    """The scheduling class of some iothreads."""

    path = "cputune/iothreadsched"
    which = Cpus("iothreads", "numbers of the iothreads")
    scheduler = Word("scheduler", "batch, idle, fifo or rr")
    priority = Number("priority", "1 to 99 for fifo and rr")


class EmulatorSched(Part):
    """The scheduling class of QEMU's own threads."""

    path = "cputune/emulatorsched"
    scheduler = Word("scheduler", "batch, idle, fifo or rr")
    priority = Number("priority", "1 to 99 for fifo and rr")


def vcpu_pins(domain: Part) -> tuple[tuple[int, CpuSet], ...]:
    """Pins by the number of the vCPU; a damaged one is left out."""
    return _sorted((pin.vcpu, pin.cpuset) for pin in VcpuPin.each(domain))


def iothread_pins(domain: Part) -> tuple[tuple[int, CpuSet], ...]:
    """Pins by the number of the iothread; a damaged one is left out."""
    return _sorted((pin.iothread, pin.cpuset) for pin in IothreadPin.each(domain))


def _sorted(pins: Iterable[tuple[int | None, CpuSet | None]]) -> tuple[tuple[int, CpuSet], ...]:
    whole = ((index, cpus) for index, cpus in pins if index is not None and cpus is not None)
    return tuple(sorted(whole, key=lambda pin: pin[0]))


def scheduling_of(domain: Part) -> tuple[Scheduling, ...]:
    """Scheduling classes of vCPUs, iothreads and the emulator."""
    none: CpuSet = frozenset()
    return (
        *(Scheduling("vcpu", s.which or none, s.scheduler, s.priority) for s in VcpuSched.each(domain)),
        *(Scheduling("iothread", s.which or none, s.scheduler, s.priority) for s in IothreadSched.each(domain)),
        *(Scheduling("emulator", none, s.scheduler, s.priority) for s in EmulatorSched.each(domain)),
    )
