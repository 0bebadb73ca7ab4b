"""Networks of libvirt that hand PCI devices to guests (libvirt formatnetwork, <forward mode='hostdev'>)."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass

NOT_READ = Unread("the networks of libvirt were not read", Why.NOT_HERE)


@dataclass(frozen=True, slots=True)
class HostNetwork:
    """One network, as far as it passes devices through."""

    name: str
    passes: bool
    """Whether its mode is hostdev: an interface of it is a PCI function of the host."""
    addresses: tuple[str, ...] = ()
    """Full addresses of the functions of which a guest gets a free one."""
    cards: tuple[str, ...] = ()
    """Names of network interfaces whose virtual functions are the pool."""


@dataclass(frozen=True, slots=True)
class GuestNetwork:
    """An interface of a guest that comes from a network, which decides what it is when the guest starts."""

    name: str
    network: Reading[HostNetwork] = NOT_READ
