"""An id assigned to vfio-pci names only devices that are meant.

Expected
    Every id matches devices of one slot only, and none of them is the boot display.
Why
    vfio-pci takes every device with the id: a second card of the same kind, the host's own, goes black with it;
    a disk controller leaves the host unbootable.
How it is read
    ids= of modprobe.d and the command line against vendor, device and subsystem of every function.
Fix
    Distinguish the cards by subsystem ids, or bind by address (driver_override).
Valid for
    Every kernel; subsystem ids have been accepted since vfio-pci has ids.
Sources
    drivers/vfio/pci/vfio_pci.c (vfio_pci_fill_ids).
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.functions import PciDevice
from vfiotui.model.pci.vfio_ids import configured_ids
from vfiotui.rules.engine import (
    MEANT,
    Answers,
    ByHand,
    by_hand,
    fails,
    fix,
    holds,
    ids_of,
    known,
    not_applicable,
    rule,
    seen,
)


def goals_of(word: str, matched: list[PciDevice]) -> list[tuple[str, str]]:
    """Binding the one card that is not the host's by address instead of by this id; none where it is not known which
    is meant."""
    meant = [d for d in matched if d.boot_vga is not True]
    if len({d.slot for d in meant}) != 1:
        return []
    return [("vfio.ids.remove", word), ("isolate.override", ",".join(d.bdf for d in meant))]


@rule(
    "ISO-SAME-ID",
    Severity.FAIL,
    needs=(
        "boot",
        "pci",
    ),
    fires="same-id",
    silent="clean",
    reads=MEANT,
)
def check(facts: Facts) -> Answers:
    ids = configured_ids(known(facts.boot))
    bus = known(facts.pci)
    if not ids:
        yield not_applicable("host", "no ids are assigned to vfio-pci")
    for one in ids:
        matched = [d for d in bus.devices if one.matches(d) and not d.is_bridge]
        slots = sorted({d.slot for d in matched})
        evidence = [
            seen(one.where, one.text),
            *(seen(f"/sys/bus/pci/devices/{d.bdf}", f"{d.ids} {d.driver or ''}") for d in matched),
        ]
        boot = [d for d in matched if d.boot_vga is True]
        if boot or len(slots) > 1:
            what = (
                f"the boot display {boot[0].bdf}"
                if boot
                else f"{len(slots)} cards: {', '.join(d.bdf for d in matched)}"
            )
            yield fails(
                one.text,
                f"The id {one.text} takes {what}.",
                *evidence,
                fix=fix("bind by address (driver_override) instead of by id", Risk.R3, *goals)
                if (goals := goals_of(one.text, matched))
                else by_hand(
                    ByHand.CHOICE, "bind by address (driver_override) the one that a guest is to get", Risk.R3
                ),
            )
        elif not matched:
            ids_of(bus)
            yield fails(
                one.text,
                f"The id {one.text} names no device of this host.",
                *evidence,
                fix=fix("remove it, or correct the typing error", Risk.R2, ("vfio.ids.remove", one.text)),
                severity=Severity.WARN,
            )
        else:
            yield holds(one.text, f"names {', '.join(d.bdf for d in matched)} only", *evidence)
