"""`vfiotui pci`: PCI devices with what passthrough depends on.

JSON: {"devices": {address: {"vendor", "device", "class", "express": {"type", "FLReset"}, "af": {"FLR"},
"pm": {"NoSoftRst"}, "acs": {"cap", "ctl"}, "sriov": {"total"}, "rebar": {BAR: {"current", "supported"}}, "above":
[{"address", "name", "link"}, the root port last], "slot": its name or null, "board_slot": the name that
the board's maker gives it, or null, "wired_to": "CPU", "chipset", or null with
"wired_to_unread", …}}}. A part that the device does not have, or that could not be seen, is missing; "unread" then
tells which.
"""

from __future__ import annotations

import argparse
from typing import Any

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import needed, plain, print_answer, printable, shown
from vfiotui.host.pci import functions as pci
from vfiotui.host.pci.config_space import ACS_BITS
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.pci.functions import Acs, Bar, Capabilities, Link, PciBus, PciDevice, short
from vfiotui.model.pci.slot_location import way_up, wired_to


def arguments(parser: argparse.ArgumentParser) -> None:
    """Addresses, to show only some devices."""
    parser.add_argument("address", nargs="*", metavar="BDF", help="only these devices (0000:01:00.0 or 01:00.0)")


def run(args: argparse.Namespace) -> Exit:
    """Prints the devices."""
    bus = needed(pci.read(open_root(args)), "the PCI devices cannot be seen")
    wanted = {a.lower() if a.count(":") == 2 else f"0000:{a.lower()}" for a in args.address}
    devices = [d for d in bus.devices if not wanted or d.bdf in wanted]
    absent = wanted - {d.bdf for d in devices}
    if absent:
        raise CommandError(f"no such device: {', '.join(sorted(absent))}; 'vfiotui pci' lists all")
    return print_answer(
        args,
        lambda: {"devices": {d.bdf: {**as_json(d), **place_json(d, bus)} for d in devices}},
        lambda: (line for d in devices for line in (*as_text(d), *place_text(d, bus))),
    )


def _hex(value: Any, digits: int) -> str | None:
    return f"{value:0{digits}x}" if isinstance(value, int) else None


def as_json(device: PciDevice) -> dict[str, Any]:
    """One device; see the module."""
    return {
        "vendor": _hex(device.vendor, 4),
        "device": _hex(device.device, 4),
        "subsystem": f"{_hex(device.subsystem_vendor, 4)}:{_hex(device.subsystem_device, 4)}",
        "class": _hex(device.class16, 4),
        "prog_if": _hex(device.class_code & 0xFF, 2) if isinstance(device.class_code, int) else None,
        "revision": _hex(device.revision, 2),
        "name": plain(device.device_name),
        "vendor_name": plain(device.vendor_name),
        "class_name": plain(device.class_name),
        "driver": plain(device.driver),
        "driver_override": plain(device.driver_override),
        "modules": plain(device.modules),
        "group": plain(device.group),
        "parent": device.parent,
        "numa_node": plain(device.numa_node),
        "boot_vga": plain(device.boot_vga),
        "reset": plain(device.has_reset),
        "reset_methods": plain(device.reset_methods),
        "link": _link_json(device.link),
        "bars": [] if isinstance(device.bars, Unread) else [_bar(b) for b in device.bars],
        "msi_irqs": plain(device.msi_irqs),
        "power_state": plain(device.power_state),
        **_capabilities(device),
    }


def _link_json(link: Link) -> dict[str, Any]:
    return {
        "speed": plain(link.speed),
        "width": plain(link.width),
        "max_speed": plain(link.max_speed),
        "max_width": plain(link.max_width),
    }


def place_json(device: PciDevice, bus: PciBus) -> dict[str, Any]:
    """Where a device hangs: the bridges above it, its slot, CPU or chipset."""
    wired = wired_to(device, bus)
    return {
        "above": [
            {"address": b.bdf, "name": plain(b.device_name), "link": _link_json(b.link)} for b in way_up(device, bus)
        ],
        "slot": plain(device.slot_name),
        "board_slot": plain(device.board_slot),
        "wired_to": plain(wired),
        **({"wired_to_unread": str(wired)} if isinstance(wired, Unread) else {}),
    }


def place_text(device: PciDevice, bus: PciBus) -> list[str]:
    """The same as lines; none for what is on the root bus."""
    above = way_up(device, bus)
    if not above:
        return []
    wired = wired_to(device, bus)
    slot = f" · slot {device.slot_text}" if device.slot_text else ""
    where = f"not known: {wired.reason}" if isinstance(wired, Unread) else f"the {wired}"
    lines = [f"    below {short(b.bdf)} {b.name}{_link(b)}" for b in above]
    return [printable(line) for line in (*lines, f"    wired to {where}{slot}")]


def _bar(bar: Bar) -> dict[str, Any]:
    return {
        "index": bar.index,
        "start": hex(bar.start),
        "size": bar.size,
        "memory": bar.memory,
        "prefetchable": bar.prefetchable,
        "64bit": bar.is_64,
        "resizable_mib": plain(bar.resizable_mib),
    }


def _capabilities(device: PciDevice) -> dict[str, Any]:
    caps = device.capabilities
    if isinstance(caps, Unread):
        return {"unread": {"capabilities": str(caps)}}
    found: dict[str, Any] = {"msi": {"enabled": caps.msi_enabled}} if caps.msi else {}
    if caps.dead:
        found["dead"] = True
    if caps.msix:
        found["msix"] = {"enabled": caps.msix_enabled}
    if caps.express:
        found["express"] = {"type": caps.express.kind, "FLReset": caps.express.flr}
    if caps.af_flr is not None:
        found["af"] = {"FLR": caps.af_flr}
    if caps.no_soft_reset is not None:
        found["pm"] = {"NoSoftRst": caps.no_soft_reset}
    if isinstance(caps.acs, Acs):
        found["acs"] = {
            "cap": {name: name in caps.acs.cap for name in ACS_BITS},
            "ctl": {name: name in caps.acs.ctl for name in ACS_BITS},
        }
    if isinstance(caps.sriov_total, int):
        found["sriov"] = {"total": caps.sriov_total}
    if not isinstance(caps.rebar, Unread) and caps.rebar:
        found["rebar"] = {str(i): {"current": r.current, "supported": list(r.supported)} for i, r in caps.rebar}
    if isinstance(caps.extended_ids, Unread):
        found["unread"] = {"extended capabilities": str(caps.extended_ids)}
    return found


def size_text(size: int) -> str:
    """Bytes in the largest unit that keeps the number whole."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or size % 1024:
            return f"{size} {unit}"
        size //= 1024
    return f"{size} TiB"


def as_text(device: PciDevice) -> list[str]:
    """One device as a paragraph."""
    kind = or_else(device.class_name, _hex(device.class16, 4) or "unknown class")
    words = (f"{kind}:", or_else(device.vendor_name, ""), or_else(device.device_name, ""), f"[{device.ids}]")
    lines = [
        " ".join((device.bdf, *filter(None, words))),
        f"    driver {shown(device.driver, 'none')}"
        f" · group {shown(device.group, 'none')} · node {shown(device.numa_node, 'not reported')}"
        f" · {'boot display · ' if device.boot_vga is True else ''}power {shown(device.power_state)}",
    ]
    methods = device.reset_methods
    reset = " ".join(methods) if not isinstance(methods, Unread) and methods else shown(methods) if methods else "none"
    if isinstance(methods, Unread) and not isinstance(device.has_reset, Unread):
        reset = "yes" if device.has_reset else "none of its own"
    lines.append(f"    reset {reset}{_interrupts(device)}{_link(device)}")
    bars = or_else(device.bars, ())
    if bars:
        lines.append("    " + " · ".join(f"{_bar_name(b)} {size_text(b.size)}" for b in bars if b.memory))
    modules = or_else(device.modules, ())
    if modules:
        lines.append(f"    modules {' '.join(modules)}")
    return [printable(line) for line in lines if line.strip()]


def _bar_name(bar: Bar) -> str:
    return "ROM" if bar.index == 6 else f"BAR {bar.index}"


def _interrupts(device: PciDevice) -> str:
    irqs = or_else(device.msi_irqs, ())
    caps = device.capabilities
    word = f"{len(irqs)} MSI in use" if irqs else "no MSI in use"
    if isinstance(caps, Capabilities) and caps.dead:
        word = "answers ff only: off the bus"
    return f" · {word}"


def _link(device: PciDevice) -> str:
    link = device.link
    if isinstance(link.speed, Unread) or isinstance(link.width, Unread) or link.width == 0:
        return ""
    best = f" of {shown(link.max_speed)} x{shown(link.max_width)}" if link.max_width != 0 else ""
    return f" · link {link.speed} x{link.width}{best}"
