"""A whole disk or partition is handed through without a second cache.

Expected
    A block device has cache='none', io='native' or 'io_uring', and discard='unmap' where it is an SSD.
Why
    The host's page cache holds everything a second time and is written out late; discard lets the SSD know
    what is free.
How it is read
    <driver> of the disks of type block.
Fix
    Set cache='none' io='native' discard='unmap'.
Valid for
    Advice.
Sources
    libvirt formatdomain, hard drives, driver.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("GUEST-BLOCK-DRIVER", Severity.INFO, fires="guest-disks", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    blocks = [d for d in domain.devices.disks if d.kind == "block" and d.device == "disk"]
    plain = [d for d in blocks if d.cache not in ("none", "directsync") or d.io not in ("native", "io_uring")]
    if plain:
        yield fails(
            domain.name,
            f"The host caches what its disks hold a second time: {', '.join(d.target for d in plain)}.",
            *(seen(domain.source, f"{d.target} cache {d.cache or 'default'} io {d.io or 'default'}") for d in plain),
            fix=fix(
                "set cache none, io native, discard unmap",
                Risk.R2,
                *(("domain.disk.driver", f"{d.target}=cache:none,io:native,discard:unmap") for d in plain),
            ),
        )
    elif blocks:
        yield holds(domain.name, "its block devices go past the cache", seen(domain.source, f"{len(blocks)} disks"))
