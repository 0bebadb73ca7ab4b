"""Disks of a tuned guest are virtio disks.

Expected
    Hard disks of a guest with pins or PCI devices are on virtio or scsi.
Why
    Emulated IDE and SATA cost an exit for every register; virtio asks once for many requests and can have an
    iothread.
How it is read
    <target bus=> of the disks.
Fix
    Load the driver inside first (Windows: viostor or vioscsi, with a small second disk on the new bus), then
    change the boot disk.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, hard drives.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-DISK-BUS", Severity.INFO, fires="guest-disks", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.vcpu_pins and not known(domain.takes_pci):
        return
    disks = [d for d in domain.devices.disks if d.device in ("disk", "lun")]
    slow = [d for d in disks if d.bus in ("ide", "sata", "usb", "fdc")]
    if slow:
        yield fails(
            domain.name,
            f"Emulated disks: {', '.join(f'{d.target} on {d.bus}' for d in slow)}.",
            *(seen(domain.source, f"{d.target} bus {d.bus}") for d in slow),
            fix=fix(
                "move them to virtio once the driver is loaded inside",
                Risk.R2,
                *(("domain.disk.bus", f"{d.target}=virtio") for d in slow),
            ),
        )
    elif disks:
        yield holds(domain.name, "its disks are virtio or scsi", seen(domain.source, " ".join(d.bus for d in disks)))
