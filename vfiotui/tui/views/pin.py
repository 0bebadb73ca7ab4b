"""The map of the processors as rows: packages, nodes, level 3 domains, cores, and who is pinned where."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.cpuset import format_list
from vfiotui.model.domain import Domain
from vfiotui.model.facts import Facts
from vfiotui.model.reading import Unread, or_else
from vfiotui.model.topology import Cpu, Topology
from vfiotui.tui.caps import Glyphs
from vfiotui.tui.row import BLANK, Row, Run, row
from vfiotui.tui.text import clean, fit, shown

CELL = 9
"""Terminal cells for one core."""
HOST = "host"


def owners_of(domains: Sequence[Domain], chosen: str) -> dict[int, list[tuple[str, str]]]:
    """CPU → marks with their guests: v0, emu, io1; the chosen guest's come first."""
    found: dict[int, list[tuple[str, str]]] = {}
    for domain in sorted(domains, key=lambda d: d.name != chosen):
        for vcpu, cpus in domain.vcpu_pins:
            for cpu in cpus:
                found.setdefault(cpu, []).append((f"v{vcpu}", domain.name))
        for cpu in sorted(domain.emulator_pin or ()):
            found.setdefault(cpu, []).append(("emu", domain.name))
        for thread, cpus in domain.iothread_pins:
            for cpu in cpus:
                found.setdefault(cpu, []).append((f"io{thread}", domain.name))
    return found


def cores_of(cpus: Sequence[Cpu]) -> list[tuple[Cpu, ...]]:
    """CPUs by core, in order of their first CPU."""
    by_number = {c.cpu: c for c in cpus}
    done: set[int] = set()
    found = []
    for cpu in sorted(cpus, key=lambda c: c.cpu):
        if cpu.cpu not in done:
            siblings = sorted(or_else(cpu.siblings, frozenset({cpu.cpu})) & by_number.keys()) or [cpu.cpu]
            done.update(siblings)
            found.append(tuple(by_number[s] for s in siblings))
    return found


def domains_of(topology: Topology) -> list[tuple[Cpu, ...]]:
    """Online CPUs by level 3 domain; without one, by package."""
    done: set[int] = set()
    found = []
    for cpu in topology.online_cpus:
        if cpu.cpu not in done:
            shared = cpu.shared(3) or or_else(cpu.package_cpus, frozenset({cpu.cpu})) or frozenset({cpu.cpu})
            members = tuple(c for c in topology.online_cpus if c.cpu in shared and c.cpu not in done) or (cpu,)
            done.update(c.cpu for c in members)
            found.append(members)
    return sorted(found, key=lambda d: (or_else(d[0].package, 0), d[0].cpu))


def cards_by_node(facts: Facts) -> dict[int, list[str]]:
    """NUMA node → display controllers that sit on it."""
    found: dict[int, list[str]] = {}
    if not isinstance(facts.pci, Unread):
        for device in facts.pci.devices:
            if device.is_display and isinstance(device.numa_node, int):
                found.setdefault(device.numa_node, []).append(device.bdf)
    return found


def mark_of(cpu: Cpu, owners: dict[int, list[tuple[str, str]]], chosen: str) -> Run:
    """The cell's text: the first owner, with + for more and * for isolated; "host" where nobody is pinned."""
    who = owners.get(cpu.cpu, [])
    if not who:
        return ("isol" if cpu.isolated else HOST, "warn" if cpu.isolated else "dim")
    mark, name = who[0]
    clash = sum(w[0].startswith("v") for w in who) > 1
    text = f"{mark}{'!' if clash else '+' if len(who) > 1 else ''}{'*' if cpu.isolated else ''}"
    return (text, "fail" if clash else "accent" if name == chosen else "info")


def pin_rows(facts: Facts, domains: Sequence[Domain], chosen: str, glyphs: Glyphs, width: int) -> list[Row]:
    """The whole map; a row of cores has a key for each line of threads."""
    if isinstance(facts.cpu, Unread):
        return [row((f"the processors cannot be seen: {clean(str(facts.cpu))}", "unknown"))]
    topology = facts.cpu
    owners = owners_of(domains, chosen)
    cards = cards_by_node(facts)
    rows: list[Row] = []
    package: object = object()
    for index, members in enumerate(domains_of(topology)):
        if members[0].package != package:
            package = members[0].package
            rows.append(_package_row(members[0], topology, cards, glyphs))
        rows += _domain_rows(index, members, owners, chosen, glyphs, width)
    offline = [c.cpu for c in topology.cpus if not c.online]
    if offline:
        rows.append(row(("offline ", "warn"), f"CPUs {format_list(offline)}"))
    return rows


def _package_row(cpu: Cpu, topology: Topology, cards: dict[int, list[str]], glyphs: Glyphs) -> Row:
    package = or_else(cpu.package, None)
    nodes = sorted(
        {n for c in topology.online_cpus if or_else(c.package, None) == package for n in or_else(c.nodes, frozenset())}
    )
    words = []
    for node in nodes:
        here = f" (card {', '.join(cards[node])} is here)" if cards.get(node) else ""
        words.append(f"node {node}{here}")
    return row((f"socket {shown(cpu.package)}", "head"), f" · {', '.join(words) or 'nodes unknown'}")


def _domain_rows(
    index: int,
    members: tuple[Cpu, ...],
    owners: dict[int, list[tuple[str, str]]],
    chosen: str,
    glyphs: Glyphs,
    width: int,
) -> list[Row]:
    size = members[0].cache_size(3)
    nodes = format_list(n for n in or_else(members[0].nodes, frozenset()))
    title = f" L3 #{index} {size >> 20} MiB " if isinstance(size, int) else f" #{index} no L3 shown "
    title += f"· node {nodes or '?'} · CPUs {format_list(c.cpu for c in members)} "
    cores = cores_of(members)
    fits = max((width - 2) // CELL, 1)
    inner = min(len(cores), fits) * CELL
    inner = max(inner, min(len(title), width - 2))
    left, right, low_left, low_right = tuple(glyphs.corners)
    rows = [
        row(
            (left, "dim"),
            (fit(title, min(len(title), inner)), "head"),
            (glyphs.horizontal * (inner - min(len(title), inner)) + right, "dim"),
        )
    ]
    for start in range(0, len(cores), fits):
        chunk = cores[start : start + fits]
        for thread in range(max(map(len, chunk))):
            runs: list[Run] = [(glyphs.vertical, "dim")]
            for core in chunk:
                if thread < len(core):
                    text, style = mark_of(core[thread], owners, chosen)
                    runs.append((fit(f"[{fit(text, 5)}]", CELL), style))
                else:
                    runs.append((" " * CELL, ""))
            runs.append((" " * (inner - len(chunk) * CELL) + glyphs.vertical, "dim"))
            rows.append(Row(tuple(runs)))
        labels = [
            fit(f"{'/'.join(str(c.cpu) for c in core)} {core[0].kind_name}".strip(), CELL - 1) + " " for core in chunk
        ]
        rows.append(
            row(
                (glyphs.vertical, "dim"),
                ("".join(labels), "dim"),
                (" " * (inner - len(chunk) * CELL) + glyphs.vertical, "dim"),
            )
        )
    rows.append(row((low_left + glyphs.horizontal * inner + low_right, "dim")))
    return rows


def guest_lines(domains: Sequence[Domain], chosen: str, width: int) -> list[Row]:
    """Every guest with its pins in words; the chosen one first in the eye."""
    rows = []
    for domain in domains:
        style = "accent" if domain.name == chosen else "info" if domain.vcpu_pins else "dim"
        rows.append(row((fit(domain.name, 20), style), " ", fit(pin_words(domain), max(width - 22, 10))))
    return rows or [row(("no guest is known", "dim")), BLANK]


def pin_words(domain: Domain) -> str:
    """ "8 vCPUs on 6-9,18-21 · emulator 2-3 · 1 iothread" """
    pins = f"on {format_list(domain.pinned_cpus)}" if domain.vcpu_pins else "not pinned"
    unpinned = domain.vcpus - len(domain.vcpu_pins)
    missing = f" ({unpinned} float)" if domain.vcpu_pins and unpinned > 0 else ""
    emulator = "floats" if domain.emulator_pin is None else format_list(domain.emulator_pin)
    words = [f"{domain.vcpus} vCPUs {pins}{missing}", f"emulator {emulator}"]
    if domain.iothreads:
        words.append("1 iothread" if domain.iothreads == 1 else f"{domain.iothreads} iothreads")
    return " · ".join(words)


def cpu_detail(topology: Topology, number: int, owners: dict[int, list[tuple[str, str]]]) -> str:
    """One line about one CPU."""
    cpu = topology.by_number.get(number)
    if cpu is None:
        return f"CPU {number} is not there"
    size = cpu.cache_size(3)
    words = [
        f"CPU {number}",
        f"core {shown(cpu.core)}",
        f"with {format_list(or_else(cpu.siblings, frozenset()) - {number}) or 'no sibling'}",
        f"L3 {size >> 20} MiB" if isinstance(size, int) else "L3 unknown",
        f"node {format_list(or_else(cpu.nodes, frozenset())) or '?'}",
        f"{cpu.kind_name} core" if cpu.kind_name else "",
        f"up to {cpu.max_khz / 1e6:.2f} GHz" if isinstance(cpu.max_khz, int) else "",
        "isolated" if cpu.isolated else "",
        "nohz_full" if cpu.nohz_full else "",
        ", ".join(f"{mark} of {clean(name)}" for mark, name in owners.get(number, [])) or "host",
    ]
    return " · ".join(w for w in words if w)
