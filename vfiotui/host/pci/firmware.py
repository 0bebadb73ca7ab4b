"""What firmware tells: its IOMMU tables, how it boots, and who made the board."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from vfiotui.host.pci import device_tree
from vfiotui.host.pci.acpi import parse_dmar, parse_ivrs
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, then
from vfiotui.model.pci.iommu import OTHER_TABLES, Firmware

T = TypeVar("T")

TABLES = "/sys/firmware/acpi/tables"
EFI = "/sys/firmware/efi"
DMI = "/sys/class/dmi/id"
SECURE_BOOT = f"{EFI}/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
TABLE_LIMIT = 1 << 20


def read_table(root: Root, name: str, parse: Callable[[bytes], Reading[T]]) -> Reading[T | None]:
    """A table; None where the tables are visible and this one is not among them.

    Unread at its own path where it is among them and may not be read.
    """
    path = f"{TABLES}/{name}"
    data = root.bytes(path, TABLE_LIMIT)
    if isinstance(data, Unread):
        listed = root.names(TABLES)
        if isinstance(listed, Unread):
            return listed
        return None if data.why is Why.ABSENT else data
    table = parse(data)
    return Unread(table.reason, table.why, path) if isinstance(table, Unread) else table


def read_secure_boot(root: Root, efi: Reading[bool]) -> Reading[bool]:
    """The SecureBoot variable: four bytes of attributes, then one that is 1 when it is on (UEFI specification)."""
    if efi is False:
        return False
    data = root.bytes(SECURE_BOOT, 4096)
    if isinstance(data, Unread):
        return data
    return data[4] == 1 if len(data) == 5 else Unread("is no SecureBoot variable", Why.DAMAGED, SECURE_BOOT)


def read(root: Root) -> Reading[Firmware]:
    """Everything about the firmware; Unread only where sysfs is not visible at all."""
    if not root.has("sys"):
        return Unread("a root without /sys shows no firmware", Why.NOT_HERE, "/sys/firmware")
    shown = root.exists("/sys/firmware")
    efi = root.exists(EFI) if shown is True else Unread("is not shown", Why.ABSENT, EFI)
    version = root.text(f"{DMI}/bios_version", 4096)
    date = root.text(f"{DMI}/bios_date", 4096)
    vendor = root.text(f"{DMI}/board_vendor", 4096)
    product = root.text(f"{DMI}/board_name", 4096)
    return Firmware(
        dmar=read_table(root, "DMAR", parse_dmar),
        ivrs=read_table(root, "IVRS", parse_ivrs),
        efi=efi,
        secure_boot=read_secure_boot(root, efi),
        vendor=root.text(f"{DMI}/sys_vendor", 4096) if isinstance(vendor, Unread) else vendor,
        product=root.text(f"{DMI}/product_name", 4096) if isinstance(product, Unread) else product,
        bios=version if isinstance(version, Unread) or isinstance(date, Unread) else f"{version}, {date}",
        others=then(root.names(TABLES), lambda names: tuple(n for n in OTHER_TABLES if n in names)),
        tree=device_tree.read(root),
    )
