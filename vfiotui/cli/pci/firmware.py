"""`vfiotui firmware`: DMAR and IVRS, other tables and device trees by name, boot mode, board.

JSON: {"dmar": {"flags", "intr_remap", "x2apic_opt_out", "dma_ctrl_opt_in", "host_address_width", "drhd", "rmrr", …} or
null, "ivrs": {"iv_info", "virt_info", "ivhd", …} or null, …}. Addresses are hexadecimal texts; virt_info is
the first unit's "Virtualization Info" as iasl names that field of an IVHD block. other_tables: names of IORT, RIMT and
VIOT that are there; device_tree: null or {"iommus": [nodes], "behind": [PCI host bridges with iommu-map], "beside":
[those without]}.
"""

from __future__ import annotations

import argparse
from typing import Any

from vfiotui.cli.exit import Exit
from vfiotui.cli.machine import open_root
from vfiotui.cli.out import needed, plain, print_answer, printable, shown
from vfiotui.host.pci import firmware
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.pci.iommu import Dmar, Firmware, Ivrs, Scope


def arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(args: argparse.Namespace) -> Exit:
    """Prints what the firmware tells."""
    found = needed(firmware.read(open_root(args)), "the firmware cannot be seen")
    return print_answer(args, lambda: as_json(found), lambda: as_text(found))


def as_json(found: Firmware) -> dict[str, Any]:
    """The JSON document; see the module."""
    tree = or_else(found.tree, None)
    return {
        "dmar": _dmar(found.dmar) if isinstance(found.dmar, Dmar) else None,
        "ivrs": _ivrs(found.ivrs) if isinstance(found.ivrs, Ivrs) else None,
        "unread": [str(t) for t in (found.dmar, found.ivrs, found.tree) if isinstance(t, Unread)],
        "other_tables": plain(found.others),
        "device_tree": None if tree is None else {"iommus": tree.iommus, "behind": tree.behind, "beside": tree.beside},
        "efi": plain(found.efi),
        "secure_boot": plain(found.secure_boot),
        "vendor": plain(found.vendor),
        "product": plain(found.product),
        "bios": plain(found.bios),
    }


def _scopes(scopes: tuple[Scope, ...]) -> list[dict[str, Any]]:
    return [{"type": s.kind, "bus": s.bus, "path": list(s.path)} for s in scopes]


def _dmar(table: Dmar) -> dict[str, Any]:
    return {
        "host_address_width": table.host_address_width,
        "flags": table.flags,
        "intr_remap": table.intr_remap,
        "x2apic_opt_out": table.x2apic_opt_out,
        "dma_ctrl_opt_in": table.dma_ctrl_opt_in,
        "drhd": [
            {
                "flags": d.flags,
                "include_pci_all": bool(d.flags & 1),
                "segment": d.segment,
                "base": hex(d.base),
                "scopes": _scopes(d.scopes),
            }
            for d in table.drhd
        ],
        "rmrr": [
            {"segment": r.segment, "base": hex(r.base), "end": hex(r.end), "scopes": _scopes(r.scopes)}
            for r in table.rmrr
        ],
        "atsr": table.atsr,
        "rhsa": table.rhsa,
        "andd": table.andd,
        "satc": table.satc,
        "checksum_ok": table.checksum_ok,
        "length": table.length,
    }


def _ivrs(table: Ivrs) -> dict[str, Any]:
    return {
        "revision": table.revision,
        "iv_info": f"0x{table.iv_info:08x}",
        "virt_info": f"0x{table.ivhd[0].info:04x}" if table.ivhd else None,
        "ivhd": [
            {
                "type": h.type,
                "flags": h.flags,
                "length": h.length,
                "device_id": f"{h.device_id:04x}",
                "info": f"0x{h.info:04x}",
                "base": hex(h.base),
                "segment": h.segment,
            }
            for h in table.ivhd
        ],
        "ivmd": table.ivmd,
        "checksum_ok": table.checksum_ok,
        "length": table.length,
    }


def as_text(found: Firmware) -> list[str]:
    """A few lines for a person."""
    lines = [
        f"board        {shown(found.vendor)} {shown(found.product)}",
        f"firmware     {shown(found.bios)}  EFI {shown(found.efi)}  Secure Boot {shown(found.secure_boot)}",
    ]
    match found.dmar:
        case Dmar():
            t = found.dmar
            lines.append(f"DMAR         {t.host_address_width + 1} address bits, {len(t.drhd)} units")
            for word, yes in (
                ("interrupt remapping", t.intr_remap),
                ("x2APIC opt-out", t.x2apic_opt_out),
                ("DMA protection opt-in", t.dma_ctrl_opt_in),
            ):
                lines.append(f"             {word}: {'yes' if yes else 'no'}")
            for r in t.rmrr:
                devices = ", ".join(f"{s.bus:02x}:{'/'.join(s.path)}" for s in r.scopes)
                lines.append(f"             reserved (RMRR) {r.base:#x}-{r.end:#x} for {devices or 'no device'}")
        case None:
            lines.append("DMAR         not among the tables")
        case Unread():
            lines.append(f"DMAR         {shown(found.dmar)}")
    match found.ivrs:
        case Ivrs():
            units = sorted({f"{h.device_id:04x}" for h in found.ivrs.ivhd})
            lines.append(f"IVRS         revision {found.ivrs.revision}, units at {', '.join(units) or 'none'}")
        case None:
            lines.append("IVRS         not among the tables")
        case Unread():
            lines.append(f"IVRS         {shown(found.ivrs)}")
    lines += [f"{name}         among the tables" for name in or_else(found.others, ())]
    tree = found.tree
    if isinstance(tree, Unread):
        lines.append(f"device tree  {shown(tree)}")
    elif tree is not None:
        lines.append(f"device tree  IOMMUs: {', '.join(tree.iommus) or 'none'}")
        lines += [f"             {node}: behind it (iommu-map)" for node in tree.behind]
        lines += [f"             {node}: not behind it (no iommu-map)" for node in tree.beside]
    return [printable(line) for line in lines]
