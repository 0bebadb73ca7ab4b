"""No guest sets QEMU's removed audio variables.

Expected
    No qemu:commandline of a guest sets QEMU_AUDIO_DRV, QEMU_PA_SERVER or their like.
Why
    QEMU 8.2 removed them: the guest has no sound, or does not start.
How it is read
    qemu:commandline of every guest.
Fix
    Use <audio type='pipewire'/> or type='pulseaudio' with a <sound> device.
Valid for
    QEMU 8.2 and later.
Sources
    QEMU about/removed-features; libvirt formatdomain, audio.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


@guest_rule("GUEST-QEMU-AUDIO", Severity.FAIL, fires="bad-pins", silent="tower")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.qemu.environment:
        return
    old = [f"{name}={value}" for name, value in domain.qemu.environment if name.startswith(("QEMU_AUDIO_", "QEMU_PA_"))]
    removed = not old or known(known(facts.virt).versions.qemu_is((8, 2), domain.machine))
    if not removed:
        yield holds(domain.name, "its QEMU is older than 8.2 and knows these variables", seen(domain.source, old[0]))
        return
    # PipeWire is a backend since libvirt 9.10.
    backend = "pipewire" if known(facts.virt).versions.libvirt_is((9, 10)) is True else "pulseaudio"
    for word in old[:1]:
        yield fails(
            domain.name,
            f"{word.partition('=')[0]} is set for this guest: QEMU 8.2 and later do not know it.",
            *(seen(domain.source, each) for each in old),
            fix=fix(
                "use the audio element instead",
                Risk.R2,
                ("domain.audio", backend),
                *(("domain.qemu.drop", w) for w in old),
            ),
        )
    if not old:
        yield holds(domain.name, "no such variable", seen(domain.source, "qemu:env"))
