"""Processors from sysfs: what shares a core, a cache, a die, a package, a node.

Believes the kernel's own lists; where an old tree lacks one, an older spelling of the same fact answers.
Kernel documentation: ABI/stable/sysfs-devices-system-cpu.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from vfiotui.host.cpu.caches import read_caches
from vfiotui.host.cpu.core_types import Kinds, find_kinds
from vfiotui.host.cpu.cpuinfo import CpuInfo, read_cpuinfo
from vfiotui.host.root.root import Root
from vfiotui.host.root.sysfs_index import CPUS, cpu_list, cpu_mask, numbered
from vfiotui.model.base.reading import Reading, Unread, Why, or_else, then
from vfiotui.model.base.value import replace
from vfiotui.model.cpu.topology import Cpu, CpuSet, Node, Topology

NODES = "/sys/devices/system/node"


def shared_cpus(root: Root, folder: str, names: Sequence[str]) -> Reading[CpuSet]:
    """The first of some spellings of a set of CPUs that answers: NAME_list, then the mask NAME."""
    first: Unread | None = None
    for name in names:
        listed = cpu_list(root, f"{folder}/{name}_list")
        if not isinstance(listed, Unread) and listed:
            return listed
        mask = cpu_mask(root, f"{folder}/{name}")
        if not isinstance(mask, Unread) and mask:
            return mask
        first = first or (listed if isinstance(listed, Unread) else None)
    return first or Unread("lists no CPU", Why.DAMAGED, folder)


def identifier(root: Root, path: str) -> Reading[int]:
    """A topology id; the kernel's -1 means that it does not know."""
    number = root.integer(path)
    if isinstance(number, int) and number < 0:
        return Unread("the kernel does not know it (-1)", Why.ABSENT, path)
    return number


def read_nodes(root: Root) -> tuple[Node, ...]:
    """NUMA nodes, those without CPUs included."""
    found = []
    for number in numbered(root.names(NODES), "node"):
        folder = f"{NODES}/node{number}"
        cpus = cpu_list(root, f"{folder}/cpulist")
        if isinstance(cpus, Unread):
            cpus = cpu_mask(root, f"{folder}/cpumap")
        found.append(Node(number, cpus, node_memory(root, folder), node_distances(root, folder)))
    return tuple(found)


def node_distances(root: Root, folder: str) -> Reading[tuple[int, ...]]:
    """The distances to the online nodes in their order."""
    path = f"{folder}/distance"
    words = then(root.text(path, 1 << 16), str.split)
    if isinstance(words, Unread):
        return words
    if not words or not all(w.isascii() and w.isdigit() and len(w) < 9 for w in words):
        return Unread("holds no distances", Why.DAMAGED, path)
    return tuple(map(int, words))


def node_memory(root: Root, folder: str) -> Reading[int]:
    """MemTotal of a node in KiB."""
    text = root.text(f"{folder}/meminfo", 1 << 16)
    if isinstance(text, Unread):
        return text
    match = re.search(r"MemTotal:\s*(\d{1,15})\s*kB", text)
    return int(match[1]) if match else Unread("has no MemTotal", Why.DAMAGED, f"{folder}/meminfo")


def nodes_of(root: Root, cpu: int, nodes: tuple[Node, ...]) -> Reading[CpuSet]:
    """The nodes that a CPU belongs to: by the nodes' lists, else by the nodeN links in its folder."""
    listed = frozenset(n.node for n in nodes if not isinstance(n.cpus, Unread) and cpu in n.cpus)
    if listed:
        return listed
    linked = numbered(root.names(f"{CPUS}/cpu{cpu}"), "node")
    if linked or nodes:
        return frozenset(linked)
    return Unread("no NUMA nodes are shown", Why.ABSENT, NODES)


def present_cpus(root: Root, online: Reading[CpuSet], info: CpuInfo) -> tuple[int, ...]:
    """Every CPU with a folder in sysfs; without sysfs those of /proc/cpuinfo."""
    folders = numbered(root.names(CPUS), "cpu")
    present = cpu_list(root, f"{CPUS}/present")
    if not isinstance(present, Unread) and present and folders:
        # Hot-pluggable CPUs that are not plugged have folders on some machines.
        kept = tuple(c for c in folders if c in present or c in or_else(online, frozenset()))
        return kept or folders
    return folders or tuple(sorted(or_else(online, info.numbers)))


def is_online(root: Root, cpu: int, online: Reading[CpuSet], info: CpuInfo) -> bool:
    """Whether a CPU runs: by the list of online CPUs, its own switch, or its presence in /proc/cpuinfo."""
    if not isinstance(online, Unread):
        return cpu in online
    switch = root.integer(f"{CPUS}/cpu{cpu}/online")
    if isinstance(switch, int):
        return switch == 1
    return cpu in info.numbers if info.numbers else True


def read(root: Root) -> Reading[Topology]:
    """The processors of the machine; Unread only where neither sysfs nor /proc/cpuinfo shows any."""
    info = read_cpuinfo(root)
    online = cpu_list(root, f"{CPUS}/online")
    if online == frozenset():
        online = root.missed(Unread("lists no CPU", Why.DAMAGED, f"{CPUS}/online"))
    numbers = present_cpus(root, online, info)
    if not numbers:
        shown = root.names(CPUS)
        return shown if isinstance(shown, Unread) else Unread("shows no CPU", Why.ABSENT, CPUS)
    nodes = read_nodes(root)
    isolated = cpu_list(root, f"{CPUS}/isolated")
    nohz_full = cpu_list(root, f"{CPUS}/nohz_full")
    cpus = [
        read_cpu(root, number, is_online(root, number, online, info), nodes, info, isolated, nohz_full)
        for number in numbers
    ]
    kinds = find_kinds(root, cpus, info)
    return Topology(
        cpus=tuple(with_kind(c, kinds) for c in cpus),
        nodes=nodes,
        vendor=info.vendor,
        model=info.model,
        flags=info.flags,
        physical_bits=info.physical_bits,
        online=online if not isinstance(online, Unread) else frozenset(c.cpu for c in cpus if c.online),
        possible=cpu_list(root, f"{CPUS}/possible"),
        isolated=isolated,
        nohz_full=nohz_full,
        smt=root.text(f"{CPUS}/smt/control", 4096),
        guest_cpus=read_guest_cpus(root),
    )


GUEST_GROUPS = ("machine.slice/", "qemu.slice/", "machine/", "")
"""Where libvirt with systemd, Proxmox and libvirt without systemd put the groups of guests; then the group of all."""
CPUSETS = (("", "cpuset.cpus.effective"), ("cpuset/", "cpuset.effective_cpus"))
"""The unified hierarchy, and the one of its own that cpuset has in the first version of control groups."""


def read_guest_cpus(root: Root) -> Reading[CpuSet]:
    """What the cpuset of guests allows; before the first guest has run that of all groups (admin-guide/cgroup-v2)."""
    for group in GUEST_GROUPS:
        for top, name in CPUSETS:
            path = f"/sys/fs/cgroup/{top}{group}{name}"
            # The group of all is everywhere: where it is not, that is worth a word.
            found = cpu_list(root, path) if not group or root.exists(path) is True else frozenset()
            if isinstance(found, frozenset) and found:
                return found
    return Unread("no control group limits the CPUs of guests", Why.ABSENT, "/sys/fs/cgroup/cpuset.cpus.effective")


def read_cpu(
    root: Root,
    number: int,
    online: bool,
    nodes: tuple[Node, ...],
    info: CpuInfo,
    isolated: Reading[CpuSet],
    nohz_full: Reading[CpuSet],
) -> Cpu:
    """One CPU, its kind still unknown."""
    folder = f"{CPUS}/cpu{number}/topology"
    siblings = shared_cpus(root, folder, ("core_cpus", "thread_siblings"))
    if isinstance(siblings, Unread) and online:
        siblings = info.siblings(number, siblings)
    package_cpus = shared_cpus(root, folder, ("package_cpus", "core_siblings"))
    if isinstance(package_cpus, Unread) and online:
        package_cpus = info.package_cpus(number, package_cpus)
    package = identifier(root, f"{folder}/physical_package_id")
    return Cpu(
        cpu=number,
        online=online,
        siblings=siblings,
        package_cpus=package_cpus,
        die_cpus=shared_cpus(root, folder, ("die_cpus",)),
        cluster_cpus=shared_cpus(root, folder, ("cluster_cpus",)),
        package=package if isinstance(package, int) else or_else(info.package(number), package),
        die=identifier(root, f"{folder}/die_id"),
        core=identifier(root, f"{folder}/core_id"),
        # The kernel describes the caches of CPUs that run.
        caches=read_caches(root, f"{CPUS}/cpu{number}/cache", number) if online else (),
        nodes=nodes_of(root, number, nodes),
        max_khz=root.integer(f"{CPUS}/cpu{number}/cpufreq/cpuinfo_max_freq"),
        base_khz=root.integer(f"{CPUS}/cpu{number}/cpufreq/base_frequency"),
        isolated=number in or_else(isolated, frozenset()),
        nohz_full=number in or_else(nohz_full, frozenset()),
    )


def with_kind(cpu: Cpu, kinds: Kinds) -> Cpu:
    """The CPU with its rank among the kinds of cores."""
    if kinds.missing is not None:
        return replace(cpu, kind=kinds.missing)
    rank = kinds.rank.get(cpu.cpu) if cpu.online else None
    return replace(cpu, kind=rank, kind_name=kinds.names.get(cpu.cpu, "") if rank is not None else "")
