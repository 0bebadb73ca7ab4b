"""Every PCI device of a guest is on this host.

Expected
    The source address of each PCI hostdev is a function that the kernel lists.
Why
    The guest does not start, or is given another device: addresses change when cards move or firmware is
    updated.
How it is read
    <source><address> of hostdevs, hexadecimal, octal or decimal as libvirt reads them, against
    /sys/bus/pci/devices.
Fix
    Give the device under its present address, or take the entry away. Where a udev rule or supergfxd removes the
    device at each boot, take that away.
Valid for
    Every libvirt.
Sources
    libvirt formatdomain, hostdev.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from vfiotui.formats.system.udev_rules import override_rules
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.binders import SUPERGFXD, gpu_mode
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Evidence, Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, known, seen


def _removed(facts: Facts, address: str) -> Evidence | None:
    """What removes devices from the bus at each boot, and may have removed this one."""
    for file in () if isinstance(facts.boot, Unread) else facts.boot.binders:
        if file.path == SUPERGFXD and gpu_mode(file.text).mode == "Integrated":
            return seen(SUPERGFXD, "mode Integrated")
        for rule in override_rules(file.text) if file.path.endswith(".rules") else ():
            places = [value for key, operator, value in rule.matches if key == "KERNEL" and operator == "=="]
            if rule.removes and all(fnmatchcase(address, p) for value in places for p in value.split("|")):
                return seen(f"{file.path}:{rule.line}", "a udev rule that removes devices")
    return None


@guest_rule("GUEST-DEVICE-ABSENT", Severity.FAIL, needs=("pci",), fires="guest-devices", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    if not domain.pci_hostdevs:
        return
    bus = known(facts.pci)
    gone = [h.address for h in domain.pci_hostdevs if bus.get(h.address) is None]
    for address in gone:
        removed = _removed(facts, address)
        what = "it does not start." if removed is None else f"{removed.path} takes such devices off the bus."
        yield fails(
            domain.name,
            f"It is given {address}, and this host has no such device: {what}",
            seen(domain.source, f"hostdev {address}"),
            seen("/sys/bus/pci/devices", f"{len(bus.devices)} functions, none at {address}"),
            *([] if removed is None else [removed]),
            fix=fix("give the device under its present address", Risk.R2, ("domain.hostdev.drop", address))
            if removed is None
            else fix(f"take the rule away, or switch the card on again ({removed.path}), then boot", Risk.R2),
        )
    if not gone:
        yield holds(
            domain.name,
            f"all of its {len(domain.pci_hostdevs)} PCI devices are here",
            seen(domain.source, " ".join(h.address for h in domain.pci_hostdevs)),
        )
