"""No guest sets QEMU's removed audio variables.

What must hold
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

from collections.abc import Iterator

from vfiotui.model.facts import Facts
from vfiotui.model.finding import Risk, Severity
from vfiotui.rules.rule import Answer, fails, fix, holds, known, rule, seen


@rule("W17-QEMU-AUDIO", "H17", Severity.FAIL, needs=("virt",), fires="bad-pins", silent="tower")
def check(facts: Facts) -> Iterator[Answer]:
    domains = known(known(facts.virt).domains)
    bad = False
    for domain in domains:
        old = [a for a in domain.qemu_arguments if a.startswith(("QEMU_AUDIO_", "QEMU_PA_"))]
        if old:
            bad = True
            yield fails(
                domain.name,
                f"{old[0].partition('=')[0]} is set for this guest: QEMU 8.2 and later do not know it.",
                seen(domain.source, old[0]),
                fix=fix("use the audio element instead", Risk.R2, ("domain.audio", domain.name)),
            )
    if not bad:
        yield holds("host", f"none of {len(domains)} guests sets one")
