"""A core of a guest has no work of the host on its other thread.

Expected
    The sibling of a pinned CPU is a vCPU of the same guest, or is kept from the host.
Why
    Two threads of a core share everything: what the host runs on one of them takes half of the other, and can
    spy on it.
How it is read
    <vcpupin>, core_cpus_list, the isolated CPUs; emulator and iothread pins count as the host's work.
Fix
    Give the guest whole cores.
Valid for
    Hosts with SMT.
Sources
    libvirt formatdomain, cputune; QEMU docs, hyperv, hv-no-nonarch-coresharing.
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Fix, Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, fix, guest_rule, holds, known, seen


def _fix(domain: Domain, threads: int) -> Fix:
    """Whole cores; a guest whose vCPUs do not fill them needs another number of vCPUs first."""
    more = -domain.vcpus % threads
    if not more:
        return fix("give it whole cores", Risk.R2, ("pin.propose", domain.name))
    count = domain.vcpus + more
    text = f"give it {count} vCPUs, which fill whole cores: 'vfiotui pin propose {domain.name} --vcpus {count}'"
    return by_hand(ByHand.CHOICE, text, Risk.R2)


@guest_rule("PIN-SHARED-CORE", Severity.WARN, needs=("cpu",), fires="guest-pins", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    pins = set(domain.fixed_pins.values())
    if not pins:
        return
    topology = known(facts.cpu)
    cpus = topology.by_number
    online = known(topology.online)
    beside = {s for cpu in pins if cpu in cpus for s in known(cpus[cpu].siblings)} & online - pins
    kept = or_else(topology.isolated, frozenset())
    helpers = (domain.emulator_cpus or frozenset()).union(*domain.iothread_cpus.values())
    disturbed = beside - kept | beside & helpers
    evidence = seen("/sys/devices/system/cpu", f"siblings of its CPUs: {format_list(beside) or 'all its own'}")
    if disturbed:
        yield fails(
            domain.name,
            f"The host may work on CPU {format_list(disturbed)}, the other threads of its cores.",
            seen(domain.source, f"vCPUs on {format_list(pins)}"),
            evidence,
            fix=_fix(domain, max(len(known(cpus[cpu].siblings)) for cpu in pins if cpu in cpus)),
        )
    else:
        yield holds(domain.name, "no host work on its cores", evidence)
