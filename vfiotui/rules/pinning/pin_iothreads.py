"""iothreads of a pinned guest stay off its vCPUs' cores.

Expected
    Each iothread of a guest with pinned vCPUs has an iothreadpin that shares no CPU with them.
Why
    An iothread that floats runs where the vCPUs run, at every disk access.
How it is read
    <iothreads>, <iothreadids>, <iothreadpin>, <vcpupin>, <vcpu cpuset=>.
Fix
    Pin iothreads beside the emulator.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, cputune.
"""

from __future__ import annotations

from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("PIN-IOTHREADS", Severity.WARN, fires="guest-pins", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.vcpu_pins or not domain.iothread_ids:
        return
    pins = domain.iothread_cpus
    floating = [i for i in domain.iothread_ids if i not in pins]
    shared = domain.pinned_cpus.intersection(frozenset().union(*pins.values()))
    evidence = seen(
        domain.source,
        f"vCPUs on {format_list(domain.pinned_cpus)}, iothreads on "
        f"{format_list(frozenset().union(*pins.values())) or 'any CPU'}",
    )
    pin = fix("pin iothreads to the host's CPUs", Risk.R2, ("pin.iothreads", domain.name))
    if floating:
        yield fails(domain.name, f"iothread {format_list(floating)} may run on vCPU cores.", evidence, fix=pin)
    elif shared:
        yield fails(domain.name, f"iothreads share CPU {format_list(shared)} with vCPUs.", evidence, fix=pin)
    else:
        yield holds(domain.name, "iothreads have CPUs beside the vCPUs", evidence)
