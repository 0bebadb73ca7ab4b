"""Threads of a guest's core are threads of a host's core.

Expected
    With threads='2' the vCPUs 2k and 2k+1 are pinned to the two threads of one host core; with threads='1' no
    two vCPUs share a core.
Why
    QEMU numbers threads fastest. Paired otherwise, the guest's scheduler keeps apart what shares a core and
    puts together what does not.
How it is read
    <topology>, <vcpupin>, core_cpus_list of the CPUs.
Fix
    Pin pairs to pairs; or give the guest a topology with the host's threads.
Valid for
    Hosts with SMT.
Sources
    libvirt formatdomain, cputune; Linux ABI, sysfs-devices-system-cpu.
"""

from __future__ import annotations

from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("PIN-SIBLINGS", Severity.WARN, needs=("cpu",), fires="guest-pins", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    pins, threads = domain.fixed_pins, domain.topology[3] if domain.topology else 1
    if len(pins) < 2 or not 1 <= threads <= 8:
        return
    cpus = known(facts.cpu).by_number
    if any(cpu not in cpus for cpu in pins.values()):
        return
    core = {vcpu: known(cpus[cpu].siblings) for vcpu, cpu in pins.items()}
    groups: dict[int, list[int]] = {}
    for vcpu in pins:
        groups.setdefault(vcpu // threads, []).append(vcpu)
    torn = [found for found in groups.values() if len({core[v] for v in found}) > 1]
    owners: dict[frozenset[int], set[int]] = {}
    for number, found in groups.items():
        for vcpu in found:
            owners.setdefault(core[vcpu], set()).add(number)
    crowded = [cpu for cpu, who in owners.items() if len(who) > 1]
    said = ", ".join(f"{vcpu} on {pins[vcpu]}" for vcpu in list(pins)[:8])
    evidence = (
        seen(domain.source, f"threads {threads}; vCPUs {said}"),
        seen("/sys/devices/system/cpu", "cores " + " ".join(format_list(c) for c in list(owners)[:8])),
    )
    propose = fix("pin threads to threads of one core", Risk.R2, ("pin.propose", domain.name))
    if torn:
        yield fails(
            domain.name,
            f"vCPUs {' and '.join(map(str, torn[0]))} are threads of one core in the guest, and not on the host.",
            *evidence,
            fix=propose,
        )
    elif crowded:
        yield fails(
            domain.name,
            f"Cores of the guest share the host's core {format_list(crowded[0])}, and it does not know.",
            *evidence,
            fix=propose,
        )
    else:
        yield holds(domain.name, "its cores are cores of the host", *evidence)
