"""Every iothread has a disk.

Expected
    Each iothread of a guest is used by a virtio disk or a virtio-scsi controller.
Why
    An iothread that no disk uses sleeps: the disk still waits in QEMU's main loop.
How it is read
    <iothreads> and <driver iothread=>.
Fix
    Give a virtio disk or the virtio-scsi controller the iothread, or drop it.
Valid for
    libvirt 10.0 and later can map several iothreads to one disk.
Sources
    libvirt formatdomain, hard drives, driver.
"""

from __future__ import annotations

from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("GUEST-IOTHREAD-UNUSED", Severity.INFO, fires="guest-pins", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.iothread_ids:
        return
    idle = set(domain.iothread_ids) - domain.devices.used_iothreads
    used = format_list(domain.devices.used_iothreads) or "none"
    evidence = seen(domain.source, f"iothreads {format_list(domain.iothread_ids)}, used {used}")
    if idle:
        devices = domain.devices
        free = sum(d.bus == "virtio" and not d.iothreads for d in devices.disks)
        free += sum(c.kind == "scsi" and c.model.startswith("virtio-") and not c.iothreads for c in devices.controllers)
        goals = [
            ("domain.iothread.attach" if place < free else "domain.iothread.drop", str(number))
            for place, number in enumerate(sorted(idle))
        ]
        yield fails(
            domain.name,
            f"No disk uses iothread {format_list(idle)}.",
            evidence,
            fix=fix("give a disk the iothread" if free else "take the iothread away", Risk.R2, *goals),
        )
    else:
        yield holds(domain.name, "every iothread has a disk", evidence)
