"""The processor is described once.

Expected
    The arguments of qemu:commandline have no -cpu of their own, but for macOS: what it wants of a processor
    (vendor=, vmware-cpuid-freq) has no place in <cpu>.
Why
    QEMU takes the last -cpu: everything that <cpu>, <hyperv> and <kvm> say is lost, pins and topology apart.
How it is read
    qemu:commandline.
Fix
    Say it in <cpu> and <features> and drop the argument.
Valid for
    QEMU guests.
Sources
    libvirt drvqemu; QEMU invocation.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("GUEST-CPU-TWICE", Severity.INFO, fires="guest-qemu", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.qemu.arguments:
        return
    if domain.is_macos and domain.cpu_argument:
        yield holds(domain.name, "its -cpu is that of macOS", seen(domain.source, f"-cpu {domain.cpu_argument}"))
    elif not {"-cpu", "--cpu"}.isdisjoint(domain.qemu.arguments):
        value = domain.cpu_argument
        yield fails(
            domain.name,
            "It hands QEMU a second -cpu, which takes the place of <cpu> and <features>.",
            seen(domain.source, f"-cpu {value}".strip()),
            fix=fix("say it in <cpu> and <features>", Risk.R2, ("domain.qemu.cpu", "")),
        )
    else:
        yield holds(domain.name, "no second -cpu", seen(domain.source, " ".join(domain.qemu.arguments)))
