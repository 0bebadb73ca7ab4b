"""IOMMU groups and their devices as rows, with what passthrough depends on."""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.base.counted import counted
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.facts import Facts
from vfiotui.model.pci.acs_answer import acs_answer, answer_lines
from vfiotui.model.pci.functions import Capabilities, Link, PciBus, PciDevice, short
from vfiotui.model.pci.group_why import spans_slots, why_shared
from vfiotui.model.pci.host_use import host_loses
from vfiotui.model.pci.iommu import GroupVerdict, IommuGroup, cards_in_groups, judge_group
from vfiotui.model.pci.no_groups import why_no_groups
from vfiotui.model.pci.slot_location import way_up, wired_to
from vfiotui.tui.row import BLANK, Row, Run, row
from vfiotui.tui.screens.host.finding_view import labelled
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean, fit, shown, wrap

KINDS = {
    0x0300: "VGA",
    0x0302: "3D",
    0x0380: "Display",
    0x0403: "Audio",
    0x0C03: "USB",
    0x0108: "NVMe",
    0x0106: "SATA",
    0x0200: "NIC",
    0x0280: "WLAN",
    0x0806: "IOMMU",
    0x0C05: "SMBus",
}
BASES = {
    0x00: "Other",
    0x01: "Storage",
    0x02: "Network",
    0x03: "Display",
    0x04: "Media",
    0x05: "Memory",
    0x06: "Bridge",
    0x07: "Serial",
    0x08: "System",
    0x0C: "Bus",
    0x0D: "Radio",
    0x10: "Crypto",
    0x11: "Signal",
    0x12: "Accel",
    0x13: "Other",
    0xFF: "Other",
}
"""Words of at most eight cells, by subclass and else by base class (PCI Code and ID Assignment Specification)."""


def kind_of(device: PciDevice) -> str:
    """A short word for the class: VGA, Audio, NIC, Bridge; the class's own name where there is none."""
    if device.class16 is None:
        return "?"
    word = KINDS.get(device.class16) or BASES.get(device.class16 >> 8)
    return word or clean(or_else(device.class_name, f"{device.class16:04x}"))


def size_words(size: int) -> str:
    """A size in its largest whole unit: 256M, 8G."""
    for unit in ("", "K", "M", "G"):
        if size < 1024 or size % 1024:
            return f"{size}{unit}"
        size //= 1024
    return f"{size}T"


def reset_words(device: PciDevice) -> str:
    """The reset methods, "none", or "?" where they cannot be seen."""
    if isinstance(device.reset_methods, Unread):
        return "?" if isinstance(device.has_reset, Unread) else "yes" if device.has_reset else "none"
    return ",".join(clean(m) for m in device.reset_methods) or "none"


def link_words(device: PciDevice) -> str:
    """Lanes and generation now of most: "x16/16 3/4"; empty where there is no link."""
    link = device.link
    if isinstance(link.width, Unread) or isinstance(link.max_width, Unread) or not link.max_width:
        return ""
    speeds = "/".join(str(or_else(s, "?")).split(" ")[0] for s in (link.speed, link.max_speed))
    return f"x{link.width}/{link.max_width} {clean(speeds)}"


def biggest_bar(device: PciDevice) -> str:
    """The size of the largest memory BAR."""
    bars = [b.size for b in or_else(device.bars, ()) if b.memory]
    return size_words(max(bars)) if bars else ""


def verdicts_of(groups: tuple[IommuGroup, ...], bus: PciBus) -> dict[str, GroupVerdict]:
    """The verdict of every display controller with a group."""
    return {card.bdf: judge_group(card, group, bus) for card, group in cards_in_groups(bus, groups)}


def device_runs(device: PciDevice, width: int) -> list[Run]:
    """Address, class, name, then as many columns as there is room for."""
    driver = device.driver
    word = "?" if isinstance(driver, Unread) else driver or "none"
    style = "holds" if "vfio" in word else ""
    columns: list[tuple[str, str, int]] = [(word, style, 13)]
    if width >= 64:
        columns.append(
            (reset_words(device), "fail" if reset_words(device) == "none" and device.is_display else "dim", 10)
        )
    if width >= 84:
        columns.append((link_words(device), "dim", 17))
    if width >= 98:
        columns.append((biggest_bar(device), "dim", 5))
        columns.append(("-" if device.numa_node is None else f"n{shown(device.numa_node)}"[:4], "dim", 3))
    if width >= 110:
        columns.append((device.ids, "dim", 9))
    fixed = 13 + 9 + sum(c[2] + 1 for c in columns)
    boot = "boot " if device.boot_vga is True else ""
    runs: list[Run] = [
        (fit(short(device.bdf), 12) + " ", "accent" if device.is_display else ""),
        (fit(kind_of(device), 8) + " ", "dim"),
        (boot, "mark"),
        (fit(device.name, max(width - fixed - len(boot), 6)) + " ", ""),
    ]
    runs += [(fit(text, size) + " ", name) for text, name, size in columns]
    return runs


def group_rows(facts: Facts, glyphs: Glyphs, width: int, wanted: str = "") -> list[Row]:
    """All groups, those with cards first; blocked ones say so on the group's line."""
    if isinstance(facts.pci, Unread):
        return [row(("the PCI devices cannot be seen: ", "unknown"), clean(str(facts.pci)))]
    bus = facts.pci
    groups = () if isinstance(facts.iommu, Unread) else or_else(facts.iommu.groups, ())
    rows = list(override_row(groups, wanted))
    by_bdf = {d.bdf: d for d in bus.devices}
    verdicts = verdicts_of(groups, bus)
    for group in sorted(groups, key=lambda g: _weight(g, by_bdf, verdicts)):
        members = [by_bdf[m] for m in group.members if m in by_bdf and _wanted(by_bdf[m], wanted)]
        if not members:
            continue
        judged = [verdicts[m.bdf] for m in members if m.bdf in verdicts]
        state: Run = ("", "")
        if judged:
            state = (" clean", "holds") if all(v.clean for v in judged) else (" BLOCKED", "fail")
        rows.append(row((f"group {group.number}", "head"), state, (f"  {_type(group)}", "dim")))
        rows += [row((f"  {line}", "dim")) for line in why_lines(group, bus, width - 2)]
        for device in members:
            rows.append(Row(((" ", ""), *device_runs(device, width - 2)), f"device {device.bdf}"))
            if spans_slots(group) and not device.is_bridge:
                rows += _loss_rows(facts, device, width)
    alone = [d for d in bus.devices if not any(d.bdf in g.members for g in groups) and _wanted(d, wanted)]
    if alone:
        why = "devices without a group" if groups else clean(_no_groups(facts))
        rows += [row((line, "dim" if groups else "warn")) for line in wrap(f"no group: {why}", max(width, 10))]
        rows += [Row(((" ", ""), *device_runs(d, width - 2)), f"device {d.bdf}") for d in alone]
    if not rows:
        return [row((f"no device matches {clean(wanted)!r}" if wanted else "there is no PCI device", "dim"))]
    return rows


def _no_groups(facts: Facts) -> str:
    found = facts.iommu if isinstance(facts.iommu, Unread) else facts.iommu.groups
    return found.reason if isinstance(found, Unread) else why_no_groups(facts.host_kind)


OVERRIDE_KEY = "groups ACS-override"


def override_row(groups: tuple[IommuGroup, ...], wanted: str) -> Iterator[Row]:
    """The question that leads to the answer of `override_detail`, where a group holds several slots."""
    text = "ACS override: which groups would it change?"
    if any(spans_slots(g) for g in groups) and wanted.lower() in text.lower():
        yield Row(((text, "accent"),), OVERRIDE_KEY)


def override_detail(facts: Facts, width: int) -> list[Row]:
    """What pcie_acs_override= would change here, whether the kernel has the patch, and what it gives up."""
    rows: list[Row] = []
    for depth, text in answer_lines(acs_answer(facts, facts.kernel_log), facts.pci):
        if not depth and rows:
            rows.append(BLANK)
        style = "" if depth else "head"
        rows += [row((line, style)) for line in wrap(clean(text), max(width, 10))]
    return rows


def why_lines(group: IommuGroup, bus: PciBus, width: int) -> list[str]:
    """Why several slots share a group, wrapped; nothing for a group that holds one slot."""
    if not spans_slots(group):
        return []
    return wrap(f"together because {'; '.join(map(clean, why_shared(group, bus)))}", max(width, 10))


def _slot_text(device: PciDevice) -> str:
    """The slot's names; where none is known, why: the board's is for root alone."""
    if device.slot_text:
        return device.slot_text
    unread = next((n for n in (device.slot_name, device.board_slot) if isinstance(n, Unread)), None)
    return "none is reported" if unread is None else shown(unread)


def _loss_rows(facts: Facts, device: PciDevice, width: int) -> list[Row]:
    lost = host_loses(device, facts.pci, facts.usb, facts.host_use)
    text = f"passing it through removes from the host: {'; '.join(map(clean, lost))}"
    return [row((f"    {line}", "warn")) for line in wrap(text, max(width - 4, 10))] if lost else []


def _weight(group: IommuGroup, by_bdf: dict[str, PciDevice], verdicts: dict[str, GroupVerdict]) -> tuple[int, int]:
    """Blocked cards first, then clean ones, then other devices; groups of bridges alone come last."""
    judged = [verdicts[m] for m in group.members if m in verdicts]
    if judged:
        return (0 if any(not v.clean for v in judged) else 1), group.number
    return (2 if any(m in by_bdf and not by_bdf[m].is_bridge for m in group.members) else 3), group.number


def _type(group: IommuGroup) -> str:
    return "" if isinstance(group.domain_type, Unread) else f"domain {clean(group.domain_type)}"


def _wanted(device: PciDevice, text: str) -> bool:
    if not text:
        return True
    driver = or_else(device.driver, "") or ""
    words = f"{device.bdf} {device.ids} {kind_of(device)} {device.name} {driver} group {device.group}"
    return text.lower() in words.lower()


def groups_title(facts: Facts) -> str:
    """How many groups, and how many cards are blocked."""
    if isinstance(facts.pci, Unread) or isinstance(facts.iommu, Unread) or isinstance(facts.iommu.groups, Unread):
        return "groups: not visible"
    verdicts = verdicts_of(facts.iommu.groups, facts.pci)
    blocked = sum(not v.clean for v in verdicts.values())
    return f"{len(facts.iommu.groups)} groups · {len(verdicts) - blocked} cards clean · {blocked} blocked"


def device_detail(facts: Facts, bdf: str, width: int) -> list[Row]:
    """Everything about one device."""
    device = None if isinstance(facts.pci, Unread) else facts.pci.get(bdf)
    if device is None or isinstance(facts.pci, Unread):
        return [row("this device is gone")]
    rows = [row((clean(bdf), "head"), f"  {kind_of(device)}"), BLANK]
    link, wired = device.link, wired_to(device, facts.pci)
    node = "the kernel does not report it" if device.numa_node is None else shown(device.numa_node)
    pairs = [
        ("name", f"{shown(device.vendor_name)} {shown(device.device_name)}"),
        ("board", f"{shown(device.subsystem_name)}"),
        ("ids", f"{device.ids}  class {shown(device.class_name)}"),
        ("driver", shown(device.driver, "none is bound")),
        ("override", shown(device.driver_override, "none")),
        ("modules", " ".join(clean(m) for m in or_else(device.modules, ())) or "none that would claim it is known"),
        ("group", shown(device.group, "none")),
        *(_below(device, facts.pci) or [("below", "the root complex")]),
        ("slot", _slot_text(device)),
        ("wired to", f"the {wired}" if isinstance(wired, str) else shown(wired)),
        ("reset", reset_words(device)),
        ("power", shown(device.power_state)),
        ("boot VGA", "yes: the firmware drew on it" if device.boot_vga is True else "no"),
        ("node", node),
        ("link", _link_sentence(link)),
        ("MSI", f"{counted(len(or_else(device.msi_irqs, ())), 'interrupt')} in use"),
        ("BARs", ", ".join(f"{b.index}: {size_words(b.size)}" for b in or_else(device.bars, ()) if b.memory) or "none"),
    ]
    for label, text in pairs:
        rows += labelled(label, text, width)
    rows += labelled("can do", _capabilities(device), width)
    loses = loss_words(facts, device)
    rows += labelled("host use", loses, width, "accent" if loses != NOTHING_LOST else "")
    if not isinstance(facts.iommu, Unread):
        for group in or_else(facts.iommu.groups, ()):
            if bdf in group.members:
                verdict = judge_group(device, group, facts.pci)
                rows += labelled("with it", _with_it(verdict, group), width)
    return rows


def _below(device: PciDevice, bus: PciBus) -> list[tuple[str, str]]:
    """The bridges above, the nearest first, each with its link."""
    above = way_up(device, bus)
    words = (f"{short(b.bdf)} {clean(b.name)}{_link_behind(b.link)}" for b in above)
    return [("below" if n == 0 else "", text) for n, text in enumerate(words)]


def _link_behind(link: Link) -> str:
    return "" if isinstance(link.speed, Unread) else f", link {_link_sentence(link)}"


NOTHING_LOST = "nothing that is seen from here depends on it"


def _link_sentence(link: Link) -> str:
    if isinstance(link.speed, Unread) and isinstance(link.max_speed, Unread):
        return f"not known: {clean(str(link.speed))}"
    return f"{shown(link.speed)} x{shown(link.width)}, at most {shown(link.max_speed)} x{shown(link.max_width)}"


def loss_words(facts: Facts, device: PciDevice) -> str:
    """What the host would lose if the device were given away, as far as the facts show it."""
    lost = host_loses(device, facts.pci, facts.usb, facts.host_use)
    return "passing it through removes from the host: " + "; ".join(map(clean, lost)) if lost else NOTHING_LOST


def _capabilities(device: PciDevice) -> str:
    caps = device.capabilities
    if isinstance(caps, Unread):
        return f"unknown: {clean(caps.reason)}"
    if not isinstance(caps, Capabilities) or caps.dead:
        return "it answers ff only: off the bus"
    words = [caps.express.kind if caps.express else "conventional PCI"]
    words += [
        "FLR" if caps.express and caps.express.flr else "no FLR",
        "MSI-X" if caps.msix else "MSI" if caps.msi else "INTx only",
    ]
    if caps.acs and not isinstance(caps.acs, Unread):
        words.append("ACS " + " ".join(sorted(caps.acs.ctl)))
    return ", ".join(words)


def _with_it(verdict: GroupVerdict, group: IommuGroup) -> str:
    others = [m for m in group.members if m != verdict.bdf]
    if not others:
        return f"group {group.number} holds nothing else"
    text = f"group {group.number}: {', '.join(others)}"
    return (
        f"{text}; {', '.join(verdict.blockers)} must also be passed through"
        if verdict.blockers
        else f"{text} (same slot or bridges)"
    )
