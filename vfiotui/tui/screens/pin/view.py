"""Words about pins: owners and their marks, the headline, one CPU, the threads of a guest, the guests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.pinning import EMULATOR, Pinning, pinning_of
from vfiotui.model.cpu.topology import CpuSet, Topology
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.model.guest.domain import Domain, UnreadGuest
from vfiotui.model.live.sample import CpuMoment
from vfiotui.plan.pin.check import Law, Problem
from vfiotui.plan.pin.placement_context import PlacementContext
from vfiotui.plan.pin.score import Score
from vfiotui.tui.row import BLANK, Row, Run, row
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean, fit, shown, wrap

LETTERS = "abcdefghijklmnopqrstuvwxyz"
PLACE = " place "
NAME = 30
"""The most room that a guest's name has in the headline."""
COLOURS = ("info", "graph2", "head", "unknown")
"""Styles of the guests that are not chosen, in turn; the letter distinguishes them as well."""


@dataclass(frozen=True)
class Owners:
    """Who is pinned to which CPU: (thread, guest), the chosen guest's first."""

    by_cpu: Mapping[int, tuple[tuple[str, str], ...]]
    chosen: str
    letters: Mapping[str, str]
    styles: Mapping[str, str]
    off: frozenset[str]
    """Guests that do not run now and do not start by themselves."""

    wandering: frozenset[tuple[str, str]] = frozenset()
    """Threads with more than one CPU."""

    def clash(self, cpu: int) -> bool:
        """Whether it is the only CPU of more than one vCPU, of guests that can be on at the same time as things are."""
        here = (who for who in self.by_cpu.get(cpu, ()) if who not in self.wandering)
        return sum(t.startswith("v") and name not in self.off for t, name in here) > 1


def owners_of(
    domains: Sequence[Domain], chosen: str, edited: Pinning | None = None, online: CpuSet = frozenset()
) -> Owners:
    """The owners; of the chosen guest as it is edited. A thread that may run on all that is online owns nothing."""
    found: dict[int, list[tuple[str, str]]] = {}
    wandering: set[tuple[str, str]] = set()
    for domain in sorted(domains, key=lambda d: d.name != chosen):
        pinning = edited if edited is not None and domain.name == chosen else pinning_of(domain)
        for thread, cpus in pinning.pins:
            if len(cpus) > 1:
                if online and cpus >= online:
                    continue
                wandering.add((thread, domain.name))
            for cpu in cpus:
                found.setdefault(cpu, []).append((thread, domain.name))
    names = [d.name for d in domains]
    letters = dict(zip(names, cycle(LETTERS), strict=False))
    styles = dict(zip((n for n in names if n != chosen), cycle(COLOURS), strict=False)) | {chosen: "accent"}
    off = frozenset(d.name for d in domains if d.name != chosen and not (d.running or d.autostart))
    by_cpu = {cpu: tuple(who) for cpu, who in found.items()}
    return Owners(by_cpu, chosen, letters, styles, off, frozenset(wandering))


def owner_cell(owners: Owners, cpu: int, room: int, isolated: bool) -> Run:
    """Who has a CPU, in a cell's room: "v0" of the chosen guest, "b v3" of guest b, "host" where nobody is pinned.

    A + means more owners, a ! two vCPUs on one CPU, a * that the host isolates it.
    """
    who = owners.by_cpu.get(cpu, ())
    if not who:
        return (
            ("host*" if isolated else "host") if room > 1 else "*" if isolated else "·",
            "warn" if isolated else "dim",
        )
    thread, name = who[0]
    clash = owners.clash(cpu)
    style = "fail" if clash else owners.styles.get(name, "info")
    letter = "" if name == owners.chosen else owners.letters.get(name, "?")
    if room == 1:
        return ("!" if clash else letter or thread[0].upper(), style)
    sign = "!" if clash else "+" if len(who) > 1 else "*" if isolated else ""
    text = (
        f"{letter} {thread}"
        if letter and room > 4
        else f"{letter}{thread if thread != EMULATOR or not letter else 'e'}"
    )
    return (f"{fit(text, min(len(text), room - len(sign)))}{sign}", style)


def load_cell(moment: CpuMoment | None, what: str, room: int, glyphs: Glyphs) -> Run:
    """How busy a CPU is, or how fast, in a cell's room."""
    value = Unread("not read") if moment is None else moment.busy if what == "busy" else moment.mhz
    if isinstance(value, Unread):
        return ("?", "dim")
    share = value if what == "busy" else value / 6000
    style = "fail" if what == "busy" and value > 0.9 else "graph"
    if room == 1:
        return (glyphs.ramp[min(int(share * len(glyphs.ramp)), len(glyphs.ramp) - 1)], style)
    return (
        f"{value * 100:3.0f}%" if what == "busy" else f"{value / 1000:.1f}G" if room < 5 else f"{value:.0f}M",
        style,
    )


def cards_by_node(facts: Facts) -> dict[int, list[str]]:
    """NUMA node → display controllers that sit on it."""
    found: dict[int, list[str]] = {}
    if not isinstance(facts.pci, Unread):
        for device in facts.pci.devices:
            if device.is_display and isinstance(device.numa_node, int):
                found.setdefault(device.numa_node, []).append(device.bdf.removeprefix("0000:"))
    return found


def headline(
    name: str, edited: Pinning, changed: str, total: Score, said: Sequence[Problem], context: PlacementContext
) -> Row:
    """The guest, its score, what is wrong in one word, how many caches it uses; `changed` is how it is edited."""
    used = {context.by_cpu[c].domain for c in edited.guest_cpus if c in context.by_cpu}
    overlap = any(p.law is Law.OVERLAP and p.severity is Severity.FAIL for p in said)
    failed = any(p.severity is Severity.FAIL for p in said)
    threads = "1 iothread" if edited.iothreads == 1 else f"{edited.iothreads} iothreads"
    return row(
        " ",
        (fit(name, min(len(clean(name)), NAME)), "head"),
        f"  {vcpu_words(edited.count)} · {threads}",
        ("   score ", "dim"),
        (str(total.total), "fail" if failed else "holds" if total.total >= 90 else "warn"),
        "   ",
        ("overlap", "fail") if overlap else ("no overlap", ""),
        f"   cache: {len(used)} of {len(context.domains)} L3",
        (f"   {changed}", "warn") if changed else "",
    )


def problem_rows(said: Sequence[Problem], glyphs: Glyphs, width: int, most: int) -> list[Row]:
    """The worst problems, each in a line; how many more there are stands in the last."""
    rows = []
    for index, problem in enumerate(said[:most]):
        more = f"  (+{len(said) - most}, w shows all)" if index == most - 1 and len(said) > most else ""
        text = fit(problem.words, min(len(problem.words), max(width - 4 - len(more), 10)))
        rows.append(row(f" {glyphs.mark(problem.severity)} ", (text, str(problem.severity)), (more, "dim")))
    return rows or [row((f" {glyphs.mark('holds')} nothing is wrong with these pins", "holds"))]


def thread_row(edited: Pinning, thread: str, width: int) -> Row:
    """The threads with their CPUs, the one that is placed next reversed and always in sight."""
    shown = _threads_shown(edited, thread, width)
    return Row(((PLACE, "dim"), *((words, "reverse" if name == thread else "") for name, words in shown)))


def thread_at(edited: Pinning, thread: str, width: int, x: int) -> str:
    """The thread whose words lie at a column of `thread_row`; "" where there is none."""
    end = len(PLACE)
    for name, words in _threads_shown(edited, thread, width):
        start, end = end, end + len(words)
        if start <= x < end:
            return name
    return ""


def _threads_shown(edited: Pinning, thread: str, width: int) -> list[tuple[str, str]]:
    """As many threads as there is room for, around the one that is placed next."""
    pins = edited.by_thread
    words = [(name, f" {name}:{format_list(pins[name]) if name in pins else '–'} ") for name in edited.threads]
    first = edited.threads.index(thread)
    used = len(words[first][1]) + len(PLACE)
    while first > 0 and used + len(words[first - 1][1]) <= width // 2:
        first -= 1
        used += len(words[first][1])
    shown: list[tuple[str, str]] = []
    used = len(PLACE)
    for name, text in words[first:]:
        used += len(text)
        if used > width and shown:
            break
        shown.append((name, text))
    return shown


def why_rows(total: Score, said: Sequence[Problem], remarks: Sequence[str], width: int) -> list[Row]:
    """Every part of the score with its words, then everything that is wrong."""
    rows = [row((f"score {total.total}", "head"), " of 100")]
    for part in total.parts:
        style = "" if part.points >= part.of else "warn"
        lines = wrap(part.words, max(width - 29, 20))
        name = SCORED.get(part.name, part.name)
        rows.append(row((f"{part.points:5.1f} of {part.of:<3}", style), f" {name:<12} ", (lines[0], style)))
        rows += [row(f"{'':25}", (line, style)) for line in lines[1:]]
    rows += [BLANK, row(("problems", "head"), "" if said else "  none")]
    for problem in said:
        lines = wrap(problem.words, max(width - 17, 20))
        rows.append(row((f"{problem.severity:5}", str(problem.severity)), f"{problem.law:9} ", lines[0]))
        rows += [row(f"{'':15}", line) for line in lines[1:]]
    rows += [row(("! ", "warn"), line) for remark in remarks for line in wrap(remark, max(width - 4, 20))]
    return rows


SCORED = {
    "near": "NUMA", "prefer": "cache or MHz", "kind": "core type", "quiet": "host IRQs", "threads": "emulator, io",
    "cores": "whole cores", "host": "host's cores",
}  # fmt: skip
"""What a person calls the parts of the score, in twelve cells; the others are called so already."""


def guest_lines(domains: Sequence[Domain], owners: Owners, width: int, unread: Sequence[UnreadGuest] = ()) -> list[Row]:
    """Every guest with its letter and its pins in words; those that could not be read with the reason."""
    rows = []
    for domain in domains:
        style = owners.styles.get(domain.name, "info") if domain.vcpu_pins else "dim"
        letter = " " if domain.name == owners.chosen else owners.letters.get(domain.name, "?")
        rows.append(row(f"{letter} ", (fit(domain.name, 18), style), " ", fit(pin_words(domain), max(width - 22, 10))))
    rows += [
        row("  ", (fit(g.name, 18), "unknown"), " ", fit(f"not read: {g.why.reason}", max(width - 22, 10)))
        for g in unread
    ]
    return rows or [row(("no guest is known: libvirt reports none", "dim")), BLANK]


def vcpu_words(count: int) -> str:
    """ "1 vCPU", "8 vCPUs" """
    return "1 vCPU" if count == 1 else f"{count} vCPUs"


def pin_words(domain: Domain) -> str:
    """ "8 vCPUs on 6-9,18-21 · emulator 2-3 · 1 iothread" """
    pins = f"on {format_list(domain.pinned_cpus)}" if domain.vcpu_pins else "not pinned"
    unpinned = domain.vcpus - len(domain.vcpu_pins)
    missing = f" ({unpinned} unpinned)" if domain.vcpu_pins and unpinned > 0 else ""
    emulator = "threads unpinned" if domain.emulator_pin is None else format_list(domain.emulator_pin)
    iothreads = "" if not domain.iothreads else f" · {domain.iothreads} iothread{'s' * (domain.iothreads > 1)}"
    return f"{vcpu_words(domain.vcpus)} {pins}{missing} · emulator {emulator}{iothreads}"


NAMED = 4
"""Owners of a CPU that are named."""


def cpu_detail(topology: Topology, number: int, owners: Owners, width: int) -> str:
    """One line about one CPU: as many words as there is room for, the most useful first."""
    cpu = topology.by_number.get(number)
    if cpu is None:
        return f"CPU {number} is not there"
    size = cpu.cache_size(3)
    who = [f"{thread} of {clean(name)}" for thread, name in owners.by_cpu.get(number, ())]
    more = [f"{len(who) - NAMED} more"] if len(who) > NAMED else []
    words = [
        f"CPU {number}",
        ", ".join([*who[:NAMED], *more]) or "host",
        "isolated" if cpu.isolated else "",
        "nohz_full" if cpu.nohz_full else "",
        f"core {shown(cpu.core)}",
        f"with {format_list(or_else(cpu.siblings, frozenset()) - {number}) or 'no sibling'}",
        f"L3 {size >> 20} MiB" if isinstance(size, int) else "L3 unknown",
        f"node {format_list(or_else(cpu.nodes, frozenset())) or '?'}",
        f"{cpu.kind_name} core" if cpu.kind_name else "",
        f"up to {cpu.max_khz / 1e6:.2f} GHz" if isinstance(cpu.max_khz, int) else "",
    ]
    line = ""
    for word in filter(None, words):
        longer = f"{line} · {word}" if line else word
        if line and len(longer) > width:
            break
        line = longer
    return line
