"""The USB tree as text and JSON."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from vfiotui import __version__
from vfiotui.cli.exit import Exit
from vfiotui.cli.machine import look_at_guests, open_root
from vfiotui.cli.out import needed, plain, print_answer, printable
from vfiotui.host.guest import usb_follow
from vfiotui.host.pci import functions, host_use, iommu, usb
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.guest.usb_follow import Follow
from vfiotui.model.pci.usb import Usb
from vfiotui.model.pci.usb_tree import ControllerNode, UsbHost, UsbNode, usb_tree


def read_host(args: argparse.Namespace, root: Root) -> UsbHost:
    """What the tree is made of; the command ends where USB cannot be seen."""
    found = needed(usb.read(root), "the USB devices cannot be seen")
    bus = functions.peek(root)
    return UsbHost(found, bus, iommu.read(root), host_use.read(root), look_at_guests(args, root), usb_follow.read(root))


def show_list(args: argparse.Namespace) -> Exit:
    """Prints the tree."""
    host = read_host(args, open_root(args))
    tree = usb_tree(host)
    return print_answer(args, lambda: as_json(host, tree), lambda: as_text(host, tree, args.ports))


def as_json(host: UsbHost, tree: tuple[ControllerNode, ...]) -> dict[str, Any]:
    """The tree as JSON knows it."""
    follows = host.follows
    return {
        "vfiotui": __version__,
        "controllers": [_controller_json(c) for c in tree],
        "follows": None if isinstance(follows, Unread) else [_follow_json(f, host.usb) for f in follows],
        "unread": str(follows) if isinstance(follows, Unread) else None,
    }


def _controller_json(node: ControllerNode) -> dict[str, Any]:
    device = node.device
    return {
        "address": node.controller.bdf,
        "name": device.name if device else None,
        "driver": plain(device.driver) if device else None,
        "group": plain(device.group) if device else None,
        "reset": plain(device.reset_methods) if device else None,
        "whole": {"possible": None if node.unsure and not node.whole else node.passable, "why": _why(node)},
        "host_loses": list(node.losses),
        "buses": [
            {
                "bus": bus.number,
                "speed": bus.speed or None,
                "ports": bus.ports,
                "free": list(bus.free),
                "devices": [_node_json(n) for n in bus.children],
            }
            for bus in node.buses
        ],
    }


def _why(node: ControllerNode) -> list[str]:
    return [*node.whole, *([node.unsure] if node.unsure else [])]


def _node_json(node: UsbNode) -> dict[str, Any]:
    device = node.device
    return {
        "port": device.path,
        "bus": device.bus,
        "number": plain(device.number),
        "ids": device.ids or None,
        "name": device.label or None,
        "speed": plain(device.speed),
        "drivers": list(device.drivers),
        "hub": device.is_hub,
        "keyboard": device.keyboard,
        "needed": list(node.use.needs),
        "used": list(node.use.has),
        "guests": list(node.use.guests),
        "defined": list(node.use.defined),
        "follows": [f.guest for f in node.follows],
        "same_ids": list(node.twins),
        "free": list(node.free),
        "devices": [_node_json(n) for n in node.children],
    }


def _follow_json(follow: Follow, found: Usb) -> dict[str, Any]:
    port = follow.words(found).removeprefix("port ")
    return {
        "guest": follow.guest,
        "uuid": follow.uuid,
        "ids": follow.ids or None,
        "port": port if not follow.ids and " " not in port else None,
        "controller": follow.controller or None,
        "speed": follow.speed or None,
        "chain": follow.chain or None,
    }


def as_text(host: UsbHost, tree: tuple[ControllerNode, ...], ports: bool) -> list[str]:
    """The tree as lines; free ports are named where they are asked for."""
    lines: list[str] = []
    for node in tree:
        lines += [*_controller_lines(node), *(line for bus in node.buses for line in _bus_lines(node, bus, ports)), ""]
    if not tree:
        lines += ["no USB controller has a bus here", ""]
    if isinstance(host.follows, Unread):
        lines.append(f"rules that follow devices cannot be read: {host.follows}")
    else:
        lines += [f"{f.guest} follows {f.words(host.usb)}" for f in host.follows]
    return [printable(line) for line in (lines if lines[-1] else lines[:-1])]


def _controller_lines(node: ControllerNode) -> Iterator[str]:
    device, bdf = node.device, node.controller.bdf
    if device is None:
        yield bdf
    else:
        methods = device.reset_methods
        reset = "unknown" if isinstance(methods, Unread) else ", ".join(methods) or "none"
        if isinstance(methods, Unread) and not isinstance(device.has_reset, Unread):
            reset = "yes" if device.has_reset else "none"
        group = "?" if isinstance(device.group, Unread) else "none" if device.group is None else str(device.group)
        yield f"{bdf}  {device.name}  driver {or_else(device.driver, '?') or 'none'}, group {group}, reset {reset}"
    if node.passable:
        yield f"  can be passed whole: every port then belongs to the guest; 'vfiotui isolate {bdf}' plans it"
    elif node.whole:
        yield f"  cannot be passed whole: {'; '.join(node.whole)}"
    else:
        yield f"  whether it can be passed whole is not known: {node.unsure}"


def _bus_lines(node: ControllerNode, bus: Any, ports: bool) -> Iterator[str]:
    speed = f", {bus.speed} Mbit/s" if bus.speed else ""
    yield f"  bus {bus.number}{speed}{f', {bus.ports} ports, {len(bus.free)} free' if bus.ports else ''}"
    rows = [row for child in bus.children for row in _rows(child, 2)]
    widths = [max((len(r[i]) for r in rows), default=0) for i in range(3)]
    for place, ids, name, words in rows:
        line = f"{place.ljust(widths[0])}  {ids.ljust(widths[1])}  {name.ljust(widths[2]) if words else name}  {words}"
        yield line.rstrip()
    if ports:
        free = [*bus.free, *(p for child in bus.children for p in _free(child))]
        if free:
            yield f"    free: {', '.join(free)}"


def _free(node: UsbNode) -> Iterator[str]:
    yield from node.free
    for child in node.children:
        yield from _free(child)


def _rows(node: UsbNode, depth: int) -> Iterator[tuple[str, str, str, str]]:
    device = node.device
    words = [*device.drivers, *node.use.words]
    words += [f"same ids as {', '.join(node.twins)}"] if node.twins and not device.is_hub else []
    words += [f"follows into {', '.join(dict.fromkeys(f.guest for f in node.follows))}"] if node.follows else []
    # Names are written out before their width is taken: an escape takes more columns than it has characters.
    name = printable(device.label or ("hub" if device.is_hub else "no name"))
    yield "  " * depth + device.path, device.ids or "?", name, ", ".join(words)
    for child in node.children:
        yield from _rows(child, depth + 1)
