"""Passed devices use message-signalled interrupts.

Expected
    No passed device of a running guest raises its interrupts over a legacy interrupt line (INTx).
Why
    Legacy lines are shared and slow: HDMI sound crackles, Windows shows high DPC latency, and a line
    that no driver answers can lock the host up.
How it is read
    /proc/interrupts, where vfio-pci names its lines vfio-intx(address), vfio-msi and vfio-msix.
Fix
    In Windows set MSISupported=1 for the video and the audio function, below Interrupt Management of the device
    in the registry, and start the guest again.
Valid for
    Every kernel with vfio.
Sources
    drivers/vfio/pci/vfio_pci_intrs.c; Documentation/ABI/testing/sysfs-bus-pci, msi_irqs.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.host_use import is_given
from vfiotui.rules.engine import (
    CLASS,
    DRIVERS,
    Answers,
    ByHand,
    by_hand,
    fails,
    holds,
    known,
    not_applicable,
    rule,
    seen,
)


@rule(
    "DEVICE-INTX",
    Severity.WARN,
    needs=("interrupts", "pci"),
    fires="old-interrupts",
    silent="tower",
    reads=(*DRIVERS, CLASS),
)
def check(facts: Facts) -> Answers:
    bus = known(facts.pci)
    lines = known(facts.interrupts).by_device
    given = [d for d in bus.devices if is_given(d)]
    if not given:
        yield not_applicable("host", "no device is bound to vfio-pci")
    for device in given:
        mine = lines.get(device.bdf, ())
        kinds = {kind for irq in mine for kind, bdf in irq.vfio if bdf == device.bdf}
        evidence = [seen("/proc/interrupts", f"{irq.number}: {irq.name}") for irq in mine[:4]]
        if "intx" in kinds:
            shared = [n for irq in mine for n in irq.names if device.bdf not in n]
            yield fails(
                device.bdf,
                f"{device.name} raises its interrupts over a legacy interrupt line (INTx)"
                + (f", which it shares with {', '.join(shared)}." if shared else "."),
                *evidence,
                fix=by_hand(ByHand.GUEST, "switch the guest's driver to MSI", Risk.R2),
            )
        elif mine:
            yield holds(device.bdf, f"{len(mine)} interrupts by {' and '.join(sorted(kinds)).upper()}", *evidence)
        else:
            yield not_applicable(device.bdf, "no guest uses its interrupts now", seen("/proc/interrupts", "no line"))
