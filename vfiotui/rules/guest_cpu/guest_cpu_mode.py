"""A guest with devices of the host sees the host's processor.

Expected
    The mode of <cpu> is host-passthrough (or maximum), or the guest is macOS: that starts on models that it
    knows.
Why
    Other models hide features and cache sizes from the guest; drivers and games that ask for them run slower
    or not at all.
How it is read
    mode of <cpu>; a -cpu of qemu:commandline takes its place.
Fix
    <cpu mode='host-passthrough' check='none' migratable='off'>. Windows may ask to be activated again.
Valid for
    KVM guests on x86.
Sources
    libvirt formatdomain, CPU model and topology.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.cpu_goals import in_xml
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, not_applicable, seen


@guest_rule("GUEST-CPU-MODE", Severity.WARN, fires="guest-2018", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.uses_kvm or not domain.boot.is_x86 or not known(domain.takes_pci):
        return
    if domain.is_macos:
        yield not_applicable(domain.name, "macOS starts on models that it knows", seen(domain.source, "macOS"))
        return
    mode = domain.cpu_mode or "none"
    if mode in ("host-passthrough", "maximum"):
        yield holds(domain.name, f"mode {mode}", seen(domain.source, f"cpu mode {mode}"))
    else:
        yield fails(
            domain.name,
            f"Its processor is a model ({domain.cpu.model or mode}), not the host's own.",
            seen(domain.source, f"cpu mode {mode} {domain.cpu.model}".rstrip()),
            fix=fix("use the mode host-passthrough", Risk.R2, *in_xml(domain, ("domain.cpu.mode", "host-passthrough"))),
        )
