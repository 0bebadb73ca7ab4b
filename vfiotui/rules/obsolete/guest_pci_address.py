"""Devices of the host sit on slots that the guest's ports have.

Expected
    On a bus behind a pcie-root-port the guest's address of a hostdev has slot 0.
Why
    A root port has one slot: libvirt refuses other ones.
How it is read
    <address> of the hostdevs, <controller type='pci'> of that index.
Fix
    Take the address away: libvirt finds a free place.
Valid for
    Guests of the type q35.
Sources
    libvirt pci-addresses.
"""

from __future__ import annotations

from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Risk, Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.rules.engine import Answers, fails, fix, guest_rule, holds, seen

ONE_SLOT = ("pcie-root-port", "pcie-switch-downstream-port")


@guest_rule("GUEST-PCI-ADDRESS", Severity.FAIL, fires="guest-devices", silent="guest-fine")
def check(facts: Facts, domain: Domain) -> Answers:
    ports = {c.index for c in domain.devices.controllers if c.kind == "pci" and c.model in ONE_SLOT}
    placed = [h for h in domain.pci_hostdevs if h.guest_address]
    wrong = []
    for hostdev in placed:
        _, bus, rest = hostdev.guest_address.split(":")
        if int(bus, 16) in ports and rest.partition(".")[0] != "00":
            wrong.append(hostdev)
    for hostdev in wrong:
        yield fails(
            domain.name,
            f"{hostdev.address} is to sit at {hostdev.guest_address}, and the port there has slot 0 only.",
            seen(domain.source, f"address {hostdev.guest_address}"),
            fix=fix("leave its place to libvirt", Risk.R2, ("domain.hostdev.place", hostdev.address)),
        )
    if placed and not wrong:
        yield holds(domain.name, "its devices sit where ports allow it", seen(domain.source, placed[0].guest_address))
