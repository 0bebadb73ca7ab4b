"""`vfiotui topology`: the processors by package, node, cache and core.

JSON: {"cpus": [{"cpu", "smt", "package_cpus", "l2", "l3", "nodes", "kind", …}], "offline": […], …} where sets of
CPUs are sorted lists, null is unknown or absent, and kind ranks the cores of a hybrid machine, 0 the slowest.
"""

from __future__ import annotations

import argparse
from typing import Any

from vfiotui.cli.exit import Exit
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import needed, plain, print_answer, printable, shown
from vfiotui.host.cpu import topology as cpu
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.topology import Cpu, Topology


def arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(args: argparse.Namespace) -> Exit:
    """Prints the topology."""
    topology = needed(cpu.read(open_root(args)), "the processors cannot be seen")
    return print_answer(args, lambda: as_json(topology), lambda: as_text(topology))


def as_json(topology: Topology) -> dict[str, Any]:
    """The JSON document; see the module."""
    return {
        "vendor": plain(topology.vendor),
        "model": plain(topology.model),
        "physical_bits": plain(topology.physical_bits),
        "smt": plain(topology.smt),
        "online": plain(topology.online),
        "offline": [c.cpu for c in topology.cpus if not c.online],
        "isolated": plain(topology.isolated),
        "nohz_full": plain(topology.nohz_full),
        "nodes": [
            {"node": n.node, "cpus": plain(n.cpus), "memory_kib": plain(n.memory_kib), "distances": plain(n.distances)}
            for n in topology.nodes
        ],
        "cpus": [_cpu_json(c) for c in topology.online_cpus],
    }


def _cpu_json(one: Cpu) -> dict[str, Any]:
    level2, level3 = one.shared(2), one.shared(3)
    return {
        "cpu": one.cpu,
        "smt": plain(one.siblings),
        "package_cpus": plain(one.package_cpus),
        "package": plain(one.package),
        "die_cpus": plain(one.die_cpus),
        "cluster_cpus": plain(one.cluster_cpus),
        "core": plain(one.core),
        "l2": None if level2 is None else sorted(level2),
        "l3": None if level3 is None else sorted(level3),
        "l3_bytes": plain(one.cache_size(3)),
        "nodes": plain(one.nodes),
        "kind": plain(one.kind),
        "kind_name": one.kind_name or None,
        "max_khz": plain(one.max_khz),
        "base_khz": plain(one.base_khz),
        "isolated": one.isolated,
        "nohz_full": one.nohz_full,
    }


def as_text(topology: Topology) -> list[str]:
    """A drawing by packages, level 3 caches and cores; SMT siblings are joined by a slash."""
    lines = [f"{shown(topology.model)}  ({shown(topology.vendor)}, SMT {shown(topology.smt)})"]
    for node in topology.nodes:
        cpus = "unknown" if isinstance(node.cpus, Unread) else format_list(node.cpus) or "none"
        memory = "" if isinstance(node.memory_kib, Unread) else f"  {node.memory_kib / 2**20:.1f} GiB"
        lines.append(f"node {node.node}  CPUs {cpus}{memory}")
    done: set[int] = set()
    package: object = None
    for one in sorted(topology.online_cpus, key=lambda c: (or_else(c.package, 0), min(c.shared(3) or {c.cpu}), c.cpu)):
        if one.cpu in done:
            continue
        if one.package != package:
            package = one.package
            lines.append(f"package {shown(one.package)}")
        domain = one.shared(3) or or_else(one.package_cpus, frozenset({one.cpu}))
        members = [c for c in topology.online_cpus if c.cpu in domain and c.cpu not in done]
        size = one.cache_size(3)
        what = f"L3 {size >> 10} KiB" if isinstance(size, int) else "no L3 shown"
        lines.append(f"  {what}  CPUs {format_list(c.cpu for c in members)}")
        lines.extend(f"    {row}" for row in _cores(members))
        done.update(c.cpu for c in members)
    offline = [c.cpu for c in topology.cpus if not c.online]
    if offline:
        lines.append(f"offline  CPUs {format_list(offline)}")
    for word, marked in (("isolated", topology.isolated), ("nohz_full", topology.nohz_full)):
        if not isinstance(marked, Unread) and marked:
            lines.append(f"{word}  CPUs {format_list(marked)}")
    return [printable(line) for line in lines]


def _cores(members: list[Cpu]) -> list[str]:
    """Cores of one cache, eight in a row: "0/8 P", siblings joined, with their kind and marks."""
    words, seen = [], set[int]()
    for one in members:
        if one.cpu in seen:
            continue
        siblings = sorted(or_else(one.siblings, frozenset({one.cpu})))
        seen.update(siblings)
        mark = "*" if one.isolated else ""
        words.append("/".join(map(str, siblings)) + (f" {one.kind_name}" if one.kind_name else "") + mark)
    width = max(map(len, words), default=0)
    return ["  ".join(w.ljust(width) for w in words[i : i + 8]).rstrip() for i in range(0, len(words), 8)]
