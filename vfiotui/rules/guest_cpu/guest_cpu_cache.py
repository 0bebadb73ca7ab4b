"""A pinned guest sees the host's caches.

Expected
    A pinned guest with the host's processor has <cache mode='passthrough'/>.
Why
    Else QEMU invents level 3 cache sizes and sharing; schedulers and games that look at them decide by wrong
    numbers.
How it is read
    <cache> below <cpu>.
Fix
    <cache mode='passthrough'/> below <cpu mode='host-passthrough'>.
Valid for
    x86 guests.
Sources
    libvirt formatdomain, cache.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.cpu_goals import in_xml
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("GUEST-CPU-CACHE", Severity.INFO, fires="guest-cpu", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if domain.cpu_mode != "host-passthrough" or not domain.vcpu_pins or not domain.boot.is_x86:
        return
    evidence = seen(domain.source, f"cache mode {domain.cpu.cache_mode or 'none'}")
    if domain.cpu.cache_mode == "passthrough":
        yield holds(domain.name, "the host's caches are seen", evidence)
    else:
        yield fails(
            domain.name,
            "It is pinned, and sees invented caches instead of the host's.",
            evidence,
            fix=fix("pass the caches through", Risk.R2, *in_xml(domain, ("domain.cpu.cache", "passthrough"))),
        )
