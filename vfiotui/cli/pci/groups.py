"""`vfiotui groups`: IOMMU groups, their members, and whether each graphics card can be given away.

JSON: {"groups": {"23": [addresses]}, "why": {"23": [why its members share it]}, "types": {"23": "DMA-FQ"},
"gpus": {address: {"clean", "blockers", "bridges", "companions", "group"}},
"devices": {address: {"name", "ids", "class", "driver", "host_loses": [what the host would lose with it]}}}.

With --acs-override: {"acs_override": {"patch": {"present", "sure", "active", "why"}, "running": [values],
"next_boot": [values], "unread": reason or null, "options": {"downstream": {"changes":
[{"group", "into": [[addresses]]}], "freed": [cards], "stays": [{"group", "why"}], "unknown": [{"group", "why"}]},
…}, "gives_up": [sentences]}}.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any, TypeAlias

from vfiotui.cli.exit import Exit
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import needed, plain, print_answer, printable, table
from vfiotui.host.pci import functions as pci
from vfiotui.host.pci import host_use, iommu, usb
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.group_why import spans_slots, why_shared
from vfiotui.model.pci.host_use import host_loses
from vfiotui.model.pci.iommu import GroupVerdict, IommuGroup, judge_group
from vfiotui.model.pci.slot_location import way_up


def arguments(parser: argparse.ArgumentParser) -> None:
    """Whether the question of the ACS override is answered instead."""
    parser.add_argument(
        "--acs-override",
        action="store_true",
        help="show which groups pcie_acs_override= would change, whether this kernel has the patch, what it gives up",
    )


def run(args: argparse.Namespace) -> Exit:
    """Prints the groups."""
    root = open_root(args)
    if args.acs_override:
        # Another question, which needs modules that the groups alone do not.
        from vfiotui.cli.pci.groups_override import print_override

        return print_override(args, root)
    unseen = "the IOMMU groups cannot be seen"
    groups = needed(needed(iommu.read(root), unseen).groups, unseen)
    bus = needed(pci.peek(root), "the PCI devices cannot be seen")
    bus = pci.with_capabilities(root, bus, explaining(groups, bus))
    verdicts = judge_displays(groups, bus)
    ports, use = usb.read(root), host_use.read(root)
    losses = {d.bdf: host_loses(d, bus, ports, use) for d in bus.devices}
    told = (groups, bus, verdicts, losses)
    return print_answer(args, lambda: as_json(*told), lambda: as_text(*told) if groups else without_groups(root))


def without_groups(root: Root) -> list[str]:
    """One line: why there is no group."""
    from vfiotui.host.boot import host_kind
    from vfiotui.model.pci.no_groups import why_no_groups

    return [printable(f"no IOMMU groups: {why_no_groups(host_kind.read(root))}; 'vfiotui doctor' explains why")]


def explaining(groups: tuple[IommuGroup, ...], bus: PciBus) -> frozenset[str]:
    """The functions whose capabilities tell why some share a group: these, and the ports above them."""
    shared = [d for g in groups if len(g.members) > 1 for d in map(bus.get, g.members) if d is not None]
    return frozenset(d.bdf for member in shared for d in (member, *way_up(member, bus)))


def judge_displays(groups: tuple[IommuGroup, ...], bus: PciBus) -> dict[str, GroupVerdict]:
    """The verdict for every display controller that has a group."""
    by_member = {m: g for g in groups for m in g.members}
    return {d.bdf: judge_group(d, by_member[d.bdf], bus) for d in bus.devices if d.is_display and d.bdf in by_member}


Losses: TypeAlias = Mapping[str, tuple[str, ...]]
"""Address → what the host would lose with it."""


def as_json(
    groups: tuple[IommuGroup, ...], bus: PciBus, verdicts: dict[str, GroupVerdict], losses: Losses
) -> dict[str, Any]:
    """The JSON document; see the module."""
    return {
        "groups": {str(g.number): list(g.members) for g in groups if g.members},
        "why": {str(g.number): list(why_shared(g, bus)) for g in groups if len(g.members) > 1},
        "types": {str(g.number): plain(g.domain_type) for g in groups},
        "gpus": {
            bdf: {
                "clean": v.clean,
                "blockers": list(v.blockers),
                "bridges": list(v.bridges),
                "companions": list(v.companions),
                "group": v.group,
            }
            for bdf, v in verdicts.items()
        },
        "devices": {
            d.bdf: {
                "name": plain(d.device_name),
                "ids": d.ids,
                "class": _class(d),
                "driver": plain(d.driver),
                "host_loses": list(losses.get(d.bdf, ())),
            }
            for d in bus.devices
        },
    }


def _class(device: PciDevice) -> str | None:
    return None if device.class16 is None else f"{device.class16:04x}"


def as_text(
    groups: tuple[IommuGroup, ...], bus: PciBus, verdicts: dict[str, GroupVerdict], losses: Losses
) -> list[str]:
    """Every group with its members; what blocks a card stands right under it."""
    rows: list[tuple[str, ...]] = []
    notes: dict[int, list[str]] = {}
    devices = {d.bdf: d for d in bus.devices}
    for group in groups:
        head = f"group {group.number}"
        if spans_slots(group):
            notes.setdefault(len(rows) + 1, []).append(f"together because {'; '.join(why_shared(group, bus))}")
        for bdf in (*group.members, *group.foreign):
            rows.append((head, *_row(bdf, devices.get(bdf))))
            head = ""
            verdict = verdicts.get(bdf)
            if verdict is not None:
                notes.setdefault(len(rows), []).append(_verdict_text(verdict, devices[bdf]))
            if losses.get(bdf):
                notes.setdefault(len(rows), []).append(
                    f"passing it through removes from the host: {'; '.join(losses[bdf])}"
                )
    lines = table(rows)
    for place in sorted(notes, reverse=True):
        lines[place:place] = [f"           {note}" for note in notes[place]]
    return [printable(line) for line in lines]


def _row(bdf: str, device: PciDevice | None) -> tuple[str, ...]:
    if device is None:
        return (bdf, "", "", "", "no PCI function is shown at this address")
    driver = device.driver
    return (
        bdf,
        f"[{device.ids}]",
        "reset" if device.has_reset is True else "",
        "?" if isinstance(driver, Unread) else driver or "no driver",
        f"{or_else(device.class_name, _class(device) or '????')}: {_vendor(device)}{device.name}",
    )


def _vendor(device: PciDevice) -> str:
    return "" if isinstance(device.vendor_name, Unread) else f"{device.vendor_name} "


def _verdict_text(verdict: GroupVerdict, card: PciDevice) -> str:
    text = "clean: can be given to a guest" if verdict.clean else "BLOCKED"
    if verdict.blockers:
        text += f" by {', '.join(verdict.blockers)}: they would have to go with it"
    if verdict.companions:
        text += f"; shares its slot with {', '.join(verdict.companions)} in other groups"
    if card.has_reset is False and card.parent is None:
        text += "; it has no reset: perhaps to one guest only until the host boots again"
    return text
