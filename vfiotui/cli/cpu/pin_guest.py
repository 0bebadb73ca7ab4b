"""The guest that a pin command is about, with everything that places it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import cached_property

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.machine import open_root, plan_inputs
from vfiotui.cli.out import needed
from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.formats.domain_xml.xml_text import decode
from vfiotui.host.cpu import topology as cpu
from vfiotui.host.pci import functions as pci
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.cpu.pinning import Pinning, pinning_of
from vfiotui.model.cpu.topology import Topology
from vfiotui.model.guest.domain import Domain, Virt
from vfiotui.model.guest.stored_guest import StoredGuest
from vfiotui.model.live.sample import GuestCount
from vfiotui.model.pci.functions import PciBus
from vfiotui.plan.pin.placement_context import PlacementContext, context_of, nodes_near
from vfiotui.state.plan_inputs import RootInputs


@dataclass
class Host:
    """The host of a pin command; parts are read when they are first asked for."""

    args: argparse.Namespace

    @cached_property
    def root(self) -> Root:
        """Where everything is read."""
        return open_root(self.args)

    @cached_property
    def inputs(self) -> RootInputs:
        """What plans are made from."""
        return plan_inputs(self.args, self.root)

    @cached_property
    def processors(self) -> Reading[Topology]:
        """The processors, where they can be seen."""
        return cpu.read(self.root)

    @property
    def topology(self) -> Topology:
        """The processors, or the end of the command."""
        return needed(self.processors, "the processors cannot be seen")

    @cached_property
    def virt(self) -> Virt:
        """libvirt's word, or that of its files."""
        return needed(self.inputs.virt, "the guests cannot be seen")

    @property
    def domains(self) -> tuple[Domain, ...]:
        """All guests, or the end of the command."""
        if isinstance(self.virt.domains, Unread):
            raise CommandError(f"the guests cannot be seen: {self.virt.domains.reason}", Exit.NO_ACCESS)
        return self.virt.domains

    @cached_property
    def pci(self) -> Reading[PciBus]:
        """The devices, for the node of the guest's card."""
        return pci.read(self.root)

    def domain(self, name: str) -> Domain:
        """The guest of a name, or the end of the command."""
        found = next((d for d in self.domains if d.name == name), None)
        if found is None:
            unread = next((g for g in self.virt.unread if g.name == name), None)
            if unread is not None:
                raise CommandError(f"the guest {name!r} cannot be read: {unread.why}", Exit.NO_ACCESS)
            known = ", ".join(self.virt.names) or "none"
            raise CommandError(f"there is no guest {name!r}; known are: {known}", Exit.FAILS)
        return found

    def context(self, domain: Domain, device: str | None = None) -> PlacementContext:
        """What the guest can be placed on: near to a named device, whose node must be known, else to its own."""
        if device is not None and isinstance(nodes := nodes_near(self.pci, device), Unread):
            raise CommandError(f"the node of {device} is unknown: {nodes.reason}", Exit.FAILS)
        return context_of(domain, self.topology, self.pci, self.domains, self.virt.not_whole, device)

    def guest(self, domain: Domain) -> StoredGuest:
        """The guest with its stored definition and its running threads."""
        found = self.inputs.guest(domain.name)
        if isinstance(found, Unread):
            raise CommandError(found.reason, Exit.NO_ACCESS)
        return found

    def moment(self, domain: Domain) -> Reading[GuestCount]:
        """The threads of the guest as the kernel has them now."""
        from vfiotui.host.live.guests import GuestReader

        if self.root.mode not in ("LIVE", "DEMO"):
            return Unread("no guest runs on a disk or in a capture", Why.NOT_HERE)
        reader = GuestReader(self.root)
        try:
            guests = reader.read()
        finally:
            reader.close()
        if isinstance(guests, Unread):
            return guests
        found = next((g for g in guests if g.name == domain.name), None)
        return found or Unread(f"{domain.name} has no process here", Why.ABSENT)


def stored_pinning(guest: StoredGuest, domain: Domain) -> Pinning:
    """What the definition says, or the running guest where there is none."""
    if guest.definition is None:
        return pinning_of(domain)
    try:
        return pinning_of(parse(decode(guest.definition)[0], source=domain.source))
    except ValueError as error:
        raise CommandError(f"the definition of {domain.name} cannot be read: {error}") from error
