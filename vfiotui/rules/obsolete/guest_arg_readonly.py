"""Options past libvirt are written out.

Expected
    A -drive among the arguments of qemu:commandline says readonly=on, not readonly alone.
Why
    Short forms of switches are deprecated since QEMU 6.0 and will be refused.
How it is read
    qemu:commandline.
Fix
    Write readonly=on.
Valid for
    QEMU 6.0 and later.
Sources
    QEMU about/deprecated, short-form boolean options.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-ARG-READONLY", Severity.INFO, fires="guest-qemu", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    drives = domain.qemu.values("-drive")
    bare = [d for d in drives if "readonly" in d.split(",")]
    if bare and known(facts.virt).versions.qemu_is((6, 0), domain.machine) is False:
        yield holds(domain.name, "its QEMU is older than 6.0 and takes the short form", seen(domain.source, bare[0]))
        return
    for drive in bare:
        yield fails(
            domain.name,
            "A -drive says readonly without a value, which QEMU gives up.",
            seen(domain.source, drive),
            fix=fix("write readonly=on", Risk.R2, ("domain.qemu.readonly", drive)),
        )
    if drives and not bare:
        yield holds(domain.name, "its -drive options are written out", seen(domain.source, drives[0]))
