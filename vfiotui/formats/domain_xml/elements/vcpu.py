"""<vcpu>, <vcpus>, <iothreads>: how many threads a guest has."""

from __future__ import annotations

from itertools import count, islice

from vfiotui.formats.domain_xml.declared import TEXT, Cpus, Number, Part, Switch, Word
from vfiotui.model.cpu.topology import CpuSet


class Vcpu(Part):
    """How many vCPUs the guest has at most, and where they may run when nothing else is said."""

    path = "vcpu"
    count = Number(TEXT, "the most vCPUs that it can have")
    placement = Word("placement", "static: as the XML says; auto: as numad says")
    current = Number("current", "vCPUs that are on at the start, where not all are")
    cpuset = Cpus("cpuset", "host CPUs of every thread without a pin of its own")


class VcpuState(Part):
    """One vCPU, where each is listed."""

    path = "vcpus/vcpu"
    id = Number("id", "its number")
    enabled = Switch("enabled", "whether it is on at the start", "yes", "no")


class Iothreads(Part):
    """How many iothreads the guest has."""

    path = "iothreads"
    count = Number(TEXT, "their number")


class IothreadId(Part):
    """One iothread by its number."""

    path = "iothreadids/iothread"
    id = Number("id", "its number")


def cpuset_of(vcpu: Vcpu) -> CpuSet | None:
    """Host CPUs of every thread without a pin of its own; with placement auto numad chooses, and libvirt drops them."""
    return None if vcpu.placement == "auto" else vcpu.cpuset or None


def enabled_vcpus(domain: Part) -> CpuSet | None:
    """Numbers of the vCPUs that <vcpus> switches on; None without such a list."""
    listed = VcpuState.each(domain)
    return frozenset(n for v in listed if v.enabled and (n := v.id) is not None) if listed else None


def iothread_ids(domain: Part) -> tuple[int, ...]:
    """Numbers of the iothreads: those that are named, then the lowest free ones up to <iothreads>.

    More names than <iothreads> says count all the same (libvirt, virDomainDefIOThreadsParse).
    """
    known = list(dict.fromkeys(n for e in IothreadId.each(domain) if (n := e.id) is not None))
    wanted = Iothreads.of(domain).count or 0
    taken = set(known)
    free = (n for n in count(1) if n not in taken)
    return tuple(sorted((*known, *islice(free, max(wanted - len(known), 0)))))
