"""QEMU of older libvirt is kept from isolated CPUs.

Expected
    Before libvirt 10.4 a guest on a host with isolcpus has an emulatorpin.
Why
    Until 10.3 libvirt let QEMU run on isolated CPUs too unless it was pinned; there nothing balances its
    threads.
How it is read
    /sys/devices/system/cpu/isolated, <emulatorpin>, the version of libvirt: the daemon's word, or its library.
Fix
    Set <emulatorpin> to CPUs of the host.
Valid for
    libvirt before 10.4.
Sources
    libvirt news, 10.4.0.
"""

from __future__ import annotations

from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("PIN-UNPINNED-ISOLATED", Severity.INFO, needs=("cpu",), fires="guest-isolated", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.vcpu_pins:
        return
    isolated = known(known(facts.cpu).isolated)
    if not isolated:
        return
    emulator = format_list(domain.emulator_cpus or ()) or "any CPU"
    evidence = (
        seen("/sys/devices/system/cpu/isolated", format_list(isolated)),
        seen(domain.source, f"emulator on {emulator}"),
    )
    if domain.emulator_cpus is not None or known(known(facts.virt).versions.libvirt_is((10, 4))):
        yield holds(domain.name, "its QEMU stays off the isolated CPUs", *evidence)
    else:
        yield fails(
            domain.name,
            f"libvirt before 10.4 lets its QEMU run on the isolated CPUs {format_list(isolated)}.",
            *evidence,
            fix=fix("pin the emulator", Risk.R2, ("pin.emulator", domain.name)),
        )
