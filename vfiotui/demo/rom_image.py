"""Option ROMs made of a few numbers, with right checksums (PCI Firmware Specification 3.0, chapter 5)."""

from __future__ import annotations

from functools import cache

from vfiotui.model.base.value import dataclass

BLOCK = 512
X86, EFI = 0, 3
X64 = 0x8664


@dataclass(frozen=True, slots=True)
class ImageDesc:
    """One image; lengths are in blocks of 512 bytes."""

    code_type: int = EFI
    vendor: int = 0x10DE
    device: int = 0x13C2
    class_code: int = 0x030000
    blocks: int = 4
    last: bool = False
    machine: int = X64
    subsystem: int = 0x0B
    compression: int = 1
    efi_signature: int = 0x0EF1
    efi_offset: int = 0x50
    pcir: int = 0x1C
    """Where the data structure stands."""
    revision: int = 3
    code_revision: int = 0
    devices: tuple[int, ...] = ()
    """Further device ids that it serves."""
    npde: tuple[int, bool] | None = None
    """NVIDIA's extension: blocks of this image, and whether it is NVIDIA's last."""
    signature: bytes = b"\x55\xaa"
    data_signature: bytes = b"PCIR"
    checksum: bool = True
    """Whether a legacy image adds up to zero."""


def image(desc: ImageDesc) -> bytes:
    """The bytes of one image."""
    data = bytearray(max(desc.blocks, 1) * BLOCK)

    def put(place: int, size: int, value: int) -> None:
        data[place : place + size] = value.to_bytes(size, "little")

    data[0:2] = desc.signature
    if desc.code_type == EFI:
        put(0x02, 2, desc.blocks)
        put(0x04, 4, desc.efi_signature)
        put(0x08, 2, desc.subsystem)
        put(0x0A, 2, desc.machine)
        put(0x0C, 2, desc.compression)
        put(0x16, 2, desc.efi_offset)
    else:
        put(0x02, 1, desc.blocks & 0xFF)
    put(0x18, 2, desc.pcir)
    length = 0x1C if desc.revision == 3 else 0x18
    base = desc.pcir
    data[base : base + 4] = desc.data_signature
    put(base + 0x04, 2, desc.vendor)
    put(base + 0x06, 2, desc.device)
    put(base + 0x0A, 2, length)
    put(base + 0x0C, 1, desc.revision)
    put(base + 0x0D, 3, desc.class_code)
    put(base + 0x10, 2, desc.blocks)
    put(base + 0x12, 2, desc.code_revision)
    put(base + 0x14, 1, desc.code_type)
    put(base + 0x15, 1, 0x80 if desc.last else 0)
    if desc.npde is not None:
        place = (base + length + 15) // 16 * 16
        data[place : place + 4] = b"NPDE"
        put(place + 0x08, 2, desc.npde[0])
        put(place + 0x0A, 1, 0x80 if desc.npde[1] else 0)
    if desc.devices:
        put(base + 0x08, 2, 0x40)
        for index, device in enumerate((*desc.devices, 0)):
            put(base + 0x40 + 2 * index, 2, device)
    if desc.code_type != EFI:
        data[-1] = (-sum(data) + (0 if desc.checksum else 1)) % 256
    return bytes(data)


def rom(*images: ImageDesc, lead: bytes = b"") -> bytes:
    """A whole file: something before the first image, padded to a block, and the images."""
    padded = lead + bytes(-len(lead) % BLOCK)
    return padded + b"".join(map(image, images))


@cache
def card_rom(vendor: int, device: int, uefi: bool = True) -> bytes:
    """What an ordinary graphics card brings: an image for an old BIOS, and one for UEFI if it is young enough."""
    legacy = ImageDesc(X86, vendor, device, blocks=119, pcir=0x170, revision=0, code_revision=1, last=not uefi)
    return rom(legacy, ImageDesc(EFI, vendor, device, blocks=102, last=True)) if uefi else rom(legacy)
