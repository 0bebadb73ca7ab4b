"""The host keeps a whole core beside a guest.

Expected
    Beside the pinned vCPUs of a guest at least one whole core stays, and CPU 0 is not among the pinned; with
    Looking Glass two cores.
Why
    Interrupts, emulator, iothreads and the desktop run there; a guest that takes everything waits for its own
    helpers.
How it is read
    <vcpupin>, core_cpus_list.
Fix
    Give the guest one core less.
Valid for
    Every host.
Sources
    Looking Glass documentation, libvirt; Linux admin-guide/cpu-isolation.
"""

from __future__ import annotations

from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("PIN-HOST-CORE", Severity.WARN, needs=("cpu",), fires="guest-pins", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    pins = frozenset(domain.fixed_pins.values())
    if not pins:
        return
    topology = known(facts.cpu)
    cores = {known(c.siblings) for c in topology.online_cpus}
    left = [core for core in cores if not core & pins]
    wanted = 2 if domain.looking_glass else 1
    evidence = (
        seen(domain.source, f"vCPUs on {format_list(pins)}"),
        seen("/sys/devices/system/cpu", f"{len(left)} of {len(cores)} cores stay with the host"),
    )
    propose = fix("give it one core less", Risk.R2, ("pin.propose", domain.name))
    if len(left) < wanted:
        yield fails(
            domain.name,
            f"Of the host's {len(cores)} cores {len(left)} stay whole beside it, and {wanted} should.",
            *evidence,
            fix=propose,
        )
    elif 0 in pins:
        yield fails(domain.name, "A vCPU has CPU 0, on which the host's own work begins.", *evidence, fix=propose)
    else:
        yield holds(domain.name, f"{len(left)} cores stay with the host", *evidence)
