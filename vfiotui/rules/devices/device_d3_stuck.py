"""No passed device is stuck in a deep sleep.

Expected
    No device that is bound to vfio-pci is in D3cold, and the kernel log has no failed wake-up.
Why
    Some cards do not wake from D3cold; the guest then does not start, or the host hangs.
How it is read
    power_state of the device; 'Unable to change power state' in the kernel log.
Fix
    options vfio-pci disable_idle_d3=1 in modprobe.d keeps idle cards awake, for some watts.
Valid for
    power_state since kernel 5.12; disable_idle_d3 since 4.3.
Sources
    drivers/vfio/pci/vfio_pci.c; ABI/testing/sysfs-bus-pci.
"""

from __future__ import annotations

from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import (
    CLASS,
    DRIVERS,
    Answers,
    fails,
    fix,
    holds,
    known,
    lacking,
    not_applicable,
    rule,
    seen,
    unknown,
)

AWAKE = ("D0", "D1", "D2", "D3hot", "unknown")
"""Words of power_state beside D3cold and error (drivers/pci/pci.c pci_power_names)."""


@rule(
    "DEVICE-D3-STUCK",
    Severity.WARN,
    needs=("pci",),
    fires="weak-reset",
    silent="clean",
    reads=(*DRIVERS, CLASS),
)
def check(facts: Facts) -> Answers:
    bus = known(facts.pci)
    given = [d for d in bus.devices if isinstance(d.driver, str) and "vfio" in d.driver]
    if not given:
        yield not_applicable("host", "no device is bound to vfio-pci")
        return
    log = or_else(facts.kernel_log, ())
    for device in given:
        said = [x.text for x in log if device.bdf in x.text and "Unable to change power state" in x.text]
        path = f"/sys/bus/pci/devices/{device.bdf}/power_state"
        state = () if isinstance(device.power_state, Unread) else (seen(path, device.power_state),)
        if said or device.power_state == "D3cold":
            yield fails(
                device.bdf,
                "This card did not wake up again." if said else "This card sleeps in D3cold; some never wake from it.",
                *state,
                *(seen("kernel log", text) for text in said[-1:]),
                fix=fix(
                    "set disable_idle_d3=1 for vfio-pci", Risk.R2, ("modprobe.option", "vfio-pci disable_idle_d3=1")
                ),
            )
        elif isinstance(device.power_state, Unread):
            yield lacking(device.bdf, check.title, device.power_state)
        elif device.power_state not in AWAKE:
            yield unknown(device.bdf, "the kernel shows a state that is not known here", *state)
        else:
            yield holds(device.bdf, "awake or lightly asleep", *state)
