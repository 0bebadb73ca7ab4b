"""What an open libvirt connection tells, as model values; every call here blocks and belongs in a worker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.formats.domain_xml.network_xml import parse_network
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import replace
from vfiotui.model.cpu.pinning import pinning_of
from vfiotui.model.guest.domain import Domain, UnreadGuest, Virt, with_networks
from vfiotui.model.guest.host_network import HostNetwork
from vfiotui.virt.affinities import affinities

STATES = {
    0: "unknown",
    1: "running",
    2: "running",
    3: "paused",
    4: "shutting down",
    5: "shut off",
    6: "crashed",
    7: "pm suspended",
}
"""virDomainState; blocked (2) is a running guest that waits for a resource."""


def version_text(number: int) -> str:
    """libvirt packs versions as 1,000,000 major + 1,000 minor + release.

    >>> version_text(9000000)
    '9.0.0'
    """
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


def guest_of(handle: Any, uri: str) -> Domain | UnreadGuest | None:
    """A guest; unread where libvirt does not describe it or describes no sound guest, None where it is gone."""
    import libvirt

    try:
        return domain_of(handle, uri)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        why = Unread(f"libvirt does not describe it: {error}", Why.FORBIDDEN, uri)
    except ValueError as error:
        why = Unread(str(error), Why.DAMAGED, uri)
    return UnreadGuest(handle.name(), uri, why)


def domain_of(handle: Any, uri: str) -> Domain:
    """A guest with its state, and its definition where that holds other pins; raises libvirtError and ValueError."""
    import libvirt

    state = handle.state()[0]
    xml = handle.XMLDesc(0)
    persistent = bool(handle.isPersistent())
    domain = parse(
        xml,
        source=uri,
        state=STATES.get(state, "unknown"),
        persistent=persistent,
        autostart=persistent and bool(handle.autostart()),
    )
    if domain.running and (domain.vcpu_pins or domain.iothread_pins):
        domain = replace(domain, affinities=affinities(handle))
    if domain.running and persistent:
        stored = parse(handle.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), source=uri, state="shut off")
        if pinning_of(stored).by_thread != pinning_of(domain).by_thread:
            return replace(domain, from_next_start=stored)
    return domain


def network_of(connection: Any, name: str, uri: str) -> Reading[HostNetwork]:
    """A network by its name; libvirt adds the virtual functions of the cards that an active one names."""
    import libvirt

    try:
        return parse_network(connection.networkLookupByName(name).XMLDesc(0))
    except libvirt.libvirtError as error:
        why = Why.ABSENT if error.get_error_code() == libvirt.VIR_ERR_NO_NETWORK else Why.NOT_HERE
        return Unread(f"libvirt does not describe the network {name!r}: {error}", why, uri)
    except ValueError as error:
        return Unread(str(error), Why.DAMAGED, uri)


class ConnectionReader:
    """Reads the guests of one connection, all of them or some, and keeps what it has read.

    A guest that did not change stays the same object, so that what was made of it can be kept too.
    """

    def __init__(self, connection: Any, uri: str) -> None:
        self._connection = connection
        self._uri = uri
        self._guests: dict[str, Domain | UnreadGuest] = {}
        """By their UUIDs."""
        self._networks: dict[str, Reading[HostNetwork]] = {}
        self._head = Virt(uri, True, "", "", "", ())

    def read_all(self) -> Virt:
        """Everything about the connection and its guests; raises libvirtError when the connection is gone."""
        import libvirt

        connection = self._connection
        handles = {h.UUIDString(): h for h in connection.listAllDomains(0)}
        library = version_text(connection.getLibVersion())
        try:
            hypervisor = version_text(connection.getVersion())
        except libvirt.libvirtError:
            hypervisor = ""
        detail = f"libvirt {library}, {connection.getType()} {hypervisor}".rstrip(", ")
        self._head = Virt(self._uri, True, detail, library, hypervisor, ())
        self._guests.clear()
        self._networks.clear()
        return self._take(handles)

    def read(self, uuids: Iterable[str]) -> Virt:
        """All guests, of which those with these UUIDs are read now; raises libvirtError when the connection is gone."""
        import libvirt

        handles: dict[str, Any] = {}
        for uuid in uuids:
            try:
                handles[uuid] = self._connection.lookupByUUIDString(uuid)
            except libvirt.libvirtError as error:
                if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                    raise
                self._guests.pop(uuid, None)
        return self._take(handles)

    def _take(self, handles: Mapping[str, Any]) -> Virt:
        """Reads the guests of these handles and the networks that they name."""
        for uuid, handle in handles.items():
            guest = guest_of(handle, self._uri)
            if guest is None:
                self._guests.pop(uuid, None)
            else:
                self._guests[uuid] = guest
        fresh = [g for u in handles if isinstance(g := self._guests.get(u), Domain)]
        names = {n.name for d in fresh for n in d.networks}
        self._networks |= {name: network_of(self._connection, name, self._uri) for name in names}
        for uuid, guest in self._guests.items():
            if isinstance(guest, Domain) and any(n.name in names for n in guest.networks):
                (known,) = with_networks((guest,), self._networks.__getitem__)
                self._guests[uuid] = guest if known == guest else known
        guests = sorted(self._guests.values(), key=lambda g: g.name)
        return replace(
            self._head,
            domains=tuple(g for g in guests if isinstance(g, Domain)),
            unread=tuple(g for g in guests if isinstance(g, UnreadGuest)),
        )


def look(connection: Any, uri: str) -> Virt:
    """Everything about the connection and its guests; raises libvirtError when the connection is gone."""
    return ConnectionReader(connection, uri).read_all()
