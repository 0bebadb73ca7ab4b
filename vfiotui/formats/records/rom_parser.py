"""What the program rom-parser prints of an option ROM, line by line.

It looks at every multiple of 512 up to the first data structure whose indicator is not zero, and stops at the first
header without one; people compare its lines, so they are made the same way here. Reading behind the end of the file
gives zeros, as it does in the last page of a mapped file.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.formats.option_rom import BLOCK, next_signature, number
from vfiotui.model.pci.option_rom import MACHINES, SUBSYSTEMS

TYPES = {0: " (x86 PC-AT)", 3: " (EFI)"}


def rom_parser_lines(data: bytes) -> list[str]:
    """The lines; bytes of a wrong signature appear as Latin-1 characters, which may be control characters."""
    return list(_lines(data)) if data else ["Error, zero sized ROM file"]


def _lines(data: bytes) -> Iterator[str]:
    place = 0
    while True:
        place = next_signature(data, place)
        if place < 0:
            yield "Error, ran off the end"
            return
        pcir = number(data, place + 0x18, 2)
        yield f"Valid ROM signature found @{place:x}h, PCIR offset {pcir:x}h"
        base = place + pcir
        signature = data[base : base + 4]
        if signature != b"PCIR":
            yield f"Invalid PCIR signature: {signature.decode('latin-1')}"
            return
        kind = number(data, base + 0x14, 1)
        base_class, sub, interface = (number(data, base + n, 1) for n in (0x0F, 0x0E, 0x0D))
        yield (
            f"\tPCIR: type {kind:x}{TYPES.get(kind, '')}, vendor: {number(data, base + 4, 2):04x}, "
            f"device: {number(data, base + 6, 2):04x}, class: {base_class:02x}{sub:02x}{interface:02x}"
        )
        yield f"\tPCIR: revision {number(data, base + 0x0C, 1):x}, vendor revision: {number(data, base + 0x12, 2):x}"
        if kind == 3:
            yield _efi_line(data, place)
        if number(data, base + 0x15, 1):
            yield "\tLast image"
            return
        place += BLOCK


def _efi_line(data: bytes, place: int) -> str:
    if number(data, place + 4, 4) != 0x0EF1:
        return "\t\tEFI: Signature NOT Valid"
    subsystem, machine = number(data, place + 8, 2), number(data, place + 0x0A, 2)
    return (
        f"\t\tEFI: Signature Valid, Subsystem: {SUBSYSTEMS.get(subsystem, f'Unknown ({subsystem:x})')}, "
        f"Machine: {MACHINES.get(machine, f'Unknown ({machine:x})')}"
    )
