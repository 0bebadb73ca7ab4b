"""Native disk I/O goes past the page cache.

Expected
    A disk with io='native' has cache='none' or 'directsync'.
Why
    QEMU refuses it otherwise: 'aio=native was specified, but it requires cache.direct=on'.
How it is read
    <driver> of the disks.
Fix
    Set cache='none'.
Valid for
    QEMU 2.3 and later.
Sources
    QEMU block/file-posix.c; libvirt formatdomain, hard drives.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("GUEST-NATIVE-CACHE", Severity.FAIL, fires="guest-disks", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    native = [d for d in domain.devices.disks if d.io == "native"]
    bad = [d for d in native if d.cache not in ("none", "directsync")]
    for disk in bad:
        yield fails(
            domain.name,
            f"The disk {disk.target} has native I/O with the cache {disk.cache or 'default'}: it does not start.",
            seen(domain.source, f"{disk.target} io native cache {disk.cache or 'default'}"),
            fix=fix("set cache none", Risk.R2, ("domain.disk.driver", f"{disk.target}=cache:none")),
        )
    if native and not bad:
        yield holds(domain.name, "native I/O goes past the cache", seen(domain.source, f"{len(native)} disks"))
