"""A pci.ids of the models that one host has, made from what was read of it."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.pci.functions import PciBus


def _hex(*numbers: Reading[int]) -> tuple[int, ...] | None:
    known = tuple(n for n in numbers if not isinstance(n, Unread))
    return known if len(known) == len(numbers) else None


def pci_ids(bus: PciBus) -> str:
    """The lines of these devices, in the format of the PCI ID Project; a name that is not known has none."""
    vendors: dict[int, str] = {}
    devices: dict[int, dict[int, str]] = {}
    boards: dict[tuple[int, int], dict[tuple[int, int], str]] = {}
    kinds: dict[int, dict[int, str]] = {}
    for one in bus.devices:
        ids = _hex(one.vendor, one.device)
        if ids is not None:
            vendor, device = ids
            if isinstance(one.vendor_name, str):
                vendors.setdefault(vendor, one.vendor_name)
            devices.setdefault(vendor, {})
            if isinstance(one.device_name, str):
                devices[vendor].setdefault(device, one.device_name)
            board = _hex(one.subsystem_vendor, one.subsystem_device)
            if board is not None and isinstance(one.subsystem_name, str):
                boards.setdefault((vendor, device), {})[board[0], board[1]] = one.subsystem_name
        if not isinstance(one.class_code, Unread) and isinstance(one.class_name, str):
            kinds.setdefault(one.class_code >> 16 & 0xFF, {})[one.class_code >> 8 & 0xFF] = one.class_name
    lines = []
    for vendor, names in sorted(devices.items()):
        if vendor not in vendors:
            continue
        lines.append(f"{vendor:04x}  {_line(vendors[vendor])}")
        for device, name in sorted(names.items()):
            lines.append(f"\t{device:04x}  {_line(name)}")
            lines += [
                f"\t\t{v:04x} {d:04x}  {_line(n)}" for (v, d), n in sorted(boards.get((vendor, device), {}).items())
            ]
    for base, subs in sorted(kinds.items()):
        lines.append(f"C {base:02x}  {_line(next(iter(subs.values())))}")
        lines += [f"\t{sub:02x}  {_line(name)}" for sub, name in sorted(subs.items())]
    return "\n".join(lines) + "\n"


def _line(name: str) -> str:
    return " ".join(name.split())
