"""A guest does not hide its hypervisor without need.

Expected
    Neither <kvm><hidden> nor a vendor_id of <hyperv> is set, nor is the feature hypervisor off, unless the NVIDIA
    driver is older than 465 or a program looks for virtual machines.
Why
    Drivers of 2021 and later allow one guest with a GeForce. The old recipe without any enlightenment now
    only costs speed.
How it is read
    <kvm> and <hyperv> of <features>, <cpu>; a -cpu of qemu:commandline takes their place.
Fix
    Take it away, or keep it for an old driver; keep the enlightenments in any case.
Valid for
    NVIDIA 465 and later, cards since Kepler.
Sources
    NVIDIA release 465 notes as reported in 2021; libvirt formatdomain, hyperv vendor_id.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.cpu_goals import in_xml
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-KVM-HIDDEN", Severity.INFO, fires="guest-windows", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not known(domain.takes_pci):
        return
    hides = [
        w
        for w, is_on in (
            ("kvm hidden", domain.kvm_hidden),
            ("vendor_id", domain.hyperv.vendor_id is not None),
            ("feature hypervisor off", domain.cpu.lacks("hypervisor")),
        )
        if is_on
    ]
    if not hides:
        yield holds(domain.name, "KVM is not hidden", seen(domain.source, "no kvm hidden, no vendor_id"))
        return
    bare = domain.is_windows and not domain.hyperv.chosen_by_libvirt and not domain.hyperv.on - {"vendor_id"}
    goals = [("domain.kvm.hidden", "off")] if domain.kvm_hidden else []
    if domain.hyperv.vendor_id is not None:
        goals.append(("domain.hyperv.vendor-id", ""))
    if domain.cpu.lacks("hypervisor"):
        goals.append(("domain.cpu.feature", "hypervisor"))
    yield fails(
        domain.name,
        "It hides its hypervisor and has no enlightenments: Windows runs slower for a driver check that is gone."
        if bare
        else f"It hides its hypervisor ({', '.join(hides)}), needed for NVIDIA drivers before 465 only.",
        seen(domain.source, ", ".join(hides)),
        fix=fix("take it away where the driver is newer than 2021", Risk.R2, *in_xml(domain, *goals)),
        severity=Severity.WARN if bare else None,
    )
