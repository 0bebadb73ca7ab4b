"""Only vCPUs with their own CPU run in a realtime class.

Expected
    vcpusched fifo or rr is given to pinned vCPUs only, with priority 1; the emulator has none.
Why
    A realtime thread that never sleeps starves everything else on its CPU, kernel threads too: the host
    freezes.
How it is read
    <vcpusched>, <iothreadsched>, <emulatorsched>, <vcpupin>.
Fix
    Take the class away, or pin each of these vCPUs to a CPU of its own and use priority 1.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, cputune; Linux sched(7), sched_rt_runtime_us.
"""

from __future__ import annotations

from vfiotui.model.cpu.cpuset import format_list
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen


@guest_rule("PIN-REALTIME", Severity.WARN, fires="guest-pins", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    realtime = [s for s in domain.scheduling if s.realtime]
    if not realtime:
        if domain.scheduling or domain.vcpu_pins:
            yield holds(domain.name, "no thread is in a realtime class", seen(domain.source, "no fifo, no rr"))
        return
    loose = sorted(v for s in realtime if s.who == "vcpu" for v in s.which if v not in domain.fixed_pins)
    helpers = sorted({s.who for s in realtime if s.who != "vcpu"})
    high = [s for s in realtime if (s.priority or 1) > 1]
    words = [
        *([f"vCPU {format_list(loose)} without a CPU of its own"] if loose else []),
        *(f"the {who}" for who in helpers if who == "emulator"),
        *([f"priority {high[0].priority}"] if high else []),
    ]
    evidence = [
        seen(domain.source, f"{s.who} {format_list(s.which)} {s.policy} {s.priority or ''}".strip()) for s in realtime
    ]
    if words:
        yield fails(
            domain.name,
            f"Realtime scheduling can freeze the host: {', '.join(words)}.",
            *evidence,
            fix=fix("take the class away", Risk.R2, ("domain.vcpu.sched", "none")),
        )
    else:
        yield holds(domain.name, "realtime vCPUs have CPUs of their own", *evidence)
