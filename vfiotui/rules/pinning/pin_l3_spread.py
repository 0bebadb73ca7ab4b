"""A guest lies in as few level 3 caches as it can.

Expected
    The pinned vCPUs use no more level 3 domains than their number needs; where they need several, the
    topology has as many dies.
Why
    What one vCPU has in its cache another one beyond the domain fetches through the fabric, several times
    slower.
How it is read
    <vcpupin>, <topology>, cache/index3 of the CPUs.
Fix
    Pin all vCPUs into one domain, the larger one for games; or show them to the guest as dies.
Valid for
    Processors with several level 3 caches.
Sources
    libvirt formatdomain, cputune; AMD Ryzen and EPYC core complexes.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread
from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen

CACHES = tuple(f"/sys/devices/system/cpu/cpu#/cache/index*/{name}" for name in ("level", "shared_cpu_list"))


@guest_rule("PIN-L3-SPREAD", Severity.WARN, needs=("cpu",), fires="guest-spread", silent="tower", reads=CACHES)
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.fixed_pins:
        return
    cpus = known(facts.cpu).by_number
    for cpu in domain.fixed_pins.values():
        if cpu in cpus and cpus[cpu].online and not cpus[cpu].caches:
            known(Unread("describes no cache", path=f"/sys/devices/system/cpu/cpu{cpu}/cache"))
    used = {shared for cpu in domain.fixed_pins.values() if cpu in cpus and (shared := cpus[cpu].shared(3))}
    domains = sorted({s for c in cpus.values() if c.online and (s := c.shared(3))}, key=len, reverse=True)
    if not used or len(domains) < 2:
        return
    need, room = 0, 0
    for shared in domains:
        if room < domain.vcpus_on:
            need, room = need + 1, room + len(shared)
    # A guest that sees NUMA nodes has one cache at least in each of them, and knows it.
    need = max(need, len(domain.cells))
    dies = domain.topology[1] if domain.topology else 1
    evidence = (
        seen(domain.source, f"vCPUs on {format_list(domain.fixed_pins.values())}, {dies} dies"),
        seen("/sys/devices/system/cpu", f"level 3: {' | '.join(format_list(s) for s in domains[:8])}"),
    )
    if len(used) > need:
        yield fails(
            domain.name,
            f"It lies in {len(used)} level 3 caches and would fit into {need}.",
            *evidence,
            fix=fix("pin it into fewer caches", Risk.R2, ("pin.propose", domain.name)),
        )
    elif len(used) > 1 and len(used) not in (dies, len(domain.cells)):
        yield fails(
            domain.name,
            f"It needs {len(used)} level 3 caches, and its topology does not say so.",
            *evidence,
            fix=fix(f"give it {len(used)} dies", Risk.R2, ("pin.propose", domain.name)),
            severity=Severity.INFO,
        )
    else:
        yield holds(domain.name, f"it lies in {len(used)} level 3 cache", *evidence)
