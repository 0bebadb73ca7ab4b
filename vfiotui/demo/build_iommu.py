"""IOMMU units, groups and firmware tables of a described machine."""

from __future__ import annotations

from vfiotui.demo.build_pci import places
from vfiotui.demo.description import Host
from vfiotui.demo.tree import TreeBuilder

GROUPS = "/sys/kernel/iommu_groups"
CLASS = "/sys/class/iommu"
TABLES = "/sys/firmware/acpi/tables"
MSI = "0x00000000fee00000 0x00000000feefffff msi"
"""The region of interrupt messages, reserved in every group of an x86 host."""
AMD_FEATURES = 0x246577EFA2254AFA


def build_iommu(tree: TreeBuilder, host: Host) -> None:
    """Units and groups where the host has an IOMMU, and the tables that its firmware has."""
    tree.folder(GROUPS)
    tree.folder(CLASS)
    tree.folder(TABLES)
    if host.iommu:
        unit = _unit(tree, host)
        _groups(tree, host, unit)
    for table in host.tables:
        tree.file(f"{TABLES}/{table}", dmar_table(host) if table == "DMAR" else ivrs_table(host), 0o400)


def _unit(tree: TreeBuilder, host: Host) -> str:
    """The one unit of the machine; returns its folder."""
    intel = host.iommu == "intel"
    name = "dmar0" if intel else "ivhd0"
    folder = f"/sys/devices/virtual/iommu/{name}"
    tree.link(f"{CLASS}/{name}", folder)
    if intel:
        # Hexadecimal without 0x, as intel_iommu prints them (ABI/testing/sysfs-class-iommu-intel-iommu).
        tree.files(f"{folder}/intel-iommu", cap=f"{host.iommu_cap:x}", ecap=f"{host.iommu_ecap:x}", version="1:0")
    else:
        tree.files(f"{folder}/amd-iommu", cap="2", features=f"{AMD_FEATURES:x}:0")
    return folder


def _groups(tree: TreeBuilder, host: Host, unit: str) -> None:
    real = places(host)
    for device in host.pci:
        if device.group is None:
            continue
        folder, group = real[device.bdf], f"{GROUPS}/{device.group}"
        tree.link(f"{folder}/iommu_group", group)
        tree.link(f"{folder}/iommu", unit)
        tree.link(f"{unit}/devices/{device.bdf}", folder)
        tree.link(f"{group}/devices/{device.bdf}", folder)
        tree.file(f"{group}/type", host.domain_type)
        tree.file(f"{group}/reserved_regions", host.reserved.get(device.group, MSI))


def table(signature: str, revision: int, body: bytes) -> bytes:
    """An ACPI table with its header and a checksum that makes all bytes add up to 0."""
    length = (36 + len(body)).to_bytes(4, "little")
    whole = bytearray(signature.encode() + length + bytes([revision, 0]) + b"DEMO  DEMO    " + bytes(12) + body)
    whole[9] = -sum(whole) % 256
    return bytes(whole)


def dmar_table(host: Host) -> bytes:
    """A DMAR table of one unit for all devices; the address width is the CPU's (VT-d specification, chapter 8)."""
    head = bytes([host.cpu.physical_bits - 1, 1]) + bytes(10)
    unit = (0).to_bytes(2, "little") + (16).to_bytes(2, "little") + b"\1\0\0\0" + (0xFED90000).to_bytes(8, "little")
    return table("DMAR", 1, head + unit)


def ivrs_table(host: Host) -> bytes:
    """An IVRS table of one unit (AMD I/O Virtualization specification, chapter 5)."""
    # IVinfo: bits 8-14 physical, 15-21 virtual address size.
    head = (host.cpu.physical_bits << 8 | 64 << 15 | 1).to_bytes(4, "little") + bytes(8)
    unit = bytes([0x11, 0xB0]) + (40).to_bytes(2, "little") + (2).to_bytes(2, "little") + (0x40).to_bytes(2, "little")
    unit += (0xFEB80000).to_bytes(8, "little") + bytes(4) + AMD_FEATURES.to_bytes(8, "little")
    return table("IVRS", 2, head + unit.ljust(40, b"\0"))
