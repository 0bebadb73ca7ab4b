"""PCI functions from sysfs (ABI/testing/sysfs-bus-pci)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import partial

from vfiotui.host.pci import smbios
from vfiotui.host.pci.config_space import parse_pieces
from vfiotui.host.pci.modules import AliasTable, read_aliases
from vfiotui.host.pci.names import PciNames, named, read_names
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, at, if_absent, or_else, then
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.cpu.cpuset import parse_list
from vfiotui.model.pci.functions import BDF, NESTED, Bar, Capabilities, Link, PciBus, PciDevice

DEVICES, SLOTS = "/sys/bus/pci/devices", "/sys/bus/pci/slots"
VGA = (0x0300, 0x0001)
"""Classes of VGA devices; the second is that of devices from before there were classes."""
METHODS = frozenset("device_specific acpi flr af_flr pm bus cxl_bus".split())
"""Words of reset_method (drivers/pci/pci.c pci_reset_fn_methods)."""
ROM_LINE = 7
"""The line of `resource` that is the expansion ROM's; bridges and virtual functions have more below it."""
CONFIG_DEADLINE = 2.0
"""Seconds for all configuration spaces together; a sick device can hold a read for ever."""
NOT_ASKED = Unread("was not asked for", Why.NOT_HERE)
MEMORY_64, PREFETCH, IO, MEMORY = 0x00100000, 0x2000, 0x100, 0x200
"""Resource flags of include/linux/ioport.h."""


@dataclass(frozen=True, slots=True)
class _Tables:
    names: PciNames
    has_groups: bool


def read(root: Root) -> Reading[PciBus]:
    """All PCI functions; Unread only where the bus cannot be seen."""
    names = read_names(root)
    bus = _glance(root, names)
    if isinstance(bus, Unread):
        return bus
    aliases = read_aliases(root)
    configs = read_configs(root, bus.devices)
    whole = (_whole(root, d, configs[d.bdf], names, aliases) for d in bus.devices)
    slots = read_slots(root)
    board = smbios.read(root)
    return _with_resets_seen(
        PciBus(
            tuple(
                replace(d, slot_name=_slot_name(d, slots), board_slot=then(board, partial(smbios.name_of, d, bus)))
                for d in whole
            )
        )
    )


def read_slots(root: Root) -> Reading[dict[str, str]]:
    """The slots' names by what is in them, "0000:01:00" (ABI/testing/sysfs-bus-pci, /sys/bus/pci/slots)."""
    names = root.names(SLOTS)
    if isinstance(names, Unread):
        return {} if names.why is Why.ABSENT else names
    found: dict[str, str] = {}
    for name in sorted(names):
        address = root.text(f"{SLOTS}/{name}/address", 4096)
        if not isinstance(address, Unread):
            found.setdefault(address.strip(), name)
    return found


def _slot_name(device: PciDevice, slots: Reading[dict[str, str]]) -> Reading[str | None]:
    return slots if isinstance(slots, Unread) else None if device.is_virtual else slots.get(device.slot)


def peek(root: Root) -> Reading[PciBus]:
    """All PCI functions with what a list shows: names, driver, group, place; the rest was not asked for."""
    return _glance(root, read_names(root))


def _glance(root: Root, names: PciNames) -> Reading[PciBus]:
    listed = root.names(DEVICES)
    if isinstance(listed, Unread):
        return listed
    tables = _Tables(names, not isinstance(root.names("/sys/kernel/iommu_groups"), Unread))
    addresses = sorted((n for n in listed if BDF.fullmatch(n)), key=_order)
    return PciBus(named(root, tuple(read_basics(root, a, tables) for a in addresses)))


def with_capabilities(root: Root, bus: PciBus, addresses: Collection[str]) -> PciBus:
    """The bus with the capabilities of some functions."""
    configs = read_configs(root, [d for d in bus.devices if d.bdf in addresses])
    return PciBus(tuple(replace(d, capabilities=configs[d.bdf]) if d.bdf in configs else d for d in bus.devices))


def _order(bdf: str) -> tuple[int, str]:
    return len(bdf), bdf


def _config(root: Root, device: PciDevice) -> Reading[Capabilities]:
    path = f"{DEVICES}/{device.bdf}/config"
    vendor = device.vendor if isinstance(device.vendor, int) else None
    found = at(path, root.read_at(path, lambda piece, size: parse_pieces(piece, size, vendor)))
    return root.missed(found) if isinstance(found, Unread) else found


def read_configs(root: Root, devices: Sequence[PciDevice]) -> dict[str, Reading[Capabilities]]:
    """The configuration spaces, read by one worker; a device that hangs is named and the others go on."""
    found: dict[str, Reading[Capabilities]] = {}
    todo = list(devices)
    while todo:
        # A new list for each worker: one that was left behind keeps taking from its own.
        mine = list(todo)

        def work(mine: list[PciDevice] = mine) -> bool:
            for device in mine:
                found[device.bdf] = _config(root, device)
            return True

        done = root.within(work, CONFIG_DEADLINE)
        if done is True:
            break
        assert isinstance(done, Unread)
        answered = [d for d in mine if d.bdf in found]
        stuck = mine[len(answered)] if len(answered) < len(mine) else None
        if stuck is not None:
            found[stuck.bdf] = Unread(done.reason, Why.TIMED_OUT, f"{DEVICES}/{stuck.bdf}/config")
        todo = [d for d in mine if d.bdf not in found]
        if not answered:
            # The next one hangs as well: the bus is sick, and every further try costs the deadline.
            found.update({d.bdf: Unread("not tried: the bus does not answer", Why.TIMED_OUT) for d in todo})
            todo = []
    return found


def _uevent(root: Root, folder: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in or_else(root.lines(f"{folder}/uevent", 1 << 14), ()))
    return {key: value for key, equals, value in pairs if equals}


def _hex(text: str | None, digits: int) -> int | None:
    return int(text, 16) if text and len(text) <= digits and re.fullmatch(r"[0-9A-Fa-f]+", text) else None


def _pair(text: str | None) -> tuple[int | None, int | None]:
    first, _, second = (text or "").partition(":")
    return _hex(first, 4), _hex(second, 4)


def read_basics(root: Root, bdf: str, tables: _Tables) -> PciDevice:
    """One function at a glance."""
    folder = f"{DEVICES}/{bdf}"
    event = _uevent(root, folder)
    told_vendor, told_device = _pair(event.get("PCI_ID"))
    told_sub_vendor, told_sub_device = _pair(event.get("PCI_SUBSYS_ID"))

    def number(told: int | None, name: str, limit: int) -> Reading[int]:
        value = told if told is not None else root.integer(f"{folder}/{name}", 16)
        if isinstance(value, int) and not 0 <= value <= limit:
            return Unread(f"holds no such number but {value:x}", Why.DAMAGED, f"{folder}/{name}")
        return value

    vendor = number(told_vendor, "vendor", 0xFFFF)
    device = number(told_device, "device", 0xFFFF)
    sub_vendor = number(told_sub_vendor, "subsystem_vendor", 0xFFFF)
    sub_device = number(told_sub_device, "subsystem_device", 0xFFFF)
    class_code = number(_hex(event.get("PCI_CLASS"), 6), "class", 0xFFFFFF)
    modalias: Reading[str] = event.get("MODALIAS") or root.text(f"{folder}/modalias", 4096)
    return PciDevice(
        bdf=bdf,
        vendor=vendor,
        device=device,
        subsystem_vendor=sub_vendor,
        subsystem_device=sub_device,
        class_code=class_code,
        revision=NOT_ASKED,
        vendor_name=vendor if isinstance(vendor, Unread) else tables.names.vendor(vendor),
        device_name=_device_name(tables.names, vendor, device),
        class_name=class_code if isinstance(class_code, Unread) else tables.names.kind(class_code),
        subsystem_name=NOT_ASKED,
        driver=_driver(root, folder, event),
        driver_override=_override(root, folder),
        modalias=modalias,
        modules=NOT_ASKED,
        group=_group(root, folder, tables.has_groups),
        parent=_parent(root, folder),
        numa_node=NOT_ASKED,
        local_cpus=NOT_ASKED,
        boot_vga=_boot_vga(root, folder, class_code),
        has_reset=root.exists(f"{folder}/reset"),
        reset_methods=NOT_ASKED,
        link=Link(NOT_ASKED, NOT_ASKED, NOT_ASKED, NOT_ASKED),
        bars=NOT_ASKED,
        msi_irqs=NOT_ASKED,
        irq=NOT_ASKED,
        power_state=NOT_ASKED,
        d3cold_allowed=NOT_ASKED,
        enabled=NOT_ASKED,
        capabilities=NOT_ASKED,
        sriov_parent=NOT_ASKED,
    )


def _whole(
    root: Root, device: PciDevice, capabilities: Reading[Capabilities], names: PciNames, aliases: AliasTable
) -> PciDevice:
    """One function with all that sysfs tells of it."""
    folder = f"{DEVICES}/{device.bdf}"
    alias = device.modalias
    parent = linked_name(root, f"{folder}/physfn")
    numbers = (device.vendor, device.device, device.subsystem_vendor, device.subsystem_device)
    return replace(
        device,
        revision=root.integer(f"{folder}/revision", 16),
        subsystem_name=_subsystem_name(names, numbers),
        modules=alias if isinstance(alias, Unread) else aliases.missing or aliases.modules(alias),
        numa_node=then(root.integer(f"{folder}/numa_node"), lambda n: None if n < 0 else n),
        local_cpus=_local_cpus(root, folder),
        reset_methods=_reset_methods(root, folder),
        link=Link(
            speed=root.text(f"{folder}/current_link_speed", 4096),
            width=root.integer(f"{folder}/current_link_width"),
            max_speed=root.text(f"{folder}/max_link_speed", 4096),
            max_width=root.integer(f"{folder}/max_link_width"),
        ),
        bars=_bars(root, folder),
        msi_irqs=_msi_irqs(root, folder),
        irq=root.integer(f"{folder}/irq"),
        power_state=root.text(f"{folder}/power_state", 4096),
        d3cold_allowed=then(root.integer(f"{folder}/d3cold_allowed"), bool),
        enabled=then(root.integer(f"{folder}/enable"), bool),
        capabilities=capabilities,
        sriov_parent=parent,
        vfio_device=isinstance(parent, str) and then(if_absent(root.names(f"{folder}/vfio-dev"), ()), bool),
    )


def _device_name(names: PciNames, vendor: Reading[int], device: Reading[int]) -> Reading[str]:
    if isinstance(vendor, Unread):
        return vendor
    return device if isinstance(device, Unread) else names.device(vendor, device)


def _subsystem_name(names: PciNames, numbers: tuple[Reading[int], ...]) -> Reading[str]:
    known = [n for n in numbers if isinstance(n, int)]
    if len(known) < 4:
        return next(n for n in numbers if isinstance(n, Unread))
    return names.subsystem(*known)


def _driver(root: Root, folder: str, event: dict[str, str]) -> Reading[str | None]:
    if event.get("DRIVER"):
        return event["DRIVER"]
    link = root.link(f"{folder}/driver")
    if isinstance(link, str):
        return link.rpartition("/")[2]
    if link.why is not Why.ABSENT:
        return link
    if event or not isinstance(root.stat(f"{folder}/subsystem", follow=False), Unread):
        return None
    return root.missed(Unread("this tree does not show drivers", Why.NOT_HERE, f"{folder}/driver"))


def _override(root: Root, folder: str) -> Reading[str | None]:
    text = root.text(f"{folder}/driver_override", 4096)
    return text if isinstance(text, Unread) else None if text.strip() in ("", "(null)") else text.strip()


def _group(root: Root, folder: str, has_groups: bool) -> Reading[int | None]:
    link = root.link(f"{folder}/iommu_group")
    if isinstance(link, Unread):
        if link.why is Why.ABSENT and has_groups:
            return None
        return link
    number = link.rpartition("/")[2]
    return int(number) if number.isdigit() and len(number) < 10 else Unread("leads to no group", Why.DAMAGED, folder)


def _parent(root: Root, folder: str) -> str | None:
    # The entry is a link that names the way; to resolve it costs eight times as much.
    way = root.link(folder)
    if isinstance(way, Unread):
        way = or_else(root.real(folder), "")
    way, _, above = way.rpartition("/")[0].rpartition("/")
    if NESTED.fullmatch(above):
        above = way.rpartition("/")[2]
    return above if BDF.fullmatch(above) else None


def _local_cpus(root: Root, folder: str) -> Reading[frozenset[int]]:
    text = root.text(f"{folder}/local_cpulist", 1 << 16)
    return text if isinstance(text, Unread) else parse_list(text)


def _boot_vga(root: Root, folder: str, class_code: Reading[int]) -> Reading[bool | None]:
    """Every VGA device has the file, and no other has it (drivers/pci/pci-sysfs.c pci_dev_attrs_are_visible)."""
    number = root.integer(f"{folder}/boot_vga")
    if isinstance(number, Unread):
        other = isinstance(class_code, int) and class_code >> 8 not in VGA
        return None if number.why is Why.ABSENT and other else number
    if number not in (0, 1):
        return root.missed(Unread(f"holds no flag but {number}", Why.DAMAGED, f"{folder}/boot_vga"))
    return number == 1


def _reset_methods(root: Root, folder: str) -> Reading[tuple[str, ...]]:
    text = root.text(f"{folder}/reset_method", 4096)
    if isinstance(text, Unread):
        return text
    words = tuple(text.split())
    if words and not METHODS & set(words):
        return root.missed(Unread(f"names no way to reset: {text[:40]!r}", Why.DAMAGED, f"{folder}/reset_method"))
    return words


def _with_resets_seen(bus: PciBus) -> PciBus:
    """The bus; where none of its functions shows how it is reset, the tree lacks these files, and not the devices."""
    if any(d.has_reset is True or not isinstance(d.reset_methods, Unread) for d in bus.devices):
        return bus
    unseen = "no function of this tree shows whether it can be reset"
    return PciBus(
        tuple(
            replace(d, has_reset=Unread(unseen, Why.NOT_HERE, f"{DEVICES}/{d.bdf}/reset"))
            if d.has_reset is False
            else d
            for d in bus.devices
        )
    )


def _bars(root: Root, folder: str) -> Reading[tuple[Bar, ...]]:
    lines = root.lines(f"{folder}/resource", 1 << 14)
    if isinstance(lines, Unread):
        return lines
    if len(lines) < ROM_LINE:
        found_short = f"holds {len(lines)} lines, and every function has {ROM_LINE} at least"
        return root.missed(Unread(found_short, Why.DAMAGED, f"{folder}/resource"))
    found = []
    for index, line in enumerate(lines[:ROM_LINE]):
        words = [_hex(w.removeprefix("0x"), 16) for w in line.split()]
        if len(words) != 3 or None in words:
            return root.missed(Unread(f"line {index + 1} is no resource", Why.DAMAGED, f"{folder}/resource"))
        start, end, flags = (w or 0 for w in words)
        if not flags or end < start:
            continue
        found.append(
            Bar(
                index=index,
                start=start,
                size=end - start + 1,
                flags=flags,
                memory=bool(flags & MEMORY),
                prefetchable=bool(flags & PREFETCH),
                is_64=bool(flags & MEMORY_64),
                resizable_mib=_resizable(root, f"{folder}/resource{index}_resize"),
            )
        )
    return tuple(found)


def _resizable(root: Root, path: str) -> Reading[tuple[int, ...]]:
    """Bit n of the mask stands for 2**n MiB."""
    text = root.text(path, 4096)
    if isinstance(text, Unread):
        return () if text.why is Why.ABSENT else text
    mask = _hex(text.strip().removeprefix("0x"), 16)
    if mask is None:
        return Unread("is no mask of sizes", Why.DAMAGED, path)
    return tuple(1 << bit for bit in range(64) if mask >> bit & 1)


def _msi_irqs(root: Root, folder: str) -> Reading[tuple[int, ...]]:
    names = root.names(f"{folder}/msi_irqs")
    if isinstance(names, Unread):
        return () if names.why is Why.ABSENT else names
    return tuple(sorted(int(n) for n in names if n.isdigit() and len(n) < 10))


def linked_name(root: Root, path: str) -> Reading[str | None]:
    """The last name of what a link of sysfs points to; None where the link is not there."""
    link = root.link(path)
    if isinstance(link, Unread):
        return None if link.why is Why.ABSENT else link
    return link.rpartition("/")[2]
