"""`vfiotui rom FILE|BDF`: what an option ROM holds, in rom-parser's lines, and whether a UEFI guest can use it.

JSON: {"source", "size", "first_image_at", "has_legacy", "has_efi", "walk_ok", "images": [{"offset", "pcir_offset",
"type", "type_name", "vendor", "device", "class", "image_len", "init_size", "code_rev", "pcir_rev", "pcir_len", "last",
"truncated", "checksum_ok", "device_list", "efi": {"sig_ok", "subsystem", "machine", "compression", "compressed",
"efi_offset"} or null, "npde": {"length", "last"} or null}], "beyond": [images], "lead", "fault", "shadow",
"rom_parser": [lines], "verdict": {"uefi", "fits", "loadable", "good", "sentence", "remarks"}}.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from vfiotui.apply.card_rom import read_card_rom
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import look_at_guests, open_root
from vfiotui.cli.new_file import refuse_existing, write_new
from vfiotui.cli.out import needed, print_json, printable
from vfiotui.formats.option_rom import SIZE_LIMIT, read_rom
from vfiotui.formats.records.rom_parser import rom_parser_lines
from vfiotui.host.pci import functions as pci
from vfiotui.host.pci.config_space import read_command
from vfiotui.host.root.root import Root
from vfiotui.host.root.user_file import CannotRead, read_file
from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.pci.functions import BDF, PciDevice
from vfiotui.model.pci.option_rom import MACHINES, SUBSYSTEMS, OptionRom, RomImage, RomVerdict, judge_rom
from vfiotui.model.pci.rom_source import SHADOW_WARNING, is_shadow, rom_source


def arguments(parser: argparse.ArgumentParser) -> None:
    """What to look at, and where to keep it."""
    parser.add_argument("source", metavar="FILE|BDF", help="a ROM file, or a card (0000:01:00.0 or 01:00.0)")
    parser.add_argument("--card", metavar="BDF", help="the card that the file is meant for: are its ids in it?")
    parser.add_argument("--dump", metavar="FILE", help="write the card's ROM into FILE")
    parser.add_argument("--force", action="store_true", help="replace FILE where it exists")


def run(args: argparse.Namespace) -> Exit:
    """Prints lines and verdict; 1 where a UEFI guest cannot use the ROM."""
    root = open_root(args)
    address = address_of(args.source)
    if args.dump is not None:
        if address is None:
            raise CommandError("--dump wants a card: give its address (0000:01:00.0) instead of a file", Exit.USAGE)
        refuse_existing(args.dump, args.force)
    card = None
    if address is None:
        data = _from_file(root, args.source)
        if args.card is not None:
            card = device_at(root, address_of(args.card) or args.card)
    else:
        card = device_at(root, address)
        data = from_card(args, root, card)
    if isinstance(data, Unread):
        raise CommandError(f"the ROM cannot be read: {data}", Exit.NO_ACCESS)
    if args.dump is not None:
        kept = data
        write_new(args.dump, lambda out: out.write(kept), force=args.force)
        print(f"wrote {printable(args.dump)}: {len(data)} bytes", file=sys.stderr)
    rom = read_rom(data)
    verdict = judge_rom(rom, None if card is None else (card.vendor, card.device))
    shadow = address is not None and card is not None and is_shadow(card)
    if args.json:
        print_json(as_json(args.source, data, rom, verdict, shadow))
    else:
        print("\n".join(as_text(data, verdict, shadow)))
    return Exit.FINE if verdict.good else Exit.FAILS


def address_of(word: str) -> str | None:
    """The full address that a word spells, or None where it spells none."""
    full = word.lower() if word.count(":") == 2 else f"0000:{word.lower()}"
    return full if BDF.fullmatch(full) else None


def device_at(root: Root, bdf: str) -> PciDevice:
    """The function at an address, or the end of the command."""
    bus = needed(pci.read(root), "the PCI devices cannot be seen")
    device = bus.get(bdf)
    if device is None:
        raise CommandError(f"no such device: {bdf}; 'vfiotui pci' lists all")
    return device


def from_card(args: argparse.Namespace, root: Root, card: PciDevice) -> Reading[bytes]:
    """The ROM of a card; on the live host only where nothing stands against reading it."""
    if root.is_live:
        virt = look_at_guests(args, root)
        domains = () if isinstance(virt, Unread) else or_else(virt.domains, ())
        source = rom_source(card, read_command(root, card.bdf), domains)
        if source.obstacles:
            raise CommandError(f"the ROM of {card.bdf} is not read: {' '.join(source.obstacles)}")
    return read_card_rom(root, card.bdf)


def _from_file(root: Root, name: str) -> Reading[bytes]:
    """A ROM file: of the looked-at system where that is another one, else of this."""
    if not root.is_live:
        return root.bytes(os.path.abspath(name), SIZE_LIMIT)
    try:
        return read_file(name, SIZE_LIMIT)
    except CannotRead as error:
        raise CommandError(f"the ROM cannot be read: {error}", Exit.NO_ACCESS) from error


def as_text(data: bytes, verdict: RomVerdict, shadow: bool) -> list[str]:
    """rom-parser's lines, then the verdict."""
    lines = [line if line.startswith("\t") else printable(line) for line in rom_parser_lines(data)]
    remarks = [*verdict.remarks, *([SHADOW_WARNING] if shadow else [])]
    return [*lines, "", f"verdict  {verdict.sentence}", *(printable(f"         {r}") for r in remarks)]


def as_json(source: str, data: bytes, rom: OptionRom, verdict: RomVerdict, shadow: bool) -> dict[str, Any]:
    """The JSON document; see the module."""
    return {
        "source": source,
        "size": rom.size,
        "first_image_at": rom.first_image_at,
        "has_legacy": rom.has_legacy,
        "has_efi": rom.has_efi,
        "walk_ok": not rom.fault,
        "images": [_image(i) for i in rom.images],
        "beyond": [_image(i) for i in rom.beyond],
        "lead": rom.lead,
        "fault": rom.fault,
        "shadow": shadow,
        "rom_parser": rom_parser_lines(data),
        "verdict": {
            "uefi": verdict.uefi,
            "fits": verdict.fits,
            "loadable": verdict.loadable,
            "good": verdict.good,
            "sentence": verdict.sentence,
            "remarks": list(verdict.remarks),
        },
    }


def _image(image: RomImage) -> dict[str, Any]:
    efi, npde = image.efi, image.npde
    return {
        "offset": image.offset,
        "pcir_offset": image.pcir_offset,
        "type": image.code_type,
        "type_name": image.kind,
        "vendor": f"{image.vendor:04x}",
        "device": f"{image.device:04x}",
        "class": f"{image.class_code:06x}",
        "image_len": image.length,
        "init_size": image.init_size,
        "code_rev": image.code_revision,
        "pcir_rev": image.pcir_revision,
        "pcir_len": image.pcir_length,
        "last": image.last,
        "truncated": image.truncated,
        "checksum_ok": image.checksum_ok,
        "device_list": [f"{d:04x}" for d in image.device_list],
        "efi": None
        if efi is None
        else {
            "sig_ok": efi.valid,
            "subsystem": SUBSYSTEMS.get(efi.subsystem, f"{efi.subsystem:x}"),
            "machine": MACHINES.get(efi.machine, f"{efi.machine:x}"),
            "compression": efi.compression,
            "compressed": efi.compression != 0,
            "efi_offset": efi.offset,
        },
        "npde": None if npde is None else {"length": npde.length, "last": npde.last},
    }
