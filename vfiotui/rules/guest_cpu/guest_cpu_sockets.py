"""Windows gets its vCPUs as cores, not as sockets.

Expected
    A Windows guest has one socket, or two where its edition allows it.
Why
    Windows Home uses one socket and Pro two: further vCPUs lie idle, and the guest runs on one core only.
How it is read
    <topology>; without one each vCPU is a socket.
Fix
    <topology sockets='1' dies='1' cores='N' threads='T'/>.
Valid for
    Windows other than Server.
Sources
    virt-manager issues 155 and 1092; kubevirt issue 542.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("GUEST-CPU-SOCKETS", Severity.WARN, fires="guest-2018", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.is_windows or not domain.uses_kvm or "win/2k" in domain.os_id:
        return
    sockets = domain.vcpus if domain.topology is None else domain.topology[0]
    said = "no topology, so each vCPU is a socket" if domain.topology is None else f"{sockets} sockets"
    threads = 1 if domain.topology is None or domain.vcpus % max(domain.topology[3], 1) else max(domain.topology[3], 1)
    shape = f"1,1,{domain.vcpus // threads},{threads}"
    evidence = seen(domain.source, f"{domain.vcpus} vCPUs, {said}")
    if sockets <= 1:
        yield holds(domain.name, "one socket", evidence)
    else:
        yield fails(
            domain.name,
            f"Windows sees {sockets} sockets: Home uses one of them and Pro two.",
            evidence,
            fix=fix("give all vCPUs as cores of one socket", Risk.R2, ("domain.cpu.topology", shape)),
            severity=Severity.INFO if sockets == 2 else None,
        )
