"""A Windows guest has Hyper-V's enlightenments.

Expected
    relaxed, vapic, spinlocks, vpindex, synic and stimer are on; runtime, frequencies, tlbflush and ipi too
    where the host has them. The feature hypervisor is not switched off: Windows looks for them only where the
    processor says that there is one.
Why
    With them Windows asks the hypervisor instead of polling emulated timers: less time lost, fewer exits,
    shorter interrupts.
How it is read
    <hyperv> of <features>, <feature name='hypervisor'>; a -cpu of qemu:commandline takes their place.
Fix
    Switch them on one by one, or use <hyperv mode='host-model'> (libvirt 11.9) or mode='passthrough' (8.0).
Valid for
    Windows guests on KVM.
Sources
    QEMU docs, system/i386/hyperv; libvirt formatdomain, hyperv.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.cpu_goals import in_xml
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen

CORE = ("relaxed", "vapic", "spinlocks", "vpindex", "synic", "stimer")
MORE = ("runtime", "frequencies", "tlbflush", "ipi")


@guest_rule("GUEST-HYPERV-SET", Severity.WARN, fires="guest-2018", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.is_windows or not domain.uses_kvm or not domain.boot.is_x86:
        return
    evidence = seen(domain.source, f"hyperv: {' '.join(sorted(domain.hyperv.on)) or domain.hyperv.mode or 'none'}")
    core, more = ([w for w in words if w not in domain.hyperv.on] for words in (CORE, MORE))
    if domain.cpu.lacks("hypervisor"):
        yield fails(
            domain.name,
            "Windows does not look for enlightenments: the feature hypervisor is switched off.",
            evidence,
            fix=fix("leave the feature hypervisor on", Risk.R2, *in_xml(domain, ("domain.cpu.feature", "hypervisor"))),
        )
    elif domain.hyperv.chosen_by_libvirt or not (core or more):
        yield holds(domain.name, "the enlightenments are on", evidence)
    else:
        yield fails(
            domain.name,
            f"Windows lacks enlightenments: {', '.join(core or more)}.",
            evidence,
            fix=fix("switch them on", Risk.R2, *in_xml(domain, ("domain.hyperv.on", ",".join((*core, *more))))),
            severity=None if core else Severity.INFO,
        )
