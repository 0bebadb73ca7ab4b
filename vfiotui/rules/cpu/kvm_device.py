"""KVM can be used.

Expected
    The device /dev/kvm is there and this user may open it.
Why
    QEMU falls back to emulation, or refuses to start, when it cannot open /dev/kvm.
How it is read
    The device file and, on the live host, the access rights of this user.
Fix
    Load kvm_intel or kvm_amd; where the module refuses, virtualisation is switched off in the firmware. Join
    the group kvm for guests that run as this user.
Valid for
    Every kernel with KVM.
Sources
    Documentation/virt/kvm/api.rst.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.boot.machine import by_whom, has, in_firmware
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import Answers, ByHand, by_hand, fails, holds, known, not_applicable, rule, seen


@rule("KVM-DEVICE", Severity.FAIL, needs=("kvm_device",), fires="no-virt", silent="tower", changes=(Part.KVM,))
def check(facts: Facts) -> Answers:
    usable = known(facts.kvm_device)
    if facts.mode is Mode.ROOT:
        yield not_applicable("host", "a mounted disk has no devices")
    elif usable:
        yield holds("host", "/dev/kvm can be used", seen("/dev/kvm", "present"))
    else:
        x86 = has(facts, Part.X86)
        load = "load kvm_intel or kvm_amd" if x86 else "use a kernel with KVM"
        bare = x86 and not isinstance(facts.cpu, Unread) and not or_else(facts.cpu.flags, {"vmx"}) & {"vmx", "svm"}
        yield fails(
            "host",
            "/dev/kvm is missing: guests would run without acceleration or not at all.",
            seen("/dev/kvm", "is not there"),
            fix=by_hand(by_whom(facts, ByHand.FIRMWARE), "see CPU-VIRT first: without vmx or svm no module makes it")
            if bare
            else by_hand(
                by_whom(facts, ByHand.FIRMWARE),
                in_firmware(
                    facts,
                    f"{load}; where it refuses, look for virtualisation",
                    f"{load}; where it refuses, switch on nested virtualisation on the host that runs this machine",
                ),
                Risk.R1,
            ),
        )
