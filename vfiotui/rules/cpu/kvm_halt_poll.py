"""KVM polls for a moment before a vCPU goes to sleep.

Expected
    halt_poll_ns of kvm is not 0 on a host with pinned guests.
Why
    Without polling every short pause of a guest is a sleep and a wake-up of the CPU, some microseconds each:
    sound and input feel it.
How it is read
    /sys/module/kvm/parameters/halt_poll_ns.
Fix
    echo 200000 > /sys/module/kvm/parameters/halt_poll_ns, or options kvm halt_poll_ns=200000.
Valid for
    Kernel 4.2 and later; the default is 200000 on x86.
Sources
    Documentation/virt/kvm/halt-polling.rst.
"""

from __future__ import annotations

from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.passthrough import pinned_cpus
from vfiotui.rules.engine import Answers, fails, fix, guests, holds, known, not_applicable, rule, seen, unknown


@rule("KVM-HALT-POLL", Severity.INFO, needs=("modules", "virt"), fires="lazy", silent="clean", changes=(Part.KVM,))
def check(facts: Facts) -> Answers:
    path = "/sys/module/kvm/parameters/halt_poll_ns"
    value = known(known(facts.modules).parameter("kvm.halt_poll_ns"))
    guests(facts)
    if value is None:
        yield not_applicable("host", "kvm is not loaded or shows no such parameter", seen(path, "is not there"))
    elif not pinned_cpus(facts.virt):
        yield not_applicable("host", "no guest is pinned", seen(path, value))
    elif not value.strip().isdigit():
        yield unknown("host", "the kernel shows no number of nanoseconds", seen(path, value[:40]))
    elif value.strip() == "0":
        yield fails(
            "host",
            "KVM does not poll before a vCPU sleeps: every short pause costs a wake-up.",
            seen(path, value),
            fix=fix("echo 200000 > /sys/module/kvm/parameters/halt_poll_ns", Risk.R1, ("value.set", f"{path}=200000")),
        )
    else:
        yield holds("host", f"KVM polls for up to {value} ns", seen(path, value))
