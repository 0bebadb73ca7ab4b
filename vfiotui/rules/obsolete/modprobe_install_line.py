"""No install line of modprobe.d binds cards to vfio-pci.

Expected
    modprobe.d has no 'install vfio-pci script' line.
Why
    It does nothing where vfio-pci is built in, booster ignores it, and the script finds cards by addresses that
    move when a card is moved.
How it is read
    install lines of modprobe.d; modules.builtin; the initramfs tool.
Fix
    driverctl set-override, or a udev rule with driver_override, for one address each; or ids with subsystem ids.
Valid for
    Every kernel; booster reads options lines only.
Sources
    modprobe.d(5); drivers/vfio/pci/vfio_pci.c.
"""

from __future__ import annotations

from vfiotui.formats.modprobe.modprobe_set import gathered
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.boot.host_kind import Part
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.pci.passthrough import passthrough_devices
from vfiotui.rules.engine import Answers, all_files, fails, fix, holds, known, rule, seen


def _bind(facts: Facts) -> tuple[tuple[str, str], ...]:
    """The devices that guests get, bound without the script."""
    if isinstance(facts.pci, Unread):
        return ()
    given = passthrough_devices(facts.pci, facts.boot, facts.virt)
    return (("isolate.auto", ",".join(given)),) if given else ()


@rule("MODPROBE-INSTALL-LINE", Severity.INFO, needs=("boot",), fires="old-guide", silent="clean", changes=(Part.BOOT,))
def check(facts: Facts) -> Answers:
    boot = known(facts.boot)
    found = gathered(boot.modprobe, frozenset({"install"})).of("install", "vfio-pci")
    builtin = not isinstance(boot.kernel, Unread) and "vfio_pci" in or_else(boot.kernel.builtin, frozenset())
    lost = "vfio-pci is built in" if builtin else "booster ignores such lines" if boot.initramfs == "booster" else ""
    for said in found:
        yield fails(
            said.where.rpartition(":")[0],
            f"The script of this install line never runs: {lost}."
            if lost
            else "An install line binds cards by a script: it is fragile, and addresses move.",
            seen(said.where, f"install vfio-pci {said.text}"),
            fix=fix(
                "bind the devices by ids or by driver_override instead",
                Risk.R3,
                ("modprobe.install.drop", "vfio-pci"),
                *_bind(facts),
            ),
            severity=Severity.FAIL if lost else Severity.INFO,
        )
    if not found:
        all_files(boot)
        yield holds("host", f"none of {len(boot.modprobe)} files has such a line")
