"""The guest's topology has as many places as it has vCPUs.

Expected
    sockets * dies * clusters * cores * threads is the maximum of vCPUs.
Why
    libvirt refuses to start it: 'CPU topology doesn't match maximum vcpu count'.
How it is read
    <topology> and <vcpu>.
Fix
    Correct the topology: one socket, whole cores, the host's threads for each core.
Valid for
    QEMU guests.
Sources
    libvirt formatdomain, topology; libvirt src/qemu/qemu_validate.c.
"""

from __future__ import annotations

from vfiotui.model.cpu.pinning import Shape
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("GUEST-CPU-TOPOLOGY", Severity.FAIL, fires="guest-2018", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if domain.topology is None:
        return
    shape = Shape(*domain.topology, domain.cpu.clusters)
    product, words = shape.product, shape.words
    evidence = seen(domain.source, f"{domain.vcpus} vCPUs, {words}")
    threads = domain.topology[3] if domain.vcpus % max(domain.topology[3], 1) == 0 else 1
    if product == domain.vcpus:
        yield holds(domain.name, words, evidence)
    else:
        yield fails(
            domain.name,
            f"Its topology has {product} places and it has {domain.vcpus} vCPUs: it does not start.",
            evidence,
            fix=fix(
                "correct the topology",
                Risk.R2,
                ("domain.cpu.topology", f"1,1,{domain.vcpus // max(threads, 1)},{max(threads, 1)}"),
            ),
        )
