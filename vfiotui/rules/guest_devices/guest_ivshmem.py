"""Shared memory past libvirt is written as JSON.

Expected
    An ivshmem device among the arguments of qemu:commandline is JSON where libvirt writes its own devices so.
Why
    libvirt 7.9 with QEMU 6.2 and later write devices as JSON; an argument in the old comma form is then
    placed before their buses exist: 'Bus not found'.
How it is read
    qemu:commandline; versions of libvirt and QEMU where a daemon is asked.
Fix
    Write the device as JSON, or use <shmem>.
Valid for
    libvirt 7.9 and QEMU 6.2 or later.
Sources
    Looking Glass documentation, ivshmem with KVMFR.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-IVSHMEM", Severity.WARN, fires="guest-qemu", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    devices = [v for v in domain.qemu.values("-device") if "ivshmem" in v]
    if not devices:
        return
    comma = [v for v in devices if not v.lstrip().startswith("{")]
    versions = known(facts.virt).versions
    both = (versions.libvirt_is((7, 9)), versions.qemu_is((6, 2), domain.machine))
    if comma and False in both:
        yield holds(domain.name, "its libvirt or QEMU is old enough for the comma form", seen(domain.source, comma[0]))
    elif comma:
        for newer in both:
            known(newer)
        yield fails(
            domain.name,
            "Its shared memory is given in the comma form, which newer libvirt and QEMU place wrongly.",
            *(seen(domain.source, v) for v in comma),
            fix=fix("write it as JSON", Risk.R2, *(("domain.qemu.json", v) for v in comma)),
        )
    else:
        yield holds(domain.name, "its shared memory is given as JSON", seen(domain.source, devices[0]))
