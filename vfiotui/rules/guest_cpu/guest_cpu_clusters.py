"""A PC has no clusters of cores.

Expected
    clusters of <topology> is 1 on x86.
Why
    QEMU's PC machines refuse it: 'clusters not supported by this machine's CPU topology'. Dies show level 3
    domains.
How it is read
    clusters of <topology>.
Fix
    Set clusters='1'; use dies for several level 3 domains.
Valid for
    x86 guests.
Sources
    QEMU invocation, -smp; seen with QEMU 7.2.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("GUEST-CPU-CLUSTERS", Severity.FAIL, fires="guest-cpu", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if domain.topology is None or not domain.boot.is_x86:
        return
    evidence = seen(domain.source, f"clusters {domain.cpu.clusters}")
    if domain.cpu.clusters > 1:
        yield fails(
            domain.name,
            f"Its topology has {domain.cpu.clusters} clusters, which no PC has: it does not start.",
            evidence,
            fix=fix("use dies instead of clusters", Risk.R2, ("domain.cpu.clusters", "1")),
        )
    else:
        yield holds(domain.name, "no clusters", evidence)
