"""The CPU can run virtual machines in hardware.

Expected
    The processor flags hold vmx (Intel) or svm (AMD).
Why
    Without hardware virtualisation there is no KVM, and without KVM a guest with a passed device is unusably
    slow.
How it is read
    The flags of /proc/cpuinfo. Another architecture than x86 has no such flag: the check does not apply there.
Fix
    Switch on VT-x, SVM or 'virtualization' in the firmware setup; a virtual machine needs it from its own host.
Valid for
    x86, every kernel.
Sources
    arch/x86/include/asm/cpufeatures.h; knowledge of the seed document, hardware requirements.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.boot.machine import by_whom, inside_machine
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Severity
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, holds, known, not_applicable, rule, seen, unknown

X86 = frozenset({"lm", "tsc", "cx8", "vme", "vmx", "svm"})
OTHERS = frozenset({"asimd", "neon", "vfpv3", "vfpv4", "cpucfg", "zarch", "esan3"})
"""Flags of ARM, LoongArch and s390; LoongArch has an fpu too."""


@rule("CPU-VIRT", Severity.FAIL, needs=("cpu",), fires="no-virt", silent="tower", changes=(Part.X86, Part.KVM))
def check(facts: Facts) -> Answers:
    cpu = known(facts.cpu)
    flags = known(cpu.flags)
    found = flags & {"vmx", "svm"}
    if flags & OTHERS or any(word.startswith("rv") for word in flags):
        yield not_applicable("host", "not an x86 processor", seen("/proc/cpuinfo", " ".join(sorted(flags)[:8])))
    elif not flags & X86:
        yield unknown(
            "host", "the flags are not those of a processor known here", seen("/proc/cpuinfo", " ".join(flags)[:80])
        )
    elif found:
        yield holds(
            "host", f"the processor has {', '.join(sorted(found))}", seen("/proc/cpuinfo", " ".join(sorted(found)))
        )
    elif facts.kvm_device is True:
        yield holds("host", "the flags are hidden, but KVM can be used", seen("/dev/kvm", "present"))
    else:
        if isinstance(facts.kvm_device, Unread) and facts.kvm_device.why is Why.FORBIDDEN:
            # The device is there, so that the kernel found what the flags hide.
            known(facts.kvm_device)
        inside = inside_machine(facts)
        yield fails(
            "host",
            "The processor shows neither vmx nor svm: KVM cannot run here.",
            seen("/proc/cpuinfo", "no vmx, no svm in flags"),
            fix=by_hand(
                by_whom(facts, ByHand.FIRMWARE),
                "switch on nested virtualisation on the host that runs this machine"
                if inside
                else "switch on virtualisation (VT-x, SVM) in the firmware setup",
            ),
        )
