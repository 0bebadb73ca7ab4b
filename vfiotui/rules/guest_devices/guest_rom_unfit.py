"""ROM files of a guest's devices fit device and firmware.

Expected
    The file of <rom file=> begins with an image, names the ids of the device, and has an EFI image where the
    guest boots EFI.
Why
    The guest's firmware runs only an EFI image, and only for the device that it names: with any other file
    the screen stays dark.
How it is read
    The files of <rom>, read as firmware reads them; ids below /sys/bus/pci/devices.
Fix
    Read the ROM from the very card, or get the file of its maker; vfiotui rom shows what a file holds.
Valid for
    Every libvirt.
Sources
    PCI Firmware Specification 3.0, chapter 5; UEFI specification, PCI Bus Support.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.guest_files import NOT_LOOKED
from vfiotui.model.pci.option_rom import judge_rom
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, guest_rule, holds, known, lacking, seen


@guest_rule(
    "GUEST-ROM-UNFIT",
    Severity.WARN,
    needs=("guest_files",),
    fires="guest-devices",
    silent="guest-fine",
    only_running=True,
)
def check(facts: Facts, domain: Domain) -> Answers:
    wanted = [h for h in domain.pci_hostdevs if h.rom_file]
    if not wanted:
        return
    files = known(facts.guest_files)
    for hostdev in wanted:
        if files.missing(hostdev.rom_file) is True:
            continue
        device = None if isinstance(facts.pci, Unread) else facts.pci.get(hostdev.address)
        if device is not None:
            known(device.vendor)
            known(device.device)
        rom = known(files.roms.get(hostdev.rom_file, NOT_LOOKED))
        verdict = judge_rom(rom, None if device is None else (device.vendor, device.device))
        evidence = (
            seen(domain.source, f"hostdev {hostdev.address} rom file"),
            seen(hostdev.rom_file, f"{rom.size} bytes, {len(rom.images)} images"),
            *(seen(hostdev.rom_file, remark) for remark in verdict.remarks),
        )
        if verdict.fits is False or not verdict.loadable or (domain.boot.is_efi and not verdict.uefi):
            yield fails(
                domain.name,
                f"The ROM file of {hostdev.address} does not fit. {verdict.sentence}",
                *evidence,
                fix=by_hand(ByHand.FILE, "give it a ROM that fits", Risk.R2),
            )
        elif device is None:
            # That it begins as it should is seen; whose ROM it is, only beside the device.
            known(facts.pci)
            missing = Unread("is not there", path=f"/sys/bus/pci/devices/{hostdev.address}")
            yield lacking(domain.name, f"Whether the ROM file of {hostdev.address} is of this device", missing)
        else:
            yield holds(domain.name, f"the ROM file of {hostdev.address} fits", *evidence)
