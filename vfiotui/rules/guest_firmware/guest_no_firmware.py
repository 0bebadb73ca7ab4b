"""libvirt finds an EFI firmware to choose.

Expected
    Where a guest leaves the choice of its EFI firmware to libvirt, a descriptor of one is installed; with
    secure boot, of one that can do it.
Why
    Without a descriptor 'virsh define' and the start of such a guest fail with 'Unable to find any firmware
    to satisfy efi'.
How it is read
    /usr/share/qemu/firmware and /etc/qemu/firmware.
Fix
    Install the firmware: ovmf (Debian, Ubuntu), edk2-ovmf (Fedora, Arch).
Valid for
    libvirt 5.2 and later; since 9.2 the choice is made once and stored.
Sources
    libvirt formatdomain, firmware; QEMU docs/interop/firmware.json.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-NO-FIRMWARE", Severity.WARN, needs=("guest_files",), fires="guest-files", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if domain.boot.autoselect != "efi" or domain.boot.loader:
        return
    secure = domain.boot.feature("secure-boot") is True
    found = [d for d in known(known(facts.guest_files).descriptors) if "uefi" in d.interfaces]
    fitting = [d for d in found if not secure or "secure-boot" in d.features]
    if fitting:
        yield holds(domain.name, f"{len(fitting)} EFI firmwares fit", seen(fitting[0].path, fitting[0].executable))
    else:
        yield fails(
            domain.name,
            f"libvirt finds no EFI firmware{' with secure boot' if secure else ''} for it.",
            seen("/usr/share/qemu/firmware", f"{len(found)} descriptors of EFI firmware"),
            fix=fix("install the package ovmf or edk2-ovmf", Risk.R2),
        )
