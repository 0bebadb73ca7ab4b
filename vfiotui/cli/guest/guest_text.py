"""Guests as text and JSON: the list, one of them, and what is wrong with them."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from vfiotui import __version__
from vfiotui.cli.exit import Exit
from vfiotui.cli.out import colours_wanted, paint, plain, print_answer, printable, table
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.finding.report import count, level, widest
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.running import Running, age_words, of_domain, percent, reached_at, running_guests
from vfiotui.model.memory.guest_backing import GuestBacking

if TYPE_CHECKING:
    from vfiotui.cli.guest.guest_host import Guests
    from vfiotui.model.facts import Facts
    from vfiotui.model.finding.finding import Finding

BETWEEN = 0.25
"""Seconds between the two counts that a guest's CPU use is computed from."""
GIB = 1 << 20
"""KiB in a GiB."""


def used(guests: Guests) -> tuple[Mapping[str, Running], tuple[GuestBacking, ...]]:
    """What the running guests use, by their processes, and those processes; nothing where none can run here."""
    from vfiotui.live.sampler import Readers
    from vfiotui.model.memory.host_memory import Memory

    if guests.elsewhere or not guests.root.moves:
        return {}, ()
    readers = Readers(guests.root)
    memory = readers.memory()
    backings = or_else(memory.guests, ()) if isinstance(memory, Memory) else ()
    if not backings:
        return {}, ()
    readers.live()
    time.sleep(BETWEEN)
    moment = readers.live()
    readers.rest()
    return running_guests(moment, backings), backings


def show_list(args: argparse.Namespace, guests: Guests) -> Exit:
    """All guests; those of which nothing could be read with the reason."""
    domains = guests.domains
    running, backings = used(guests)
    known = {d.name for d in domains if d.running}
    others = tuple(b for b in backings if b.name not in known)
    virt = guests.virt
    return print_answer(
        args,
        lambda: {
            "vfiotui": __version__,
            "uri": virt.uri or None,
            "connected": virt.connected,
            "detail": virt.detail,
            "guests": [guest_json(d, running, None) for d in domains],
            "unread": [{"guest": g.name, "source": g.source, "unread": g.why.reason} for g in virt.unread],
            "others": [{"name": o.name, "pid": o.pid, "memory_kib": plain(o.memory_kib)} for o in others],
        },
        lambda: _list_text(guests, running, others),
    )


def _list_text(guests: Guests, running: Mapping[str, Running], others: Iterable[GuestBacking]) -> list[str]:
    virt = guests.virt
    lines = [f"{virt.uri}: {virt.detail}" if virt.uri and virt.connected else virt.detail, ""]
    rows = [("guest", "state", "vCPU", "CPU", "memory", "up", "PCI", "USB", "autostart", "screen")]
    for domain in guests.domains:
        use = of_domain(domain, running)
        kinds = [h.kind for h in domain.hostdevs]
        rows.append(
            (
                domain.name,
                domain.state,
                str(domain.vcpus),
                _cpu(use),
                _gib(domain.memory_kib),
                _age(use),
                str(kinds.count("pci")),
                str(kinds.count("usb")),
                "yes" if domain.autostart else "no",
                ", ".join(reached_at(domain)) or "–",
            )
        )
    lines += table(rows) if len(rows) > 1 else [] if virt.unread else ["no guest is defined"]
    lines += [f"{g.name}  not read: {g.why}" for g in virt.unread]
    lines += [f"{o.name}  runs without this connection, as process {o.pid}" for o in others]
    return [printable(line) for line in lines]


def _cpu(use: Running | None) -> str:
    return "–" if use is None else "?" if isinstance(use.cpu, Unread) else percent(use.cpu)


def _age(use: Running | None) -> str:
    return "–" if use is None else "?" if isinstance(use.age, Unread) else age_words(use.age)


def _gib(kib: int) -> str:
    return f"{kib / GIB:,.1f} GiB" if kib >= GIB else f"{kib / 1024:.0f} MiB"


def show_one(args: argparse.Namespace, guests: Guests, domain: Domain) -> Exit:
    """One guest with all that is known of it."""
    running, _ = used(guests) if domain.running else ({}, ())
    facts = None if guests.elsewhere else guests.facts
    return print_answer(
        args,
        lambda: {"vfiotui": __version__, **guest_json(domain, running, facts)},
        lambda: [printable(line) for line in _one_text(domain, of_domain(domain, running), facts)],
    )


def guest_json(domain: Domain, running: Mapping[str, Running], facts: Facts | None) -> dict[str, Any]:
    """One guest; what it does not have while it is off is null."""
    use = of_domain(domain, running) or Running()
    return {
        "name": domain.name,
        "uuid": domain.uuid,
        "state": domain.state,
        "source": domain.source,
        "owner": domain.owner or None,
        "persistent": domain.persistent,
        "autostart": domain.autostart,
        "vcpus": domain.vcpus,
        "memory_kib": domain.memory_kib,
        "pid": use.pid,
        "cpus_busy": None if isinstance(use.cpu, Unread) else round(use.cpu, 3),
        "host_memory_kib": plain(use.memory_kib),
        "age_s": plain(use.age),
        "devices": [_device_json(domain, i, facts) for i in range(len(domain.hostdevs))],
        "displays": [
            {"kind": d.kind, "address": (d.address if domain.running else "") or None} for d in domain.devices.displays
        ],
        "consoles": [{"kind": c.kind, "path": c.path or None} for c in domain.devices.consoles],
        "disks": [{"target": d.target, "source": d.source or None} for d in domain.devices.disks],
    }


def _device_json(domain: Domain, index: int, facts: Facts | None) -> dict[str, Any]:
    hostdev = domain.hostdevs[index]
    bus = None if facts is None or isinstance(facts.pci, Unread) else facts.pci
    device = bus.get(hostdev.address) if bus is not None and hostdev.kind == "pci" else None
    return {
        "kind": hostdev.kind,
        "address": hostdev.address,
        "name": device.name if device else None,
        "driver": plain(device.driver) if device else None,
        "managed": hostdev.managed,
        "by": hostdev.by,
    }


def _one_text(domain: Domain, use: Running | None, facts: Facts | None) -> list[str]:
    rows = [
        ("guest", domain.name),
        ("state", domain.state + (f", up {_age(use)}" if use is not None and isinstance(use.age, int) else "")),
        ("UUID", domain.uuid or "none"),
        ("source", domain.source + (f", session of {domain.owner}" if domain.owner else "")),
        ("machine", f"{domain.domain_type} {domain.machine}, firmware {domain.firmware}"),
        ("CPU", f"{domain.vcpus} vCPUs" + (f", {_cpu(use)} busy" if use is not None else "")),
        ("memory", _gib(domain.memory_kib) + _held(use)),
        ("autostart", "yes" if domain.autostart else "no"),
    ]
    if use is not None and use.pid is not None:
        rows.append(("process", str(use.pid)))
    rows += [("screen", text) for text in _screens(domain)]
    rows += [("console", f"{c.kind} {c.path}".strip()) for c in domain.devices.consoles]
    rows += [("device", _device_text(_device_json(domain, i, facts))) for i in range(len(domain.hostdevs))]
    rows += [("disk", f"{d.target}  {d.source or 'empty'}") for d in domain.devices.disks]
    pins = [f"vCPU {vcpu} to CPU {format_list(cpus)}" for vcpu, cpus in domain.vcpu_pins]
    pins += [] if domain.emulator_pin is None else [f"emulator to CPU {format_list(domain.emulator_pin)}"]
    rows += [("pin", pin) for pin in pins]
    return table(rows)


def _held(use: Running | None) -> str:
    return f", its process has {_gib(use.memory_kib)}" if use and isinstance(use.memory_kib, int) else ""


def _screens(domain: Domain) -> list[str]:
    if not domain.devices.displays:
        return ["none"]
    off = "no address" if domain.running else "no address until it runs"
    return [(d.address if domain.running else "") or f"{d.kind}, {off}" for d in domain.devices.displays]


def _device_text(device: dict[str, Any]) -> str:
    name = f"  {device['name']}, driver {device['driver'] or 'none'}" if device["name"] else ""
    return f"{device['kind']} {device['address']}{name}  {'managed' if device['managed'] else 'not managed'}"


def check(args: argparse.Namespace, guests: Guests) -> Exit:
    """What is wrong with guests, and what would fail if those that are off were started now."""
    from vfiotui.cli.exit import CommandError
    from vfiotui.cli.finding.doctor import finding_json, finding_text, of_guest
    from vfiotui.cli.guest.guest_host import problem_json
    from vfiotui.rules import judge
    from vfiotui.rules.start import start_problems

    names = guests.virt.names if args.guest is None else (args.guest,)
    domains = {name: guests.domain(name) for name in names}
    if guests.elsewhere:
        raise CommandError("guests of another host are checked there: run vfiotui on it", Exit.NO_ACCESS)
    facts = guests.facts
    every = judge(facts)
    documents: list[dict[str, Any]] = []
    lines: list[str] = []
    failed = False
    for name, domain in domains.items():
        found = of_guest(every, facts, name, host_too=False)
        problems = () if domain is None else start_problems(domain, facts, every)
        failed = failed or bool(count(found).failed)
        documents.append(
            {
                "guest": name,
                "state": None if domain is None else domain.state,
                "counts": _counts(found),
                "findings": [finding_json(f) for f in found],
                "start": [problem_json(p) for p in problems],
            }
        )
        colours = colours_wanted()
        state = "not read" if domain is None else domain.state
        lines += ["", paint(printable(f"{name}  {state}  {count(found).sentence()}"), "head", colours)]
        bad = [f for f in found if level(f) in ("fail", "warn", "unknown")]
        lines += [line for f in bad for line in finding_text(f, colours, widest(bad))]
        lines += [printable(f"its start {_start_word(p)}: {p.sentence}") for p in problems]
    print_answer(
        args,
        lambda: {"vfiotui": __version__, "guests": documents},
        lambda: lines[1:] or ["no guest is defined"],
    )
    return Exit.FAILS if failed else Exit.FINE


def _start_word(problem: Any) -> str:
    return "fails" if problem.severity == "fail" else "may fail"


def _counts(findings: tuple[Finding, ...]) -> dict[str, int]:
    counts = count(findings)
    return {name: getattr(counts, name) for name in counts.__slots__}
