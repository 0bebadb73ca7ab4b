"""All functions of a passed card are bound to vfio-pci.

Expected
    Where one function of a slot is bound to vfio-pci, the others are too, or have no driver.
Why
    A card's audio, USB and UCSI functions share its reset; a driver of the host on one of them disturbs the
    guest or hangs the host.
How it is read
    The driver of every function of the slot.
Fix
    Bind the missing functions as well.
Valid for
    Every kernel with vfio.
Sources
    drivers/vfio/pci/vfio_pci_core.c; QEMU hw/vfio/pci.c.
"""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.model.base.reading import Unread
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Fix, Risk, Severity
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.vfio_ids import configured_ids
from vfiotui.rules.boot.iso_same_id import goals_of
from vfiotui.rules.engine import CLASS, DRIVERS, Answers, fails, fix, holds, known, not_applicable, rule, seen


def _taken_along(facts: Facts, bus: PciBus, functions: Sequence[PciDevice]) -> Fix | None:
    """The way back where the boot display was taken because a card for a guest has the same id; else None."""
    shown = [d for d in functions if d.boot_vga is True]
    for one in () if isinstance(facts.boot, Unread) else configured_ids(facts.boot):
        matched = [d for d in bus.devices if one.matches(d) and not d.is_bridge]
        if any(d in matched for d in shown) and len({d.slot for d in matched}) > 1:
            text = (
                "give the boot display back to the host: bind the other card by address instead of by their common id"
            )
            return fix(text, Risk.R3, *goals_of(one.text, matched))
    return None


@rule(
    "PASSTHROUGH-SLOT-INCOMPLETE",
    Severity.FAIL,
    needs=("pci",),
    fires="half-bound",
    silent="clean",
    reads=(*DRIVERS, CLASS),
)
def check(facts: Facts) -> Answers:
    bus = known(facts.pci)
    slots = sorted({d.slot for d in bus.devices if isinstance(d.driver, str) and "vfio" in d.driver})
    if not slots:
        yield not_applicable("host", "no device is bound to vfio-pci")
    for slot in slots:
        functions = [d for d in bus.functions(slot) if not d.is_bridge and d.sriov_parent is None]
        missing = [
            d for d in functions if isinstance(d.driver, str) and "vfio" not in d.driver and d.driver != "pci-stub"
        ]
        evidence = [seen(f"/sys/bus/pci/devices/{d.bdf}/driver", d.driver or "none") for d in functions]
        # Virtual functions and multi-controller slots at the root complex are given away one by one.
        if missing and functions[0].parent is not None and any(d.is_display for d in functions):
            yield fails(
                slot,
                f"Only a part of this card is given: {', '.join(f'{d.bdf} ({d.driver})' for d in missing)} is not.",
                *evidence,
                fix=_taken_along(facts, bus, functions)
                or fix("bind every function of the slot", Risk.R2, ("isolate.auto", ",".join(d.bdf for d in missing))),
            )
        else:
            yield holds(slot, "all functions are free of host drivers", *evidence)
