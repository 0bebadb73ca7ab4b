"""No driver that the host's own display needs is blacklisted.

Expected
    No blacklist line of modprobe.d and no module_blacklist= of the command line names the driver of a display
    controller that stays with the host.
Why
    The host's own card gets no driver at the next boot: a black or a very slow screen.
How it is read
    modprobe.d, the command line, and the drivers and modules of display controllers that are not assigned to
    guests.
Fix
    Use a softdep line, or driver_override for the guest's card, instead of the blacklist.
Valid for
    Every kernel.
Sources
    modprobe.d(5); Documentation/admin-guide/kernel-parameters.txt module_blacklist=.
"""

from __future__ import annotations

from vfiotui.model.base.reading import or_else
from vfiotui.model.boot.modprobe_lines import fold, statements
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.functions import PciBus
from vfiotui.model.pci.passthrough import PassthroughDevices, passthrough_devices
from vfiotui.rules.engine import MEANT, Answers, fails, fix, holds, known, rule, seen


def _others(bus: PciBus, given: PassthroughDevices, modules: list[str]) -> tuple[tuple[str, str], ...]:
    """The displays for guests that one of these modules would take now."""
    taken = [d for d in bus.devices if d.is_display and d.bdf in given]
    mine = [d.bdf for d in taken if {fold(m) for m in or_else(d.modules, ())} & set(modules)]
    return (("isolate.auto", ",".join(mine)),) if mine else ()


@rule(
    "ISO-BLACKLIST",
    Severity.FAIL,
    needs=("pci", "boot"),
    fires="blacklisted",
    silent="clean",
    counts_guests=True,
    reads=MEANT,
)
def check(facts: Facts) -> Answers:
    bus, boot = known(facts.pci), known(facts.boot)
    given = passthrough_devices(bus, facts.boot, facts.virt)
    listed: dict[str, tuple[str, str]] = {}
    for file in boot.modprobe:
        for said in statements(file.text):
            if said.verb == "blacklist":
                listed[fold(said.name.value)] = (f"{file.path}:{said.line}", f"blacklist {said.name.value}")
    for line in boot.lines:
        for name in line.options("module_blacklist") + line.options("modprobe.blacklist"):
            listed[fold(name)] = (line.source, name)
    kept = [d for d in bus.devices if d.is_display and d.bdf not in given]
    bad = False
    for device in kept:
        own = {device.driver.replace("-", "_")} if isinstance(device.driver, str) else set()
        mine = own or {m.replace("-", "_") for m in or_else(device.modules, ())}
        hit = sorted(mine & listed.keys())
        if hit and mine <= listed.keys():
            bad = True
            yield fails(
                device.bdf,
                f"{device.name} stays with the host, and its driver {', '.join(hit)} is blacklisted.",
                *(seen(*listed[h]) for h in hit),
                fix=fix(
                    "take it off the blacklist, and bind the guest's card by softdep or driver_override instead",
                    Risk.R3,
                    *(("modprobe.blacklist.drop", name) for name in hit),
                    *_others(bus, given, hit),
                ),
            )
    if not bad:
        yield holds("host", f"none of {len(listed)} blacklisted modules drives a display of the host")
