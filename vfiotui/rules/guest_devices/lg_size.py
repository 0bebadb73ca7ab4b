"""The shared memory of Looking Glass has room for a frame.

Expected
    The shared memory of Looking Glass has a power of two MiB, and at least 32.
Why
    Every client since 2020 needs 32 MiB for 1920x1080; in less memory the display is cut off or does not
    come.
How it is read
    <size> of <shmem name='looking-glass'>.
Fix
    32 MiB for 1920x1080, 64 for 2560x1440, 128 for 3840x2160, 256 for 5120x2880, 512 for 7680x4320.
Valid for
    Looking Glass B4 and later.
Sources
    Looking Glass documentation, ivshmem.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen

MIB = 1 << 20
SMALLEST = 32 * MIB
ROOM = (
    (512 * MIB, "7680x4320"),
    (256 * MIB, "5120x2880"),
    (128 * MIB, "3840x2160"),
    (64 * MIB, "2560x1440"),
    (SMALLEST, "1920x1080"),
)
"""By the larger of the formulas of B7 and of the display driver of 2026."""


@guest_rule("LG-SIZE", Severity.WARN, fires="guest-glass", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    shared = domain.looking_glass
    if shared is None:
        return
    size = shared.size
    evidence = seen(domain.source, f"{shared.name} {'no size' if size is None else f'{size} bytes'}")
    if size is None or size < SMALLEST or size & (size - 1):
        yield fails(
            domain.name,
            f"The shared memory {shared.name} is too small for a frame, or no power of two.",
            evidence,
            fix=fix("give it 32 MiB or more", Risk.R2, ("domain.shmem.size", f"{shared.name}=32")),
        )
    else:
        largest = next(picture for room, picture in ROOM if size >= room)
        yield holds(domain.name, f"room for {largest}", evidence)
