"""libvirt finds an EFI firmware to choose.

Expected
    Where a guest leaves the choice of its EFI firmware to libvirt, a descriptor of one is installed for its
    machine type, with the features that it asks for (secure-boot, enrolled-keys) and without those that it
    refuses.
Why
    Without a descriptor 'virsh define' and the start of such a guest fail with 'Unable to find any firmware
    to satisfy efi'.
How it is read
    /usr/share/qemu/firmware and /etc/qemu/firmware: interface-types, targets, features.
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
from vfiotui.model.guest.guest_files import FEATURES
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, guest_rule, holds, known, seen


@guest_rule("GUEST-NO-FIRMWARE", Severity.WARN, needs=("guest_files",), fires="guest-files", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if domain.boot.autoselect != "efi" or domain.boot.loader:
        return
    found = [d for d in known(known(facts.guest_files).descriptors) if "uefi" in d.interfaces]
    why = {d.path: d.unfit(domain.boot, domain.machine) for d in found}
    fitting = [d for d in found if not why[d.path]]
    asked = [f"{'' if wanted else 'no '}{name}" for name, wanted in domain.boot.features if name in FEATURES]
    if fitting:
        yield holds(domain.name, f"{len(fitting)} EFI firmwares fit", seen(fitting[0].path, fitting[0].executable))
    else:
        yield fails(
            domain.name,
            f"libvirt finds no EFI firmware{' with ' + ' and '.join(asked) if asked else ''} for it.",
            seen("/usr/share/qemu/firmware", f"{len(found)} descriptors of EFI firmware"),
            *(seen(path, words) for path, words in [*why.items()][:8]),
            fix=by_hand(
                ByHand.PROGRAMS,
                "ask for the features that a descriptor has, or install the firmware with them"
                if found
                else "install the package ovmf or edk2-ovmf",
                Risk.R2,
            ),
        )
