"""A guest's definition as QEMU's command line, by libvirt's own hand; every call here blocks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

ARGV = "qemu-argv"
"""The format of virConnectDomainXMLToNative."""


def qemu_line(connection: Any, xml: str) -> str:
    """The line, quoted for a shell; raises libvirtError. Nothing is started, and no device is touched."""
    text: str = connection.domainXMLToNative(ARGV, xml, 0)
    return text


def bridges(connection: Any, names: Iterable[str]) -> dict[str, str]:
    """The bridge of each of libvirt's networks; those without one, or that are not there, are left out."""
    import libvirt

    found: dict[str, str] = {}
    for name in names:
        try:
            bridge = connection.networkLookupByName(name).bridgeName()
        except libvirt.libvirtError:
            continue
        if bridge:
            found[name] = bridge
    return found
