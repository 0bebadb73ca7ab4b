"""Enlightenments come with those that they need.

Expected
    stimer has synic, vpindex and the timer hypervclock beside it; synic, tlbflush and ipi have vpindex.
Why
    An enlightenment without its base has no effect, or the guest is refused: libvirt 11.9 and later checks
    it.
How it is read
    <hyperv> of <features>, <timer name='hypervclock'> of <clock>.
Fix
    Switch on what is missing.
Valid for
    Windows guests on KVM.
Sources
    QEMU docs, system/i386/hyperv.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.guest.domain_cpu import ENLIGHTENMENT_NEEDS
from vfiotui.rules.cpu_goals import in_xml
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("GUEST-HYPERV-NEEDS", Severity.WARN, fires="guest-windows", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    on = domain.hyperv.on | ({"hypervclock"} if domain.clock.present("hypervclock") else set())
    if domain.hyperv.chosen_by_libvirt or not on & ENLIGHTENMENT_NEEDS.keys():
        return
    lacking = {word: [n for n in needs if n not in on] for word, needs in ENLIGHTENMENT_NEEDS.items() if word in on}
    words = [f"{word} needs {' and '.join(needs)}" for word, needs in lacking.items() if needs]
    evidence = seen(domain.source, f"hyperv: {' '.join(sorted(on))}")
    if not words:
        yield holds(domain.name, "every enlightenment has its base", evidence)
        return
    wanted = sorted({n for needs in lacking.values() for n in needs})
    names = ",".join(n for n in wanted if n != "hypervclock")
    goals = [("domain.hyperv.on", names)] if names else []
    if "hypervclock" in wanted:
        goals.append(("domain.timer", "hypervclock=yes"))
    yield fails(
        domain.name,
        f"Enlightenments lack their base: {'; '.join(words)}.",
        evidence,
        fix=fix(f"switch on {', '.join(wanted)}", Risk.R2, *in_xml(domain, *goals)),
    )
