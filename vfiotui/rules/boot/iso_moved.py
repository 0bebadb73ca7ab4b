"""The cards that were chosen are where they were.

Expected
    At every stored address stands the function that was chosen, by its ids and subsystem ids.
Why
    A card that is added or removed, and a new firmware, renumber the bus: the address then names another device,
    and the guest gets nothing, or a device of the host.
How it is read
    The stored selection against the ids of the functions on the bus.
Fix
    Take the old change back and isolate the card at its new address.
Valid for
    Selections made with this program.
Sources
    PCI Firmware Specification (bus numbers are given at each start); Documentation/ABI/testing/sysfs-bus-pci.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.selection import FILE, chosen, moved
from vfiotui.rules.engine import Answers, fails, fix, holds, ids_of, known, not_applicable, rule, seen


@rule("ISO-MOVED", Severity.FAIL, needs=("selection", "pci"), fires="moved-card", silent="chosen-card")
def check(facts: Facts) -> Answers:
    if facts.mode is Mode.ROOT:
        yield not_applicable("host", "a mounted disk shows no devices")
        return
    selection, bus = known(facts.selection), known(facts.pci)
    if not selection:
        yield not_applicable("host", "no device was chosen with this program")
        return
    ids_of(bus)
    lost = {m.stored.bdf: m for m in moved(selection, bus)}
    present = [chosen(d, bus) for d in bus.devices if not d.is_bridge]
    for one in selection:
        stored = seen(FILE, f"{one.bdf} {one.long_ids}")
        if one.bdf in lost:
            found = lost[one.bdf]
            now = seen("/sys/bus/pci/devices", found.there or ", ".join(found.now) or "no such function")
            target = found.now[0] if len(found.now) == 1 else ""
            yield fails(
                one.bdf, f"{found.sentence}.", stored, now,
                fix=fix(
                    f"undo the old isolation, then isolate {target or 'the card'} again", Risk.R3,
                    *([(f"isolate.{one.method}", target)] if target and one.method else []),
                ),
            )  # fmt: skip
            continue
        twins = [c.bdf for c in present if c.bdf != one.bdf and one.same_card(c)]
        known_twins = {c.bdf for c in selection}
        new = [t for t in twins if t not in known_twins]
        if new and one.method in ("ids", "subsystem"):
            yield fails(
                one.bdf, f"{', '.join(new)} has the same ids and would be taken too: bind by address.", stored,
                seen("/sys/bus/pci/devices", ", ".join(new)),
                fix=fix("bind by address", Risk.R3, ("isolate.override", one.bdf)),
            )  # fmt: skip
        else:
            yield holds(one.bdf, "the chosen card is there", stored)
