"""A guest places nothing where the IOMMU cannot reach.

Expected
    Where the IOMMU maps fewer address bits than the CPU has, a guest with the host's processor and PCI
    devices has a <maxphysaddr> within the IOMMU's width.
Why
    The firmware may place large BARs or shared memory above the limit: 'VFIO_MAP_DMA failed: Invalid
    argument'. With KVMFR the guest does not start.
How it is read
    ((cap >> 16) & 0x3f) + 1 of /sys/class/iommu/dmar*/intel-iommu/cap, 'address sizes' of /proc/cpuinfo,
    <maxphysaddr>.
Fix
    <maxphysaddr mode='passthrough' limit='39'/> below <cpu>, with the IOMMU's width.
Valid for
    Intel; limit since libvirt 9.3, the element since 8.7.
Sources
    drivers/iommu/intel/iommu.h cap_mgaw; libvirt formatdomain, maxphysaddr.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.cpu_goals import in_xml
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-ADDRESS-LIMIT", Severity.WARN, needs=("iommu", "cpu"), fires="guest-narrow", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if domain.cpu_mode not in ("host-passthrough", "maximum") or not known(domain.takes_pci):
        return
    units = [u for u in known(known(facts.iommu).units) if u.kind == "intel"]
    for unit in units:
        known(unit.cap)
    reach = min((w for u in units if (w := u.address_bits) is not None), default=None)
    if reach is None:
        return
    bits = known(known(facts.cpu).physical_bits)
    cpu, limits = domain.cpu, known(facts.virt).versions.libvirt_is((8, 7))
    own = cpu.address_bits if cpu.address_mode == "emulate" else cpu.address_limit if cpu.address_mode else None
    evidence = (
        seen("/sys/class/iommu", f"the IOMMU maps {reach} bits"),
        seen("/proc/cpuinfo", f"{bits} bits physical"),
    )
    if bits <= reach or (own is not None and own <= reach):
        yield holds(domain.name, f"the IOMMU maps {reach} bits, the guest has {min(bits, own or bits)}", *evidence)
    else:
        yield fails(
            domain.name,
            f"It sees {bits} address bits and the IOMMU maps {reach}: what it places above fails to be mapped.",
            *evidence,
            fix=fix(f"limit it to {reach} bits", Risk.R2, *in_xml(domain, ("domain.maxphysaddr", str(reach))))
            if limits is not False
            else by_hand(ByHand.PROGRAMS, f"use libvirt 8.7 or later, which can limit it to {reach} bits", Risk.R2),
        )
