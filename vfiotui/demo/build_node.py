"""NUMA nodes of a described machine: /sys/devices/system/node."""

from __future__ import annotations

from vfiotui.demo.build_cpu import CPUS, shared, spellings
from vfiotui.demo.description import Host
from vfiotui.demo.tree import TreeBuilder
from vfiotui.model.cpu.cpuset import format_list

NODES = "/sys/devices/system/node"


def node_cpus(host: Host, node: int) -> list[int]:
    """The logical CPUs of a node: its share of the level 3 domains, which come package by package."""
    cpu = host.cpu
    domains = cpu.packages * cpu.l3_per_package
    mine = (d for d in range(domains) if d * host.nodes // domains == node)
    return sorted(c for d in mine for c in shared(cpu, "l3", d))


def build_nodes(tree: TreeBuilder, host: Host) -> None:
    """Every node with its CPUs, distances and memory."""
    every = format_list(range(host.nodes))
    tree.files(NODES, online=every, possible=every, has_cpu=every, has_memory=every, has_normal_memory=every)
    for node in range(host.nodes):
        folder = f"{NODES}/node{node}"
        cpus = frozenset(node_cpus(host, node)) - host.cpu.offline
        listed, mask = spellings(cpus, host.cpu.count)
        tree.files(folder, cpulist=listed, cpumap=mask)
        tree.file(f"{folder}/distance", " ".join("10" if n == node else "21" for n in range(host.nodes)))
        total = host.memory_kib // host.nodes
        free = total * 3 // 10
        tree.file(
            f"{folder}/meminfo",
            f"Node {node} MemTotal:       {total} kB\nNode {node} MemFree:        {free} kB\n"
            f"Node {node} MemUsed:        {total - free} kB",
        )
        for cpu in sorted(cpus):
            tree.link(f"{folder}/cpu{cpu}", f"{CPUS}/cpu{cpu}")
            tree.link(f"{CPUS}/cpu{cpu}/node{node}", folder)
