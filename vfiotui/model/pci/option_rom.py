"""An option ROM: the images that a card brings for the firmware, and whether a guest's firmware can use them."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass

X86, OPEN_FIRMWARE, PA_RISC, EFI = 0, 1, 2, 3
"""Code types of the PCI data structure (PCI Firmware Specification 3.0, table 5-2)."""
CODE_TYPES = {
    X86: "x86 PC-AT",
    OPEN_FIRMWARE: "Open Firmware",
    PA_RISC: "HP PA-RISC",
    EFI: "EFI",
    0x70: "NVIDIA NBSI",
    0xE0: "NVIDIA FWSEC",
}
"""The last two are NVIDIA's own and follow behind the last image (nova-core vbios.rs)."""
MACHINES = {
    0x014C: "IA-32",
    0x0200: "Itanium",
    0x0EBC: "EFI Byte Code",
    0x8664: "X64",
    0x01C2: "ARM",
    0xAA64: "ARM 64-bit",
}
SUBSYSTEMS = {0x0B: "Boot", 0x0C: "Runtime"}
RUNS_ON_X86_64 = (0x8664, 0x0EBC)
"""Machine types that the firmware of an x86-64 guest executes."""


@dataclass(frozen=True, slots=True)
class EfiHeader:
    """What an EFI image says at its beginning (UEFI specification, PCI option ROMs)."""

    valid: bool
    """The signature 0EF1 is there."""
    subsystem: int
    machine: int
    compression: int
    """0 none, 1 compressed as UEFI defines it."""
    offset: int
    """Where the executable begins, in bytes from the image's beginning."""


@dataclass(frozen=True, slots=True)
class Npde:
    """NVIDIA's extension behind the PCI data structure; NVIDIA's own programs follow it."""

    length: int
    """Bytes of this image."""
    last: bool


@dataclass(frozen=True, slots=True)
class RomImage:
    """One image of an option ROM; offsets and lengths are in bytes."""

    offset: int
    """From the beginning of the file."""
    pcir_offset: int
    """From the beginning of the image."""
    code_type: int
    vendor: int
    device: int
    class_code: int
    """24 bits: base class, subclass, programming interface."""
    length: int
    """As the PCI data structure has it."""
    init_size: int
    """As the header has it."""
    code_revision: int
    pcir_revision: int
    pcir_length: int
    last: bool
    """The indicator's bit 7: firmware looks no further."""
    truncated: bool
    """The file ends before the image does."""
    checksum_ok: bool | None
    """The image's bytes add up to 0 modulo 256; None for EFI images, which have no such sum, and truncated ones."""
    device_list: tuple[int, ...] = ()
    """Further device ids of the same vendor that the image serves (PCI 3.0)."""
    efi: EfiHeader | None = None
    npde: Npde | None = None

    @property
    def kind(self) -> str:
        """The code type in words, or its number."""
        return CODE_TYPES.get(self.code_type, f"{self.code_type:#04x}")

    @property
    def runs_on_x86_64(self) -> bool:
        """An EFI image that the firmware of an x86-64 guest executes."""
        return self.efi is not None and self.efi.valid and self.efi.machine in RUNS_ON_X86_64

    def serves(self, vendor: int, device: int) -> bool:
        """Whether the image is for a card with these ids."""
        return self.vendor == vendor and (self.device == device or device in self.device_list)

    @property
    def names_no_card(self) -> bool:
        """Ids of zero: the image leaves open which card it is for."""
        return self.vendor == 0 and self.device == 0


@dataclass(frozen=True, slots=True)
class OptionRom:
    """Everything found in the file of an option ROM."""

    size: int
    """Bytes of the file."""
    images: tuple[RomImage, ...]
    """Up to the one that is marked as the last, which is as far as firmware looks."""
    beyond: tuple[RomImage, ...] = ()
    """What NVIDIA appends behind the last image for its own programs."""
    fault: str = ""
    """Why the walk ended without a last image; empty where there is one."""
    lead: str = ""
    """What stands before the first image; empty where nothing does."""

    @property
    def first_image_at(self) -> int | None:
        """The place of the first image, or None where there is none."""
        return self.images[0].offset if self.images else None

    @property
    def has_efi(self) -> bool:
        """Whether one of the images is an EFI image, usable or not."""
        return any(i.code_type == EFI for i in self.images)

    @property
    def has_legacy(self) -> bool:
        """Whether one of the images is for an old BIOS."""
        return any(i.code_type == X86 for i in self.images)


@dataclass(frozen=True, slots=True)
class RomVerdict:
    """Whether a guest with UEFI firmware can show a picture with this ROM."""

    uefi: bool
    """It holds an EFI image that an x86-64 guest's firmware executes."""
    fits: bool | None
    """Its ids are those of the card; None where no card was named or the image names none."""
    loadable: bool
    """As a file it can be handed to a guest as it is."""
    sentence: str
    """The verdict in one sentence."""
    remarks: tuple[str, ...] = ()
    """What else a person should know, each a sentence."""

    @property
    def good(self) -> bool:
        """Nothing speaks against giving this file to the guest's UEFI firmware."""
        return self.uefi and self.loadable and self.fits is not False


def judge_rom(rom: OptionRom, card: tuple[Reading[int], Reading[int]] | None = None) -> RomVerdict:
    """The verdict on a ROM file; `card` holds the vendor and device id of the card that it is meant for."""
    usable = [i for i in rom.images if i.runs_on_x86_64]
    remarks = list(_remarks(rom))
    fits, misfit = _fits(rom, usable, card)
    if misfit:
        remarks.append(misfit)
    lead = rom.first_image_at or 0
    loadable = bool(rom.images) and lead == 0 and not any(i.truncated for i in rom.images)
    if not rom.images:
        sentence = f"This is no option ROM: {rom.fault or 'there is no image in it'}."
    elif fits is False:
        sentence = "The ROM is for another card."
    elif not usable:
        sentence = f"The ROM is not UEFI capable: {_why_not(rom)}."
    elif lead:
        sentence = (
            f"The ROM is UEFI capable, but {lead} bytes stand before its first image: firmware looks at the beginning "
            "only, so a file for a guest must begin at the image."
        )
    elif not loadable:
        sentence = "The ROM has an image for UEFI, but the file is cut off."
    else:
        sentence = "The ROM is UEFI capable."
    return RomVerdict(bool(usable), fits, loadable, sentence, tuple(remarks))


def _why_not(rom: OptionRom) -> str:
    efi = [i.efi for i in rom.images if i.efi is not None]
    if not efi:
        return "it has no EFI image"
    if not any(e.valid for e in efi):
        return "its EFI image lacks the signature 0EF1"
    machines = ", ".join(MACHINES.get(e.machine, f"{e.machine:#06x}") for e in efi if e.valid)
    return f"its EFI image is for {machines}, not for an x86-64 guest"


def _fits(
    rom: OptionRom, usable: list[RomImage], card: tuple[Reading[int], Reading[int]] | None
) -> tuple[bool | None, str]:
    """Whether the images are for the card, and a sentence where that is not plain."""
    if card is None:
        return None, ""
    vendor, device = card
    if isinstance(vendor, Unread) or isinstance(device, Unread):
        return None, f"Whether it is for this card is unknown: {vendor if isinstance(vendor, Unread) else device}."
    looked_at = [i for i in usable or rom.images if not i.names_no_card]
    if not looked_at:
        return None, "Its EFI image names no card; whether it is for this one is unknown." if rom.images else ""
    if any(i.serves(vendor, device) for i in looked_at):
        return True, ""
    named = ", ".join(dict.fromkeys(f"{i.vendor:04x}:{i.device:04x}" for i in looked_at))
    return False, f"It is for {named}; the card is {vendor:04x}:{device:04x}."


def _remarks(rom: OptionRom) -> list[str]:
    found = []
    if rom.lead and rom.images:
        found.append(f"Before the first image: {rom.lead}.")
    for image in rom.images:
        where = f"The image at {image.offset:x}h"
        if image.truncated:
            found.append(f"{where} is cut off: it has {image.length} bytes, the file ends before that.")
        if image.checksum_ok is False and image.code_type == X86:
            found.append(f"{where} has a wrong checksum: an old BIOS does not run it.")
    if rom.images and rom.fault:
        found.append(f"{rom.fault[0].upper()}{rom.fault[1:]}.")
    if rom.beyond:
        kinds = ", ".join(dict.fromkeys(i.kind for i in rom.beyond))
        found.append(f"Behind the last image {len(rom.beyond)} more follow for the vendor's own programs ({kinds}).")
    return found
