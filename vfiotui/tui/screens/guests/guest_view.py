"""One guest as rows: what is wrong with it, what it is and has, and its XML."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.cpu.pinning import Shape
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Finding
from vfiotui.model.finding.report import count, level
from vfiotui.model.guest.domain import Domain, UnreadGuest
from vfiotui.model.guest.domain_devices import Disk
from vfiotui.model.guest.running import Running, age_words, percent, reached_at
from vfiotui.model.memory.page_words import page_words
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.screens.host.finding_view import finding_rows, labelled
from vfiotui.tui.screens.memory.words import gib
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean, fit, shown

TABS = ("Doctor", "Devices", "XML")


def heading_row(domain: Domain, tab: str, width: int) -> Row:
    """The guest's name and state, and its tabs with the open one marked."""
    tabs = [(f" {name} ", "reverse" if name == tab else "dim") for name in TABS]
    room = max(width - sum(len(t) for t, _ in tabs) - len(domain.state) - 4, 8)
    return row((fit(domain.name, min(len(domain.name), room)), "accent"), f"  {clean(domain.state)}  ", *tabs)


def unread_rows(guest: UnreadGuest, width: int) -> list[Row]:
    """That a guest could not be read, and why."""
    name = row((fit(guest.name, min(len(guest.name), max(width - 12, 8))), "accent"), "  not read")
    return [name, BLANK, *labelled("reason", guest.why.reason, width), *labelled("source", guest.source, width), BLANK]


def doctor_rows(findings: Sequence[Finding], glyphs: Glyphs, width: int) -> list[Row]:
    """What every check says of it: what is wrong first, then what passed."""
    if not findings:
        return [row(("no check has looked at this guest yet", "dim"))]
    bad = [f for f in findings if level(f) != "holds"]
    good = [f for f in findings if level(f) == "holds"]
    nothing = row(("nothing is wrong with it as far as it can be seen", "holds"))
    rows = [row((count(findings).sentence(), "head")), BLANK]
    rows += finding_rows(bad, glyphs, width, named=False) or [nothing]
    return rows + ([BLANK, row(("passed", "head")), *finding_rows(good, glyphs, width, named=False)] if good else [])


def device_rows(domain: Domain, facts: Facts | None, use: Running | None, width: int) -> list[Row]:
    """What it uses while it runs, machine, memory, pins, the host's devices, disks and screens."""
    pages = (
        ", ".join(page_words(p.size_kib) if p.size_kib else "default size" for p in domain.huge_pages)
        or "none asked for"
    )
    topology = "not given" if domain.topology is None else Shape(*domain.topology, domain.cpu.clusters).words
    rows: list[Row] = []
    for label, text in (
        *(() if use is None else (("running", _use_words(use)),)),
        ("machine", f"{domain.domain_type} {domain.machine}".strip()),
        ("firmware", domain.firmware),
        (
            "CPU",
            f"{domain.vcpus} vCPUs ({domain.current_vcpus} now), {domain.cpu_mode or 'default'}, topology {topology}",
        ),
        ("memory", f"{gib(domain.memory_kib)}, huge pages {pages}{', shared' if domain.shared_memory else ''}"),
        ("balloon", domain.balloon),
        ("screen", ", ".join((*domain.devices.videos, *domain.devices.graphics)) or "none"),
        *(("address", address) for address in reached_at(domain)),
        *(("console", f"{c.kind} {c.path}") for c in domain.devices.consoles if domain.running and c.path),
        ("autostart", "yes" if domain.autostart else "no"),
        ("UUID", domain.uuid or "none"),
        *((("session of", domain.owner),) if domain.owner else ()),
        ("source", domain.source),
    ):
        rows += labelled(label, text, width)
    rows += [BLANK, row(("devices of the host", "head")), *_hostdevs(domain, facts)]
    rows += [BLANK, row(("disks", "head")), *([_disk(d) for d in domain.devices.disks] or [row(("  none", "dim"))])]
    return [*rows, BLANK, row(("pins", "head")), *_pins(domain)]


def _use_words(use: Running) -> str:
    """Uptime, CPU, memory and process; what is not known is left out."""
    words = [] if isinstance(use.age, Unread) else [f"for {age_words(use.age)}"]
    words += [] if isinstance(use.cpu, Unread) else [f"{percent(use.cpu)} of a CPU busy"]
    words += [] if isinstance(use.memory_kib, Unread) else [f"{gib(use.memory_kib)} of the host's memory"]
    return ", ".join([*words, *([] if use.pid is None else [f"process {use.pid}"])]) or "no process of it is seen here"


def xml_rows(domain: Domain) -> list[Row]:
    """Its XML, literally."""
    return [row(clean(line.replace("\t", "    "))) for line in domain.xml.split("\n")]


def _pins(domain: Domain) -> list[Row]:
    rows = [row(f"  vCPU {vcpu:<4} CPU {format_list(cpus)}") for vcpu, cpus in domain.vcpu_pins]
    emulator = "any CPU" if domain.emulator_pin is None else f"CPU {format_list(domain.emulator_pin)}"
    rows.append(row(f"  emulator  {emulator}"))
    return rows + [row(f"  iothread {i} CPU {format_list(cpus)}") for i, cpus in domain.iothread_pins]


def _disk(disk: Disk) -> Row:
    how = ", ".join(w for w in (disk.format, disk.cache and f"cache {disk.cache}", disk.io and f"io {disk.io}") if w)
    place = f"{clean(disk.target)} {clean(disk.bus)} {clean(disk.device)}"
    return row(f"  {place}  {clean(disk.source) or 'empty'}  {clean(how)}")


def _hostdevs(domain: Domain, facts: Facts | None) -> list[Row]:
    rows = []
    bus = None if facts is None or isinstance(facts.pci, Unread) else facts.pci
    for hostdev in domain.hostdevs:
        device = bus.get(hostdev.address) if bus is not None and hostdev.kind == "pci" else None
        if device is not None:
            driver = shown(or_else(device.driver, "?"), "none")
            what = f"{clean(device.name)}, driver {driver}, group {shown(device.group)}"
        else:
            what = "is not on this host" if hostdev.kind == "pci" and bus is not None else ""
        what += {"interface": " (interface)", "disk": " (NVMe disk)", "commandline": " (QEMU's own arguments)"}.get(
            hostdev.by, ""
        )
        managed = "managed" if hostdev.managed else "not managed"
        rows.append(row(f"  {hostdev.kind} {clean(hostdev.address)}  {what}  {managed}"))
    for network in domain.networks:
        if not isinstance(network.network, Unread) and network.network.passes:
            pool = ", ".join(network.network.addresses) or ", ".join(network.network.cards)
            rows.append(row(f"  pci of the network {clean(network.name)}: one of {clean(pool) or 'its pool'}"))
    return rows or [row(("  none", "dim"))]
