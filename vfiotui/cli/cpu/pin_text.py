"""Pinnings, scores and problems as text and as JSON."""

from __future__ import annotations

from typing import Any

from vfiotui.cli.out import table
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.pinning import Pinning
from vfiotui.model.guest.domain import Domain
from vfiotui.plan.pin.check import Problem
from vfiotui.plan.pin.drift import Drift
from vfiotui.plan.pin.placement_context import PlacementContext
from vfiotui.plan.pin.propose import Proposal
from vfiotui.plan.pin.score import Score

IN_A_ROW = 8


def pinning_json(found: Pinning) -> dict[str, Any]:
    """{"vcpus", "pins": {thread: [CPUs]}, "iothreads", "shape", "nodes"}; null is what the XML does not say."""
    shape = found.shape
    return {
        "vcpus": found.count,
        "pins": {name: sorted(cpus) for name, cpus in found.pins},
        "iothreads": found.iothreads,
        "shape": None
        if shape is None
        else {n: getattr(shape, n) for n in ("sockets", "dies", "clusters", "cores", "threads")},
        "nodes": None if found.nodes is None else sorted(found.nodes),
    }


def score_json(score: Score) -> dict[str, Any]:
    """{"total", "parts": [{"name", "points", "of", "words"}]}."""
    parts = [{"name": p.name, "points": round(p.points, 2), "of": p.of, "words": p.words} for p in score.parts]
    return {"total": score.total, "parts": parts}


def problem_json(problem: Problem) -> dict[str, Any]:
    """{"law", "severity", "words", "cpus"}."""
    return {
        "law": str(problem.law),
        "severity": str(problem.severity),
        "words": problem.words,
        "cpus": sorted(problem.cpus),
    }


def drift_json(found: Reading[tuple[Drift, ...]]) -> Any:
    """[{"thread", "wanted", "real"}], or null where it cannot be seen."""
    if isinstance(found, Unread):
        return None
    return [
        {
            "thread": d.thread,
            "wanted": sorted(d.wanted),
            "real": None if isinstance(d.real, Unread) else sorted(d.real),
        }
        for d in found
    ]


def pinning_lines(found: Pinning) -> list[str]:
    """The pins in words: runs of vCPUs as "v0-7  4,12 5,13", then emulator and iothreads."""
    shape = found.shape
    seen = f"  ({shape.words})" if shape else ""
    lines = [f"{found.count} vCPUs{seen}"]
    if found.vcpus:
        lines.append("  " + "  ".join(f"v{v}={format_list(cpus)}" for v, cpus in found.vcpus.items()))
    else:
        lines.append("  no vCPU is pinned")
    others = [f"{name}={format_list(cpus)}" for name, cpus in found.pins if not name.startswith("v")]
    lines.append("  " + ("  ".join(others) or "neither emulator nor iothreads are pinned"))
    if found.rest is not None:
        lines.append(f"  threads without a pin run on CPU {format_list(found.rest)}")
    if found.off:
        lines.append(f"  off at the start: vCPU {format_list(found.off)}")
    if found.nodes is not None:
        lines.append(f"  memory from node {format_list(found.nodes)}")
    return lines


def map_lines(context: PlacementContext, domains: tuple[Domain, ...], chosen: str) -> list[str]:
    """The host by level 3 domains and cores, each core with its CPUs and who is pinned there."""
    owners: dict[int, list[str]] = {}
    for domain in domains:
        for name, cpus in _pins(domain).items():
            for one in cpus:
                owners.setdefault(one, []).append(name if domain.name == chosen else domain.name)
    lines = []
    for group in context.domains:
        size = (
            f"L3 #{group.number}  {group.size >> 20} MiB" if isinstance(group.size, int) else f"#{group.number} no L3"
        )
        nodes = f"  node {format_list(group.nodes)}" if group.nodes else ""
        lines.append(f"{size}{nodes}")
        cells = []
        for core in group.cores:
            who = "/".join(",".join(dict.fromkeys(owners.get(one, ()))) or "host" for one in core.cpus)
            mark = "*" if core.isolated else ""
            kind = f" {core.kind_name}" if core.kind_name else ""
            cells.append(f"{'/'.join(map(str, core.cpus))}{kind}{mark} {who}")
        rows = [cells[i : i + IN_A_ROW] for i in range(0, len(cells), IN_A_ROW)]
        lines += [f"  {line}" for line in table(rows, "   ")]
    offline = [c.cpu for c in context.topology.cpus if not c.online]
    return [*lines, f"offline  {format_list(offline)}"] if offline else lines


def _pins(domain: Domain) -> dict[str, frozenset[int]]:
    pins = {f"v{v}": cpus for v, cpus in domain.vcpu_pins}
    pins |= {"emu": domain.emulator_pin} if domain.emulator_pin else {}
    return pins | {f"io{i}": cpus for i, cpus in domain.iothread_pins}


def proposal_lines(rank: int, found: Proposal) -> list[str]:
    """One proposal: its pins, its score, the words behind every part, remarks."""
    lines = [f"{rank}. score {found.score.total}"]
    lines += [f"   {line}" for line in pinning_lines(found.pinning)]
    lines += [
        f"   {line}" for line in table((f"{p.points:4.1f} of {p.of:2}", p.name, p.words) for p in found.score.parts)
    ]
    return lines + [f"   ! {remark}" for remark in found.remarks]


def problem_lines(found: tuple[Problem, ...]) -> list[str]:
    """Each problem in one line, or that there is none."""
    return [f"{p.severity:4}  {p.law:9}  {p.words}" for p in found] or ["nothing is wrong with the pins"]
