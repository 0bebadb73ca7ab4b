"""Goals about the processor that a guest sees: mode, features, topology, caches, address width."""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal, whole

MODES = ("host-passthrough", "host-model", "maximum")
OWN = ("host-passthrough", "maximum")
"""Modes in which the guest has the host's address width."""
POLICIES = ("force", "require", "optional", "disable", "forbid")
MOST = 4096
"""vCPUs of any guest."""
FEATURE = re.compile(r"[a-z0-9][a-z0-9._-]{0,40}")
AMD = ("AuthenticAMD", "HygonGenuine")


def _mode(work: Definition, value: str) -> None:
    if value not in MODES:
        raise PlanError(f"{value!r} is none of {', '.join(MODES)}")
    xml = work.xml
    xml.cpu_mode = value
    cpu = xml.root.find("cpu")
    if cpu is None:
        return
    if "match" in cpu.attributes:
        # It compares models, and there is none any more (libvirt formatdomain, CPU model).
        xml.set_on(cpu, "match", None)
    for name in ("model", "vendor"):
        if xml.root.find(f"cpu/{name}") is not None:
            xml.remove_all(xml.root.all(f"cpu/{name}"))
    if xml.cpu_check is not None:
        xml.cpu_check = "none"
    _follows(work)


def _follows(work: Definition) -> None:
    """What the mode host-passthrough wants beside it: the host's caches, topoext, an address width within reach."""
    xml, domain = work.xml, work.domain
    if xml.cpu_mode == "host-passthrough" and domain.vcpu_pins and xml.root.find("cpu/cache") is None:
        xml.cache_mode = "passthrough"
    if xml.cpu_mode not in OWN:
        return
    topology = work.facts.cpu
    threads = 1 if domain.topology is None else (xml.threads or 1)
    vendor = "" if isinstance(topology, Unread) else or_else(topology.vendor, "")
    if threads > 1 and vendor in AMD and "topoext" not in xml.cpu_features:
        xml.cpu_features = {**xml.cpu_features, "topoext": "require"}
    iommu = work.facts.iommu
    units = () if isinstance(iommu, Unread) else or_else(iommu.units, ())
    reach = min((w for u in units if u.kind == "intel" and (w := u.address_bits) is not None), default=None)
    bits = None if isinstance(topology, Unread) else or_else(topology.physical_bits, None)
    if reach is not None and bits is not None and reach < bits and or_else(domain.takes_pci, False):
        _limit(work, reach)


def _cache(work: Definition, value: str) -> None:
    if value not in ("passthrough", "emulate", "disable"):
        raise PlanError(f"{value!r} is none of passthrough, emulate, disable")
    if value == "passthrough" and work.xml.cpu_mode != "host-passthrough":
        raise PlanError(f"QEMU shows the host's caches in the mode host-passthrough only: domain.cpu.mode={work.name}/"
                        "host-passthrough first")  # fmt: skip
    if work.xml.cache_mode != value:
        work.xml.cache_level = None
    work.xml.cache_mode = value


def _feature(work: Definition, value: str) -> None:
    name, _, policy = value.partition("=")
    if not FEATURE.fullmatch(name) or (policy or "require") not in POLICIES:
        raise PlanError(f"{value!r} is no FEATURE or FEATURE=POLICY; policies are {', '.join(POLICIES)}")
    work.xml.cpu_features = {**work.xml.cpu_features, name: policy or "require"}


def _topology(work: Definition, value: str) -> None:
    words = value.split(",")
    if len(words) != 4:
        raise PlanError(f"{value!r} is no SOCKETS,DIES,CORES,THREADS, such as 1,1,4,2")
    sockets, dies, cores, threads = (whole(word.strip(), "number", MOST) for word in words)
    xml, vcpus = work.xml, work.domain.vcpus
    if sockets * dies * cores * threads != vcpus:
        raise PlanError(f"{work.name} has {vcpus} vCPUs, and {value} has {sockets * dies * cores * threads} places")
    xml.sockets, xml.cores, xml.threads = sockets, cores, threads
    if dies > 1 or xml.dies is not None:
        xml.dies = dies
    # libvirt multiplies them all: what was given in clusters is in the cores now.
    xml.clusters = None
    _follows(work)


def _clusters(work: Definition, value: str) -> None:
    if value != "1":
        raise PlanError(f"{value!r} clusters: a PC has 1")
    xml = work.xml
    if xml.clusters is not None and xml.clusters > 1:
        xml.dies = (xml.dies or 1) * xml.clusters
    xml.clusters = None


def _address(work: Definition, value: str) -> None:
    bits = whole(value, "number of address bits", 64)
    if bits < 32:
        raise PlanError(f"{bits} address bits are too few for a guest of today: 36 or more")
    if work.xml.cpu_mode not in OWN:
        raise PlanError("a width follows the host's in the modes host-passthrough and maximum only")
    _limit(work, bits)


def _limit(work: Definition, bits: int) -> None:
    """The most that the guest sees; libvirt before 9.3 knows no limit, and takes the width itself since 8.7."""
    xml, cpu = work.xml, work.domain.cpu
    if cpu.address_mode == "emulate" or work.versions.libvirt_is((9, 3)) is False:
        xml.set_attribute("cpu/maxphysaddr", "mode", "emulate")
        xml.set_attribute("cpu/maxphysaddr", "bits", str(min(bits, cpu.address_bits or bits)))
        return
    xml.set_attribute("cpu/maxphysaddr", "mode", "passthrough")
    xml.set_attribute("cpu/maxphysaddr", "limit", str(min(bits, cpu.address_limit or bits)))


PLANNERS = (
    definition_goal(
        "domain.cpu.mode",
        "MODE",
        "show the guest the host's CPU (host-passthrough, host-model) instead of a named model",
        "CPU mode {2}",
        _mode,
    ),
    definition_goal(
        "domain.cpu.cache",
        "MODE",
        "show the guest the host's caches (passthrough), or none (disable)",
        "CPU caches: {2}",
        _cache,
    ),
    definition_goal(
        "domain.cpu.feature",
        "FEATURE[=POLICY]",
        "set a CPU feature to a policy: require, disable, optional, …",
        "CPU feature {2}",
        _feature,
    ),
    definition_goal(
        "domain.cpu.topology",
        "SOCKETS,DIES,CORES,THREADS",
        "arrange the guest's vCPUs as sockets, dies, cores and threads",
        "CPU topology {2}",
        _topology,
    ),
    definition_goal(
        "domain.cpu.clusters",
        "1",
        "write the CPU topology with dies, where this QEMU knows no clusters",
        "dies in place of clusters",
        _clusters,
    ),
    definition_goal(
        "domain.maxphysaddr",
        "BITS",
        "limit the guest's physical addresses to what the IOMMU can map",
        "at most {2} address bits",
        _address,
    ),
)
