"""QEMU's own threads stay off the vCPUs' cores.

Expected
    A guest with pinned vCPUs has an emulatorpin, or CPUs for all threads without a pin (<vcpu cpuset=>), and
    these share none with the vCPUs.
Why
    Without it QEMU's main loop and workers run on the very CPUs that the vCPUs need.
How it is read
    emulatorpin, vcpupin and <vcpu cpuset=> of every pinned guest.
Fix
    Pin the emulator to CPUs that the host keeps, on the same node.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, emulatorpin; libvirt kbase, kvm-realtime.
"""

from __future__ import annotations

from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("PIN-EMULATOR", Severity.WARN, fires="tower", silent="clean")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.vcpu_pins:
        return
    vcpus, emulator = domain.pinned_cpus, domain.emulator_cpus
    evidence = seen(
        domain.source, f"vCPUs on {format_list(vcpus)}, emulator on {format_list(emulator or ()) or 'any CPU'}"
    )
    pin = fix("pin the emulator to the host's CPUs", Risk.R2, ("pin.emulator", domain.name))
    if emulator is None:
        yield fails(domain.name, "The emulator may run on vCPU cores: there is no emulatorpin.", evidence, fix=pin)
    elif emulator & vcpus:
        yield fails(
            domain.name, f"The emulator shares CPU {format_list(emulator & vcpus)} with vCPUs.", evidence, fix=pin
        )
    else:
        yield holds(domain.name, f"the emulator has CPU {format_list(emulator)} for itself", evidence)
