"""Guests as rows: the list, and everything about one."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.cpuset import format_list
from vfiotui.model.domain import Domain, Virt
from vfiotui.model.facts import Facts
from vfiotui.model.reading import Unread, or_else
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.text import clean, fit, shown, wrap
from vfiotui.tui.views.finding import labelled
from vfiotui.tui.views.memory import gib, page_words
from vfiotui.tui.views.pin import pin_words


def link_rows(virt: Virt | None, width: int) -> list[Row]:
    """How libvirt is reached, or why not and what to do."""
    if virt is None:
        return [row(("libvirt is being asked …", "accent"))]
    style = "dim" if virt.connected or not virt.uri else "warn"
    where = f"{virt.uri}: " if virt.uri and virt.connected else ""
    return [row((line, style)) for line in wrap(f"{where}{virt.detail}", width)]


def guest_rows(virt: Virt | None, width: int) -> list[Row]:
    """The list of guests."""
    if virt is None:
        return []
    if isinstance(virt.domains, Unread):
        return [row(("no guest can be shown; running ones run on, and screen 5 shows their threads", "dim"))]
    if not virt.domains:
        where = "on this connection" if virt.connected else "in these files"
        return [row((f"no guest is defined {where}", "dim"))]
    wide = width >= 96
    name = min(max((len(d.name) for d in virt.domains), default=0), max(width - 92, 20), 48)
    name = max(name, 20)
    head = (
        f"{'guest':{name}} {'state':12} {'vCPU':>4} {'memory':>9} {'PCI':>4} {'USB':>4} auto {'pins' if wide else ''}"
    )
    rows = [row((fit(head, width), "head"))]
    return rows + [_guest_row(d, width, wide, name) for d in virt.domains]


def _guest_row(domain: Domain, width: int, wide: bool, name: int) -> Row:
    pci = sum(h.kind == "pci" for h in domain.hostdevs)
    usb = sum(h.kind == "usb" for h in domain.hostdevs)
    style = "holds" if domain.running else "fail" if domain.state == "crashed" else "dim"
    tail = pin_words(domain) if wide else ""
    return row(
        (fit(domain.name, name), "accent" if domain.running else ""),
        " ",
        (fit(domain.state, 12), style),
        f" {domain.vcpus:>4} {gib(domain.memory_kib):>9} {pci:>4} {usb:>4} {'yes ' if domain.autostart else 'no  '} ",
        fit(tail, max(width - name - 48, 0)),
        key=f"guest {domain.name}",
    )


def guest_detail(domain: Domain, facts: Facts | None, width: int) -> list[Row]:
    """Everything about one guest; its XML at the end, literally."""
    rows = [row((clean(domain.name), "head"), f"  {clean(domain.state)}"), BLANK]
    pages = (
        ", ".join(page_words(p.size_kib) if p.size_kib else "default size" for p in domain.huge_pages)
        or "none asked for"
    )
    topology = (
        "not given" if domain.topology is None else "{} sockets, {} dies, {} cores, {} threads".format(*domain.topology)
    )
    for label, text in (
        ("machine", f"{domain.domain_type} {domain.machine}".strip()),
        ("firmware", domain.firmware),
        (
            "CPU",
            f"{domain.vcpus} vCPUs ({domain.current_vcpus} now), {domain.cpu_mode or 'default'}, topology {topology}",
        ),
        ("memory", f"{gib(domain.memory_kib)}, huge pages {pages}{', shared' if domain.shared_memory else ''}"),
        ("balloon", domain.balloon),
        ("autostart", "yes" if domain.autostart else "no"),
        ("UUID", domain.uuid or "none"),
        ("from", domain.source),
    ):
        rows += labelled(label, text, width)
    rows += [BLANK, row(("pins", "head"))]
    rows += [row(f"  vCPU {vcpu:<4} CPU {format_list(cpus)}") for vcpu, cpus in domain.vcpu_pins]
    emulator = "any CPU" if domain.emulator_pin is None else f"CPU {format_list(domain.emulator_pin)}"
    rows.append(row(f"  emulator  {emulator}"))
    rows += [row(f"  iothread {i} CPU {format_list(cpus)}") for i, cpus in domain.iothread_pins]
    rows += [BLANK, row(("devices of the host", "head")), *_devices(domain, facts)]
    rows += [BLANK, row(("XML", "head"))]
    return rows + [row(clean(line.replace("\t", "    "))) for line in domain.xml.split("\n")]


def _devices(domain: Domain, facts: Facts | None) -> Sequence[Row]:
    rows = []
    bus = None if facts is None or isinstance(facts.pci, Unread) else facts.pci
    for hostdev in domain.hostdevs:
        device = bus.get(hostdev.address) if bus is not None and hostdev.kind == "pci" else None
        if device is not None:
            driver = shown(or_else(device.driver, "?"), "none")
            what = f"{clean(device.name)}, driver {driver}, group {shown(device.group)}"
        else:
            what = "is not on this host" if hostdev.kind == "pci" and bus is not None else ""
        rows.append(
            row(f"  {hostdev.kind} {clean(hostdev.address)}  {what}  {'managed' if hostdev.managed else 'not managed'}")
        )
    return rows or [row(("  none", "dim"))]
