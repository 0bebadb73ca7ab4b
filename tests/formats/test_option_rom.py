"""Option ROMs: real ones of Debian's packages, made-up ones for every oddity, and bytes that lie."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.roms import EFI_ROMS, real_rom
from vfiotui.demo.rom_image import BLOCK, EFI, X86, ImageDesc, card_rom, image, rom
from vfiotui.formats.option_rom import DEVICES_LIMIT, IMAGES_LIMIT, read_rom
from vfiotui.formats.records.rom_parser import rom_parser_lines

LEGACY = ImageDesc(X86, blocks=119, pcir=0x170, revision=0, code_revision=1)
UEFI = ImageDesc(EFI, blocks=102, last=True)


@pytest.mark.parametrize("name", EFI_ROMS)
def test_network_roms_hold_an_image_for_each_kind_of_firmware(name: str) -> None:
    found = read_rom(real_rom(f"efi-{name}.rom"))
    vendor, device = EFI_ROMS[name]
    legacy, efi = found.images
    assert found.fault == "" and found.lead == "" and found.beyond == ()
    assert [(i.code_type, i.last, i.truncated) for i in found.images] == [(X86, False, False), (EFI, True, False)]
    assert {(i.vendor, i.device, i.class_code) for i in found.images} == {(vendor, device, 0x020000)}
    assert efi.offset == legacy.length and legacy.checksum_ok is True and efi.checksum_ok is None
    assert efi.efi is not None and efi.efi.valid and efi.efi.machine == 0x8664 and efi.efi.subsystem == 0x0B
    assert legacy.serves(vendor, device) and device in legacy.device_list


@pytest.mark.parametrize("name", EFI_ROMS)
def test_network_roms_for_an_old_bios_only(name: str) -> None:
    found = read_rom(real_rom(f"pxe-{name}.rom"))
    assert found.has_legacy and not found.has_efi and found.images[-1].last


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("stdvga", (0x1234, 0x1111)),
        ("cirrus", (0x1013, 0x00B8)),
        ("qxl", (0x1B36, 0x0100)),
        ("virtio", (0x1AF4, 0x1050)),
    ],
)
def test_video_roms_of_virtual_cards(name: str, ids: tuple[int, int]) -> None:
    (found,) = read_rom(real_rom(f"vgabios-{name}.bin")).images
    assert (found.vendor, found.device) == ids and found.class_code == 0x030000
    assert found.code_type == X86 and found.last and found.checksum_ok is True


def test_a_rom_for_isa_leads_to_no_data_structure() -> None:
    found = read_rom(real_rom("vgabios-isavga.bin"))
    assert found.images == () and found.first_image_at is None and "0h leads to no PCI data" in found.fault


def test_a_cards_rom_is_walked_to_its_last_image() -> None:
    found = read_rom(rom(LEGACY, UEFI))
    assert [(i.offset, i.pcir_offset, i.code_revision) for i in found.images] == [(0, 0x170, 1), (0xEE00, 0x1C, 0)]
    assert found.images[1].efi is not None and found.images[1].efi.offset == 0x50
    assert [i.length for i in found.images] == [i.init_size for i in found.images] == [119 * BLOCK, 102 * BLOCK]


@pytest.mark.parametrize("lead", [37888, 165376])
def test_whatever_stands_before_the_first_image_is_passed_over_and_told(lead: int) -> None:
    found = read_rom(rom(LEGACY, UEFI, lead=b"NVGI" + bytes(lead - 4)))
    assert found.first_image_at == lead and len(found.images) == 2 and "NVGI" in found.lead
    other = read_rom(rom(UEFI, lead=b"\xff" * 1536))
    assert other.first_image_at == 1536 and "1536 bytes of something else" in other.lead


def test_a_signature_without_a_data_structure_is_passed_over() -> None:
    broken = b"\x55\xaa" + bytes(510)
    found = read_rom(broken + rom(UEFI))
    assert found.first_image_at == BLOCK and found.fault == ""


def test_images_of_any_kind_and_several_for_efi() -> None:
    found = read_rom(
        rom(
            ImageDesc(0xF0, 0x8086, 0, 0, blocks=4, checksum=False),
            ImageDesc(0xFF, 0x8086, 0, 0, blocks=124, revision=0x30),
            replace(LEGACY, devices=(0x56A0, 0x56A1), revision=3),
            replace(UEFI, last=False),
            replace(UEFI, machine=0xAA64, class_code=0),
        )
    )
    assert [i.code_type for i in found.images] == [0xF0, 0xFF, X86, EFI, EFI]
    assert [i.kind for i in found.images[:2]] == ["0xf0", "0xff"] and found.images[0].checksum_ok is False
    assert found.images[2].device_list == (0x56A0, 0x56A1) and found.images[1].device_list == ()
    assert [i.runs_on_x86_64 for i in found.images] == [False, False, False, True, False]


def test_nvidias_own_images_stand_beyond_the_last_one() -> None:
    data = rom(
        replace(LEGACY, npde=(119, False)),
        replace(UEFI, npde=(102, False)),
        ImageDesc(0xE0, data_signature=b"NPDS", signature=b"VN", npde=(4, False)),
        ImageDesc(0x70, blocks=4, last=True, npde=(4, True)),
    )
    found = read_rom(data)
    assert [i.code_type for i in found.images] == [X86, EFI] and found.images[-1].last
    assert [i.kind for i in found.beyond] == ["NVIDIA FWSEC", "NVIDIA NBSI"]


def test_nvidias_length_is_believed_before_the_common_one() -> None:
    short = bytearray(image(replace(LEGACY, npde=(119, False))))
    short[0x170 + 0x10] = 200
    assert read_rom(bytes(short) + image(UEFI)).images[1].offset == 119 * BLOCK


def test_a_length_of_zero_moves_on() -> None:
    data = bytearray(rom(replace(LEGACY, pcir=0x1C), UEFI))
    data[0x1C + 0x10] = 0
    assert [i.code_type for i in read_rom(bytes(data)).images] == [X86, EFI]


def test_a_file_that_ends_early_says_so() -> None:
    found = read_rom(rom(LEGACY, UEFI)[:-BLOCK])
    assert [i.truncated for i in found.images] == [False, True] and found.fault == ""
    cut = read_rom(rom(LEGACY, UEFI)[: 119 * BLOCK - 1])
    assert cut.images[0].truncated and cut.images[0].checksum_ok is None and "marked as the last" in cut.fault


def test_a_wrong_checksum_is_seen() -> None:
    assert read_rom(rom(replace(LEGACY, checksum=False, last=True))).images[0].checksum_ok is False


@pytest.mark.parametrize(
    ("data", "word"), [(b"", "empty"), (b"MZ" + bytes(4096), "55 AA"), (b"\x55\xaa", "leads to no")]
)
def test_what_is_no_rom_gets_a_reason(data: bytes, word: str) -> None:
    found = read_rom(data)
    assert found.images == () and word in found.fault


def test_endless_chains_and_lists_end() -> None:
    found = read_rom(rom(*[replace(LEGACY, blocks=1, pcir=0x1C)] * (IMAGES_LIMIT + 6)))
    assert len(found.images) == IMAGES_LIMIT and str(IMAGES_LIMIT) in found.fault
    data = bytearray(rom(replace(LEGACY, revision=3, devices=(1,), blocks=64, last=True)))
    data[0x170 + 0x40 : 0x170 + 0x40 + 2 * DEVICES_LIMIT + 2] = b"\x01" * (2 * DEVICES_LIMIT + 2)
    assert read_rom(bytes(data)).images[0].device_list == ()


@given(st.binary(max_size=4096), st.integers(0, 3))
def test_no_bytes_break_it(noise: bytes, where: int) -> None:
    for data in (noise, b"\x55\xaa" + noise, rom(ImageDesc(last=True))[: where * 300] + noise):
        found = read_rom(data)
        assert found.size == len(data) and bool(found.images) != bool(found.fault and not found.images)
        assert rom_parser_lines(data)


@given(st.data())
def test_no_flipped_byte_breaks_it(data: st.DataObject) -> None:
    whole = bytearray(rom(replace(LEGACY, blocks=2, pcir=0x1C), replace(UEFI, blocks=2, npde=(2, False))))
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    found = read_rom(bytes(whole))
    assert all(i.offset % BLOCK == 0 and i.offset < len(whole) for i in (*found.images, *found.beyond))


def test_rom_parsers_lines_to_the_letter() -> None:
    assert rom_parser_lines(rom(LEGACY, UEFI, lead=bytes(0x600))) == [
        "Valid ROM signature found @600h, PCIR offset 170h",
        "\tPCIR: type 0 (x86 PC-AT), vendor: 10de, device: 13c2, class: 030000",
        "\tPCIR: revision 0, vendor revision: 1",
        "Valid ROM signature found @f400h, PCIR offset 1ch",
        "\tPCIR: type 3 (EFI), vendor: 10de, device: 13c2, class: 030000",
        "\tPCIR: revision 3, vendor revision: 0",
        "\t\tEFI: Signature Valid, Subsystem: Boot, Machine: X64",
        "\tLast image",
    ]


def test_rom_parsers_other_words() -> None:
    odd = rom(
        ImageDesc(0xF0, 0x8086, 0, 0x0A0B0C),
        ImageDesc(machine=0xAA64, subsystem=0x0C),
        ImageDesc(machine=0x5064, subsystem=0x0A),
        ImageDesc(efi_signature=0),
    )
    lines = rom_parser_lines(odd)
    assert "\tPCIR: type f0, vendor: 8086, device: 0000, class: 0a0b0c" in lines
    assert [line for line in lines if "EFI:" in line] == [
        "\t\tEFI: Signature Valid, Subsystem: Runtime, Machine: ARM 64-bit",
        "\t\tEFI: Signature Valid, Subsystem: Unknown (a), Machine: Unknown (5064)",
        "\t\tEFI: Signature NOT Valid",
    ]
    assert lines[-1] == "Error, ran off the end"
    assert rom_parser_lines(b"") == ["Error, zero sized ROM file"]
    assert rom_parser_lines(b"\x55\xaa" + bytes(510))[-1].startswith("Invalid PCIR signature: U\xaa")


def test_made_up_cards_have_whole_roms() -> None:
    for uefi in (True, False):
        found = read_rom(card_rom(0x10DE, 0x13C2, uefi))
        assert found.fault == "" and found.has_efi is uefi and found.images[0].checksum_ok is True
