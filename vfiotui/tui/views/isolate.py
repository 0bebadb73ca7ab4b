"""What is configured, booted and bound for every device that could be given away."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.boot import Boot
from vfiotui.model.facts import Facts
from vfiotui.model.iommu import IommuGroup, judge_group
from vfiotui.model.pci import PciBus, PciDevice, short
from vfiotui.model.reading import Unread, or_else
from vfiotui.model.vfio_ids import VfioId, configured_ids
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.text import clean, fit, shown, wrap
from vfiotui.tui.views.groups import kind_of


def configured_words(device: PciDevice, ids: Sequence[VfioId]) -> str:
    """How the configuration asks for vfio-pci."""
    words = ["ids" for i in ids if not i.on_cmdline and i.matches(device)][:1]
    words += ["cmdline" for i in ids if i.on_cmdline and i.matches(device)][:1]
    return "+".join(words) or "–"


def refusal(device: PciDevice, groups: dict[str, IommuGroup], bus: PciBus) -> str:
    """Why the device cannot be given away as things are; empty where nothing speaks against it."""
    if device.boot_vga is True:
        return "boot display"
    group = groups.get(device.bdf)
    if group is None:
        return "no IOMMU group"
    verdict = judge_group(device, group, bus)
    if verdict.blockers:
        return f"group shared with {short(verdict.blockers[0])}" + (
            f" +{len(verdict.blockers) - 1}" if len(verdict.blockers) > 1 else ""
        )
    return ""


def isolate_rows(facts: Facts | None, width: int, wanted: str) -> list[Row]:
    """A line for every device that is no bridge, by group."""
    if facts is None:
        return [row(("reading the devices …", "accent"))]
    if isinstance(facts.pci, Unread):
        return [row((line, "unknown")) for line in wrap(f"the PCI devices cannot be seen: {facts.pci}", width)]
    boot = None if isinstance(facts.boot, Unread) else facts.boot
    ids = configured_ids(boot) if boot else ()
    groups = (
        {} if isinstance(facts.iommu, Unread) else {m: g for g in or_else(facts.iommu.groups, ()) for m in g.members}
    )
    name = max(width - 67, 8)
    head = f"{'device':13}{'class':8}{fit('name', name)} {'group':>5}  {'configured':12}{'override':10}{'bound now':14}"
    rows = [row((fit(head, width), "head"))]
    for device in facts.pci.devices:
        if device.is_bridge or (wanted and wanted.lower() not in f"{device.bdf} {device.ids} {device.name}".lower()):
            continue
        rows += _device_rows(device, ids, groups, facts.pci, name, width)
    if len(rows) == 1:
        rows.append(
            row((f"no device matches {clean(wanted)!r}" if wanted else "there is no device besides bridges", "dim"))
        )
    return [*rows, BLANK, *_sources(boot, ids, width)]


def _device_rows(
    device: PciDevice, ids: Sequence[VfioId], groups: dict[str, IommuGroup], bus: PciBus, name: int, width: int
) -> list[Row]:
    bound = shown(or_else(device.driver, "?"), "none")
    why = refusal(device, groups, bus)
    configured = configured_words(device, ids)
    drift = configured != "–" and "vfio" not in bound
    line = row(
        (fit(short(device.bdf), 13), "accent" if device.is_display else ""),
        (fit(kind_of(device), 7) + " ", "dim"),
        fit(device.name, name) + " ",
        f"{shown(device.group):>5}  ",
        (fit(configured, 12), "accent" if configured != "–" else "dim"),
        (fit(shown(or_else(device.driver_override, None)), 10), "dim"),
        (fit(bound, 14), "holds" if "vfio" in bound else "warn" if drift else ""),
        key=f"device {device.bdf}",
    )
    if not why:
        return [line]
    style = "fail" if device.is_display and device.boot_vga is not True else "dim"
    return [line, row(" " * 21, (fit(f"stays with the host: {why}", max(width - 21, 10)), style))]


def _sources(boot: Boot | None, ids: Sequence[VfioId], width: int) -> list[Row]:
    """Where the configuration was read, and what starts this host."""
    if boot is None:
        return [row(("the boot chain cannot be seen", "unknown"))]
    rows = [row(("read from", "head"))]
    rows += [row(f"  {clean(i.where)}: {clean(i.text)}") for i in ids] or [
        row(("  no ids are given to vfio-pci", "dim"))
    ]
    loader = boot.loader
    sure = "" if loader.sure else " (not sure)"
    rows.append(
        row(("loader ", "head"), f"{clean(loader.name)}{sure}   ", ("initramfs ", "head"), shown(boot.initramfs))
    )
    for sentence in loader.evidence[:3]:
        rows += [row((f"  {line}", "dim")) for line in wrap(sentence, max(width - 4, 20))]
    return rows
