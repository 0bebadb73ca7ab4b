"""ROM files of a guest's devices are there.

Expected
    The file of each <rom file=> exists and is not empty.
Why
    QEMU does not start without it: 'failed to find romfile'.
How it is read
    <rom> of the hostdevs, looked for inside the root.
Fix
    Put the file there, readable for QEMU's user, or take the entry away.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, rom.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.pci.option_rom import OptionRom
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-ROM-MISSING", Severity.FAIL, needs=("guest_files",), fires="guest-files", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    wanted = [h for h in domain.pci_hostdevs if h.rom_file]
    if not wanted:
        return
    files = known(facts.guest_files)
    gone = []
    for hostdev in wanted:
        rom = files.roms.get(hostdev.rom_file)
        if known(files.missing(hostdev.rom_file)) or (isinstance(rom, OptionRom) and not rom.size):
            gone.append(hostdev)
    for hostdev in gone:
        yield fails(
            domain.name,
            f"The ROM file {hostdev.rom_file} of {hostdev.address} is not there or empty: it does not start.",
            seen(domain.source, f"rom file {hostdev.rom_file}"),
            seen(hostdev.rom_file, "is not there or empty"),
            fix=fix(
                "put the file there or take the entry away", Risk.R2, ("domain.hostdev.rom", f"{hostdev.address}=")
            ),
        )
    if not gone:
        yield holds(domain.name, "its ROM files are there", *(seen(domain.source, h.rom_file) for h in wanted))
