"""What an open libvirt connection tells, as model values; every call here blocks and belongs in a worker."""

from __future__ import annotations

from typing import Any

from vfiotui.formats.domain_xml.domain_xml import parse
from vfiotui.formats.domain_xml.network_xml import parse_network
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import replace
from vfiotui.model.cpu.pinning import pinning_of
from vfiotui.model.guest.domain import Domain, UnreadGuest, Virt, with_networks
from vfiotui.model.guest.host_network import HostNetwork

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


def look(connection: Any, uri: str) -> Virt:
    """Everything about the connection and its guests; raises libvirtError when the connection is gone."""
    import libvirt

    handles = connection.listAllDomains(0)
    found = [g for h in handles if (g := guest_of(h, uri)) is not None]
    guests = sorted(found, key=lambda g: g.name)
    library = version_text(connection.getLibVersion())
    try:
        hypervisor = version_text(connection.getVersion())
    except libvirt.libvirtError:
        hypervisor = ""
    kind = connection.getType()
    detail = f"libvirt {library}, {kind} {hypervisor}".rstrip(", ")
    return Virt(
        uri,
        True,
        detail,
        library,
        hypervisor,
        with_networks(
            tuple(g for g in guests if isinstance(g, Domain)), lambda name: network_of(connection, name, uri)
        ),
        tuple(g for g in guests if isinstance(g, UnreadGuest)),
    )
