"""No program on the host uses a card that a guest takes at its start.

Expected
    No process of the host has a node of a device open that a guest is given and that still has a host driver.
Why
    libvirt unbinds the driver when the guest starts; with an open node that waits for ever, or the desktop dies.
How it is read
    /proc/PID/fd of all processes, for nodes below /dev/dri, /dev/snd and /dev/nvidia*.
Fix
    End the program, or keep the desktop off this card (KWIN_DRM_DEVICES, WLR_DRM_DEVICES, AutoAddGPU off); or
    bind the card to vfio-pci at boot.
Valid for
    Every kernel; other people's processes are seen by root only.
Sources
    drivers/base/dd.c (device_release_driver waits); proc_pid_fd(5).
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.host_use import is_given
from vfiotui.model.pci.passthrough import device_of, passthrough_devices
from vfiotui.rules.engine import (
    MEANT,
    Answers,
    ByHand,
    by_hand,
    fails,
    holds,
    known,
    not_applicable,
    rule,
    seen,
    unknown,
)


@rule(
    "DEVICE-IN-USE",
    Severity.WARN,
    needs=("pci", "virt", "holders"),
    fires="tower",
    silent="clean",
    reads=(*MEANT, "/sys/class/drm/*/device", "/sys/class/sound/*/device"),
)
def check(facts: Facts) -> Answers:
    bus = known(facts.pci)
    known(known(facts.virt).domains)
    wanted = [bdf for bdf in passthrough_devices(bus, facts.boot, facts.virt) if not is_given(device_of(bus, bdf))]
    if not wanted:
        yield not_applicable("host", "no device that is assigned to a guest has a host driver")
        return
    holders = known(facts.holders)
    for bdf in wanted:
        mine = [h for h in holders.found if h.bdf == bdf]
        if mine:
            who = ", ".join(dict.fromkeys(f"{h.name} ({h.pid})" for h in mine))
            yield fails(
                bdf,
                f"{device_of(bus, bdf).name} is assigned to a guest, and {who} uses it.",
                *(seen(f"/proc/{h.pid}/fd", h.node) for h in mine[:6]),
                *dict.fromkeys(e for h in mine[:6] for e in h.origin),
                *((seen("/proc/*/fd", holders.gap),) if holders.gap else ()),
                fix=by_hand(
                    ByHand.PROGRAMS, "end these programs before the guest starts, or keep them off this card", Risk.R1
                ),
            )
        elif holders.gap:
            yield unknown(bdf, f"no user of it was found, but {holders.gap}", seen("/proc/*/fd", holders.gap))
        else:
            yield holds(bdf, "not in use")
