"""The USB tree as rows: controllers, buses, what is plugged in, and free ports."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.facts import Facts
from vfiotui.model.guest.domain import Virt
from vfiotui.model.pci.usb_tree import ControllerNode, UsbBus, UsbHost, UsbNode, usb_tree
from vfiotui.tui.row import BLANK, Row, Run, row
from vfiotui.tui.text import clean, fit, wrap


def usb_rows(facts: Facts | None, virt: Virt | None, width: int) -> list[Row]:
    """The whole tree; the key of a row is the port that it stands for."""
    if facts is None:
        return [row(("the host is still being read", "dim"))]
    if isinstance(facts.usb, Unread):
        return [row((line, "unknown")) for line in wrap(f"The USB devices cannot be seen: {facts.usb}.", width)]
    host = UsbHost(
        facts.usb, facts.pci, facts.iommu, facts.host_use, facts.virt if virt is None else virt, facts.usb_follows
    )
    rows: list[Row] = []
    for node in usb_tree(host):
        rows += [*_controller_rows(node, width), *(r for bus in node.buses for r in _bus_rows(bus, width)), BLANK]
    follows = facts.usb_follows
    if isinstance(follows, Unread):
        rows += [
            row((line, "unknown")) for line in wrap(f"Rules that follow devices cannot be read: {follows}.", width)
        ]
    else:
        rows += [row((fit(f"{clean(f.guest)} follows {clean(f.words(facts.usb))}", width), "accent")) for f in follows]
    return rows or [row(("no USB controller has a bus here", "dim"))]


def _controller_rows(node: ControllerNode, width: int) -> Iterator[Row]:
    device = node.device
    name = clean(device.name) if device else ""
    group = device.group if device else None
    where = f"  group {group}" if isinstance(group, int) else ""
    yield row((clean(node.controller.bdf), "head"), fit(f"  {name}{where}", max(width - len(node.controller.bdf), 8)))
    if node.passable:
        words, style = f"can be passed whole: vfiotui isolate {node.controller.bdf}", "holds"
    elif node.whole:
        words, style = f"cannot be passed whole: {'; '.join(node.whole)}", "dim"
    else:
        words, style = f"whether it can be passed whole is not known: {node.unsure}", "unknown"
    for line in wrap(clean(words), max(width - 2, 8)):
        yield row((f"  {line}", style))


def _bus_rows(bus: UsbBus, width: int) -> Iterator[Row]:
    speed = f"  {clean(bus.speed)} Mbit/s" if bus.speed else ""
    yield row((f"  bus {bus.number}", "accent"), speed)
    for child in bus.children:
        yield from _node_rows(child, 2, width)
    for port in bus.free:
        yield _free_row(port, 2)


def _free_row(port: str, depth: int) -> Row:
    return row((f"{'  ' * depth}{port}  free", "dim"), key=port)


def _node_rows(node: UsbNode, depth: int, width: int) -> Iterator[Row]:
    device, use = node.device, node.use
    name = device.label or ("hub" if device.is_hub else "no name")
    start = f"{'  ' * depth}{device.path}  {device.ids or '?':9}  "
    runs: list[Run] = [
        (", ".join(use.needs), "warn"),
        (", ".join((*use.has, *(f"guest {g}" for g in use.guests), *(f"named by {g}" for g in use.defined))), ""),
        (", ".join(f"follows into {f.guest}" for f in node.follows), "accent"),
        (f"same ids as {', '.join(node.twins)}" if node.twins and not device.is_hub else "", "dim"),
        (", ".join(device.drivers), "dim"),
    ]
    room = max(width - len(start), 8)
    shown = fit(name, min(room, max(room // 2, 12)))
    parts: list[Run] = [(start, ""), (shown.rstrip(), "dim" if device.is_hub else "")]
    room -= len(shown.rstrip())
    for text, style in runs:
        if text and room > 6:
            piece = fit(clean(text), min(len(clean(text)), room - 2))
            parts.append((f"  {piece}", style))
            room -= len(piece) + 2
    yield row(*parts, key=device.path)
    for child in node.children:
        yield from _node_rows(child, depth + 1, width)
    for port in node.free:
        yield _free_row(port, depth + 1)


def ids_at(facts: Facts | None, port: str) -> str:
    """The ids of what is plugged into a port; empty for a free one."""
    if facts is None or isinstance(facts.usb, Unread):
        return ""
    return next((d.ids for d in facts.usb.devices if d.path == port), "")


def state_of(virt: Virt | None, name: str) -> str:
    """The state of a guest; empty where it is not known."""
    domains = () if virt is None else or_else(virt.domains, ())
    return next((d.state for d in domains if d.name == name), "")
