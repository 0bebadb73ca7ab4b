"""QEMU of older libvirt is kept from isolated CPUs.

What must hold
    Before libvirt 10.4 a guest on a host with isolcpus has an emulatorpin.
Why
    Until 10.3 libvirt let QEMU run on isolated CPUs too unless it was pinned; there nothing balances its
    threads.
How it is read
    /sys/devices/system/cpu/isolated, <emulatorpin>, libvirt's version where a daemon is asked.
Fix
    Set <emulatorpin> to CPUs of the host.
Valid for
    libvirt before 10.4.
Sources
    libvirt news, 10.4.0.
"""

from __future__ import annotations

from collections.abc import Iterator

from vfiotui.model.cpuset import format_list
from vfiotui.model.domain import Domain
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, fails, fix, guest_rule, holds, known, seen


@guest_rule("PIN-UNPINNED-ISOLATED", Severity.INFO, needs=("cpu",), fires="guest-isolated", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Iterator[Answer]:
    if not domain.vcpu_pins:
        return
    isolated = known(known(facts.cpu).isolated)
    if not isolated:
        return
    version = known(facts.virt).libvirt_version
    emulator = format_list(domain.emulator_pin or ()) or "any CPU"
    evidence = (
        seen("/sys/devices/system/cpu/isolated", format_list(isolated)),
        seen(domain.source, f"libvirt {version or 'of unknown version'}, emulator on {emulator}"),
    )
    if domain.emulator_pin is not None or _leaves_them_alone(version):
        yield holds(domain.name, "its QEMU stays off the isolated CPUs", *evidence)
    else:
        yield fails(
            domain.name,
            f"libvirt before 10.4 lets its QEMU run on the isolated CPUs {format_list(isolated)}.",
            *evidence,
            fix=fix("pin the emulator", Risk.R2, ("pin.emulator", domain.name)),
        )


def _leaves_them_alone(version: str) -> bool:
    """Whether it is libvirt 10.4 or later; an unknown version may be older."""
    numbers = [int(word) for word in version.split(".")[:2] if word.isdigit()]
    return len(numbers) == 2 and numbers >= [10, 4]
