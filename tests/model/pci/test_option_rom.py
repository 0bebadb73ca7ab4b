"""What is said of an option ROM, and what must be done before it can be read from its card."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import known_facts
from vfiotui.demo.rom_image import EFI, X86, ImageDesc, card_rom, rom
from vfiotui.formats.option_rom import read_rom
from vfiotui.model.base.reading import Unread
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.option_rom import RomVerdict, judge_rom
from vfiotui.model.pci.rom_source import rom_source

CARD = (0x10DE, 0x13C2)


def verdict(*images: ImageDesc, lead: bytes = b"", card: tuple[int, int] | None = CARD) -> RomVerdict:
    return judge_rom(read_rom(rom(*images, lead=lead)), card)


def test_a_whole_rom_for_this_card_is_good() -> None:
    found = judge_rom(read_rom(card_rom(*CARD)), CARD)
    assert found.good and found.uefi and found.fits is True and found.remarks == ()
    assert found.sentence == "The ROM is UEFI capable."


def test_without_an_efi_image_no_uefi_guest_shows_a_picture() -> None:
    found = judge_rom(read_rom(card_rom(*CARD, uefi=False)), CARD)
    assert not found.good and not found.uefi and found.fits is True and "no EFI image" in found.sentence


@pytest.mark.parametrize(
    ("image", "word"),
    [
        (ImageDesc(EFI, last=True, machine=0xAA64), "ARM 64-bit"),
        (ImageDesc(EFI, last=True, machine=0x014C), "IA-32"),
        (ImageDesc(EFI, last=True, machine=0x5064), "0x5064"),
        (ImageDesc(EFI, last=True, efi_signature=0), "0EF1"),
    ],
)
def test_an_efi_image_that_does_not_run_here_is_told(image: ImageDesc, word: str) -> None:
    found = verdict(image)
    assert not found.uefi and word in found.sentence


def test_byte_code_runs_everywhere() -> None:
    assert verdict(ImageDesc(EFI, last=True, machine=0x0EBC)).good


def test_a_rom_for_another_card_is_told_with_both_ids() -> None:
    found = verdict(ImageDesc(EFI, device=0x1184, last=True))
    assert found.fits is False and not found.good
    assert "10de:1184" in found.remarks[0] and "10de:13c2" in found.remarks[0]


def test_a_device_list_counts() -> None:
    assert verdict(ImageDesc(EFI, device=0x1184, devices=(0x1111, 0x13C2), last=True)).fits is True


def test_an_image_that_names_no_card_leaves_it_open() -> None:
    found = verdict(ImageDesc(X86), ImageDesc(EFI, 0, 0, last=True))
    assert found.good and found.fits is None and "names no card" in " ".join(found.remarks)


def test_something_before_the_first_image_spoils_the_file() -> None:
    found = verdict(ImageDesc(EFI, last=True), lead=b"NVGI" + bytes(1000))
    assert found.uefi and not found.loadable and not found.good and "1024 bytes" in found.sentence


def test_a_cut_off_file_is_told() -> None:
    found = judge_rom(read_rom(card_rom(*CARD)[:-512]), CARD)
    assert found.uefi and not found.good and "cut off" in found.sentence


def test_what_is_no_rom_is_told() -> None:
    assert "no option ROM" in judge_rom(read_rom(b"PK\3\4" * 999)).sentence


def test_an_unread_card_leaves_it_open() -> None:
    found = judge_rom(read_rom(card_rom(*CARD)), (Unread("needs root"), 0x13C2))
    assert found.fits is None and "needs root" in found.remarks[0]


def card(**changes: object) -> PciDevice:
    bus = known_facts("clean").pci
    assert isinstance(bus, PciBus)
    device = bus.get("0000:01:00.0")
    assert device is not None
    return replace(device, **changes)  # type: ignore[arg-type]


def test_a_card_on_vfio_that_nobody_uses_can_be_read() -> None:
    found = rom_source(card(), 0x0406, ())
    assert found.obstacles == () and not found.shadow


@pytest.mark.parametrize(
    ("changes", "command", "words"),
    [
        ({"bars": ()}, 0x0406, ("no expansion ROM",)),
        ({"power_state": "D3hot"}, 0x0406, ("D3hot", "power/control")),
        ({"driver": "nouveau"}, 0x0406, ("nouveau", "unbind")),
        ({}, 0x0400, ("memory decoding is off", "/enable")),
        ({}, 0xFFFF, ("off the bus",)),
    ],
)
def test_what_stands_against_reading_says_what_to_do(
    changes: dict[str, object], command: int, words: tuple[str, ...]
) -> None:
    (sentence,) = rom_source(card(**changes), command, ()).obstacles
    assert all(w in sentence for w in words)


def test_a_running_guest_is_named() -> None:
    facts = known_facts("tower")
    bus, domains = facts.pci, facts.virt.domains  # type: ignore[union-attr]
    device = bus.get("0000:08:00.0")  # type: ignore[union-attr]
    (sentence,) = rom_source(device, 0x0406, domains).obstacles  # type: ignore[arg-type]
    assert "win10" in sentence


def test_the_boot_display_hands_out_a_copy() -> None:
    bus = known_facts("tower").pci
    assert isinstance(bus, PciBus)
    device = bus.get("0000:0b:00.0")
    assert device is not None
    assert rom_source(device, 0x0406, ()).shadow
    assert rom_source(replace(device, boot_vga=None), 0x0406, ()).shadow, "its resource says so too"
    assert not rom_source(card(), 0x0406, ()).shadow
