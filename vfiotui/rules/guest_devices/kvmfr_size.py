"""KVMFR and the guest agree on the size.

Expected
    size of the memory-backend-file on /dev/kvmfr0 is static_size_mb of the module.
Why
    A mapping that is larger than the device fails; a smaller one leaves the client without its end.
How it is read
    qemu:commandline, static_size_mb in modprobe.d.
Fix
    Set both to one size.
Valid for
    Looking Glass with KVMFR.
Sources
    Looking Glass documentation, ivshmem with KVMFR.
"""

from __future__ import annotations

import re

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.memory.guest_memory import kvmfr_bytes
from vfiotui.rules.engine import Answers, ByHand, all_files, by_hand, fails, fix, guest_rule, holds, known, seen

SIZE = re.compile(r"^options\s+kvmfr\s.*\bstatic_size_mb=(\d{1,6})\b")


@guest_rule("KVMFR-SIZE", Severity.WARN, needs=("boot",), fires="guest-glass", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    wanted = kvmfr_bytes(domain)
    if wanted is None:
        return
    found = [
        (file.path, number, int(match[1]))
        for file in known(facts.boot).modprobe
        for number, text in file.numbered()
        if (match := SIZE.search(text))
    ]
    all_files(known(facts.boot))
    for path, number, mib in found[:1]:
        evidence = (seen(domain.source, f"{wanted} bytes on kvmfr"), seen(f"{path}:{number}", f"static_size_mb={mib}"))
        if mib << 20 == wanted:
            yield holds(domain.name, f"both have {mib} MiB", *evidence)
        else:
            yield fails(
                domain.name,
                f"It maps {wanted} bytes of KVMFR, and the module has {mib} MiB.",
                *evidence,
                fix=fix(
                    "set the module to the guest's size",
                    Risk.R2,
                    ("modprobe.option", f"{path}:kvmfr static_size_mb={wanted >> 20}"),
                )
                if wanted % (1 << 20) == 0
                else by_hand(ByHand.CHOICE, "set both to one size in whole MiB", Risk.R2),
            )
