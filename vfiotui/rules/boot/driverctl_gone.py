"""driverctl stores drivers only for devices that are there.

Expected
    Every file of /etc/driverctl.d bears the address of a device.
Why
    Addresses move with a card or a firmware update. A driver that is stored for an old address binds nothing, or the
    device that has this address now.
How it is read
    The names in /etc/driverctl.d, and the devices of the PCI bus.
Fix
    Forget the stored driver; isolate the device at its new address.
Valid for
    Every driverctl.
Sources
    driverctl(8).
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.rules.engine import LISTS, Answers, counted, fails, fix, holds, known, rule, seen


@rule("DRIVERCTL-GONE", Severity.WARN, needs=("boot", "pci"), fires="driverctl-gone", silent="clean", reads=LISTS)
def check(facts: Facts) -> Answers:
    boot, bus = known(facts.boot), known(facts.pci)
    stored = {f.path.rpartition("/pci-")[2]: f for f in boot.driverctl}
    gone = [bdf for bdf in stored if bus.get(bdf) is None]
    for bdf in gone:
        yield fails(
            bdf,
            f"driverctl stores {stored[bdf].text.strip() or 'a driver'} for {bdf}, where no device is.",
            seen(stored[bdf].path, stored[bdf].text.strip() or "empty"),
            fix=fix(f"forget it: driverctl unset-override {bdf}", Risk.R2, ("driverctl.drop", bdf)),
        )
    if not gone:
        known(boot.lists_seen)
        yield holds("host", f"{counted(len(stored), 'stored driver')}, each for a device that is there")
