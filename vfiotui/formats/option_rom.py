"""Reads option ROMs: a chain of images, each with a header, a PCI data structure and perhaps an EFI header.

Everything in such a file may lie: every pointer is checked against the end of the file, a length of zero still
moves on, and the number of images is bounded. Layout: PCI Firmware Specification 3.0 chapter 5; UEFI
specification, chapter "PCI Bus Support"; NVIDIA's extension as in drivers/gpu/nova-core/vbios.rs.
"""

from __future__ import annotations

from vfiotui.model.pci.option_rom import EFI, EfiHeader, Npde, OptionRom, RomImage

SIGNATURES = (b"\x55\xaa",)
NVIDIA_SIGNATURES = (b"\x55\xaa", b"VN")
"""Behind the last image NVIDIA marks its own images in other ways too."""
DATA_SIGNATURES = (b"PCIR",)
NVIDIA_DATA_SIGNATURES = (b"PCIR", b"NPDS", b"RGIS")
BLOCK = 512
"""Images begin at multiples of it, and lengths count it."""
HEADER, DATA = 0x1A, 0x18
"""Bytes of a header up to its pointer, and of the shortest PCI data structure."""
IMAGES_LIMIT = 64
DEVICES_LIMIT = 1024
SIZE_LIMIT = 64 << 20
"""Bytes; the largest expansion ROM that a card can have is 16 MiB, dumps of whole flash chips are smaller than this."""


def number(data: bytes, place: int, size: int) -> int:
    """A little-endian number; bytes behind the end of the data count as zero."""
    return int.from_bytes(data[place : place + size], "little") if place >= 0 else 0


def read_rom(data: bytes) -> OptionRom:
    """Everything that can be made out in the bytes of an option ROM; never raises."""
    images, fault, end = _walk(data, 0, SIGNATURES, DATA_SIGNATURES)
    beyond: tuple[RomImage, ...] = ()
    if images and images[-1].last and images[-1].npde is not None and not images[-1].npde.last:
        beyond = _walk(data, end, NVIDIA_SIGNATURES, NVIDIA_DATA_SIGNATURES)[0]
    return OptionRom(len(data), images, beyond, fault, _lead(data, images))


def _lead(data: bytes, images: tuple[RomImage, ...]) -> str:
    if not images or images[0].offset == 0:
        return ""
    size = images[0].offset
    return f"{size} bytes of NVIDIA's NVGI block" if data[:4] == b"NVGI" else f"{size} bytes of something else"


def _walk(
    data: bytes, start: int, signatures: tuple[bytes, ...], data_signatures: tuple[bytes, ...]
) -> tuple[tuple[RomImage, ...], str, int]:
    """The images from a place on, the reason why no last one was found, and where the walk ended."""
    images: list[RomImage] = []
    place, broken = start, -1
    while (place := next_signature(data, place, signatures)) >= 0:
        image = image_at(data, place, data_signatures)
        if image is None:
            broken = place if broken < 0 else broken
            place += BLOCK
            continue
        images.append(image)
        place += step(image)
        if image.last:
            return tuple(images), "", place
        if len(images) == IMAGES_LIMIT:
            return tuple(images), f"after {IMAGES_LIMIT} images no end is in sight", place
    if images:
        return tuple(images), "no image is marked as the last one", len(data)
    if broken >= 0:
        return (), f"the header at {broken:x}h leads to no PCI data structure", len(data)
    return (), "the signature 55 AA is nowhere at a multiple of 512" if data else "the file is empty", len(data)


def next_signature(data: bytes, place: int, signatures: tuple[bytes, ...] = SIGNATURES) -> int:
    """The next multiple of 512, from `place` on, at which a signature stands; -1 where there is none."""
    found = [f for s in signatures if (f := _find(data, place, s)) >= 0]
    return min(found, default=-1)


def _find(data: bytes, place: int, signature: bytes) -> int:
    while (place := data.find(signature, place)) >= 0 and place % BLOCK:
        place += 1
    return place


def step(image: RomImage) -> int:
    """Bytes from an image to the place where the next one may begin; NVIDIA's own length is the truer one."""
    length = image.npde.length if image.npde is not None and image.npde.length else image.length
    return max(length, BLOCK)


def image_at(data: bytes, offset: int, data_signatures: tuple[bytes, ...] = DATA_SIGNATURES) -> RomImage | None:
    """The image whose header stands at an offset; None where the header leads to no PCI data structure."""
    pcir = number(data, offset + 0x18, 2)
    base = offset + pcir
    if base + DATA > len(data) or data[base : base + 4] not in data_signatures:
        return None
    length = number(data, base + 0x10, 2) * BLOCK
    kind = data[base + 0x14]
    wide = kind == EFI
    truncated = offset + length > len(data)
    return RomImage(
        offset=offset,
        pcir_offset=pcir,
        code_type=kind,
        vendor=number(data, base + 4, 2),
        device=number(data, base + 6, 2),
        class_code=number(data, base + 0x0D, 3),
        length=length,
        init_size=number(data, offset + 2, 2 if wide else 1) * BLOCK,
        code_revision=number(data, base + 0x12, 2),
        pcir_revision=data[base + 0x0C],
        pcir_length=number(data, base + 0x0A, 2),
        last=bool(data[base + 0x15] & 0x80),
        truncated=truncated,
        checksum_ok=None if wide or truncated else sum(data[offset : offset + length]) % 256 == 0,
        device_list=_device_list(data, base),
        efi=_efi(data, offset) if wide else None,
        npde=_npde(data, offset, pcir),
    )


def _device_list(data: bytes, base: int) -> tuple[int, ...]:
    """The ids behind the pointer at 08h, up to a zero; there is none before revision 3 of the structure."""
    pointer = number(data, base + 8, 2)
    if data[base + 0x0C] != 3 or not pointer:
        return ()
    found: list[int] = []
    for place in range(base + pointer, min(base + pointer + 2 * DEVICES_LIMIT, len(data) - 1), 2):
        device = number(data, place, 2)
        if not device:
            return tuple(found)
        found.append(device)
    return ()


def _efi(data: bytes, offset: int) -> EfiHeader:
    return EfiHeader(
        valid=number(data, offset + 4, 4) == 0x0EF1,
        subsystem=number(data, offset + 8, 2),
        machine=number(data, offset + 0x0A, 2),
        compression=number(data, offset + 0x0C, 2),
        offset=number(data, offset + 0x16, 2),
    )


def _npde(data: bytes, offset: int, pcir: int) -> Npde | None:
    """NVIDIA's extension: behind the PCI data structure, at the next multiple of 16 of the image."""
    place = offset + (pcir + number(data, offset + pcir + 0x0A, 2) + 15) // 16 * 16
    if data[place : place + 4] != b"NPDE" or place + 0x0B > len(data):
        return None
    return Npde(number(data, place + 8, 2) * BLOCK, bool(data[place + 0x0A] & 0x80))
