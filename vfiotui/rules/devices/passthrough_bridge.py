"""No bridge is handed to vfio-pci.

Expected
    The ids assigned to vfio-pci match no bridge.
Why
    A bridge belongs to the host: binding one takes away everything below it, and libvirt and QEMU refuse it.
How it is read
    ids= of modprobe.d and the command line against the ids of all bridges.
Fix
    Take the bridge's id out of the list.
Valid for
    Every kernel.
Sources
    Documentation/driver-api/vfio.rst; drivers/vfio/pci/vfio_pci.c.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.vfio_ids import configured_ids
from vfiotui.rules.engine import MEANT, Answers, fails, fix, holds, known, not_applicable, rule, seen


@rule(
    "PASSTHROUGH-BRIDGE",
    Severity.FAIL,
    needs=(
        "boot",
        "pci",
    ),
    fires="old-advice",
    silent="tower",
    reads=MEANT,
)
def check(facts: Facts) -> Answers:
    ids = configured_ids(known(facts.boot))
    bus = known(facts.pci)
    if not ids:
        yield not_applicable("host", "no ids are assigned to vfio-pci")
        return
    bad = False
    for one in ids:
        for device in bus.devices:
            if device.is_bridge and one.matches(device):
                bad = True
                yield fails(
                    device.bdf,
                    f"The id {one.text} is a bridge's: vfio-pci must never take one.",
                    seen(one.where, one.text),
                    fix=fix(f"take {one.text} out of the list", Risk.R2, ("vfio.ids.remove", one.text)),
                )
    if not bad:
        yield holds("host", f"none of {len(ids)} ids is a bridge's", *(seen(i.where, i.text) for i in ids))
