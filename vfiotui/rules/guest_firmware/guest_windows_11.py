"""Windows 11 has what its setup asks for.

Expected
    A guest that libosinfo calls Windows 11 has a TPM 2.0 and an EFI firmware with secure boot.
Why
    Its setup and its large updates refuse a machine without them.
How it is read
    <tpm>, <os firmware> and libosinfo's name of the guest.
Fix
    <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>, and firmware with secure-boot
    enabled.
Valid for
    Advice for Windows 11.
Sources
    libvirt formatdomain, tpm; libvirt kbase, secureboot.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen
from vfiotui.rules.guest_firmware_choice import choose


@guest_rule("GUEST-WINDOWS-11", Severity.INFO, fires="guest-windows", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if "microsoft.com/win/11" not in domain.os_id:
        return
    tpm = any(t.version in ("2.0", "") and t.backend in ("emulator", "passthrough") for t in domain.devices.tpms)
    secure = (
        domain.boot.feature("secure-boot") is True or "secboot" in domain.boot.loader or ".ms." in domain.boot.loader
    )
    lacking = [word for word, there in (("a TPM 2.0", tpm), ("secure boot", secure)) if not there]
    evidence = seen(domain.source, f"{domain.os_id}, {len(domain.devices.tpms)} TPM, firmware {domain.firmware}")
    goals = [*([] if tpm else [("domain.tpm", "2.0")]), *([] if secure else [("domain.firmware.secure", "")])]
    if lacking:
        yield fails(
            domain.name,
            f"Windows 11 asks for {' and '.join(lacking)} when it is installed or renewed.",
            evidence,
            fix=choose(facts, domain, "add them", *goals, secure=True)
            if not secure
            else fix("add them", Risk.R2, *goals),
        )
    else:
        yield holds(domain.name, "it has a TPM and secure boot", evidence)
