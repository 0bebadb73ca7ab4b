"""Writing to libvirt: stored definitions and devices of running guests; every call here blocks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from vfiotui.virt.connect import DEFAULT_URI, NoConnection, advice, load


@contextmanager
def writable(uri: str) -> Iterator[Any]:
    """A connection that may change guests; raises NoConnection with what to do."""
    libvirt = load()
    where = uri or DEFAULT_URI
    try:
        connection = libvirt.open(where)
    except libvirt.libvirtError as error:
        raise NoConnection(advice(str(error), where)) from error
    try:
        yield connection
    finally:
        connection.close()


def _found(connection: Any, name: str) -> Any:
    """The guest, or None where there is none of this name."""
    import libvirt

    try:
        return connection.lookupByName(name)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise


def definition(connection: Any, name: str) -> bytes | None:
    """The stored definition of a guest as libvirt prints it, secrets included; None where none is stored."""
    import libvirt

    domain = _found(connection, name)
    if domain is None or not domain.isPersistent():
        return None
    text: str = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE)
    return text.encode("utf-8", "surrogateescape")


def has_kvm(connection: Any) -> bool | None:
    """Whether libvirt's QEMU can run x86-64 guests by KVM (libvirt, formatcaps); None where its answer is no XML."""
    from vfiotui.formats.domain_xml.xml_text import XmlText

    try:
        arches = XmlText(connection.getCapabilities()).root.all("guest/arch")
    except ValueError:
        return None
    return any(d.get("type") == "kvm" for arch in arches if arch.get("name") == "x86_64" for d in arch.all("domain"))


def define(connection: Any, xml: bytes, *, validate: bool) -> None:
    """Stores a definition; with `validate` libvirt compares it with its schema first, where it has one.

    What libvirt itself stored before is put back without: it may hold what the schema refuses.
    """
    import libvirt

    flags = libvirt.VIR_DOMAIN_DEFINE_VALIDATE if validate else 0
    connection.defineXMLFlags(xml.decode("utf-8", "surrogateescape"), flags)


def undefine(connection: Any, name: str) -> None:
    """Removes a stored definition; the guest's UEFI variables, TPM state and disks are kept."""
    import libvirt

    domain = _found(connection, name)
    if domain is not None and domain.isPersistent():
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_KEEP_TPM)


def autostarts(connection: Any, name: str) -> bool | None:
    """Whether libvirt starts a guest together with itself; None where it stores no guest of this name."""
    domain = _found(connection, name)
    return None if domain is None or not domain.isPersistent() else bool(domain.autostart())


def set_autostart(connection: Any, name: str, on: bool) -> None:
    """Has libvirt start a guest together with itself, or not."""
    domain = _found(connection, name)
    if domain is None:
        raise NoConnection(f"there is no guest {name!r}")
    domain.setAutostart(int(on))


def running_xml(connection: Any, name: str) -> str | None:
    """What a running guest is made of now; None where it does not run."""
    domain = _found(connection, name)
    return domain.XMLDesc(0) if domain is not None and domain.isActive() else None


def attach(connection: Any, name: str, xml: bytes) -> None:
    """Plugs a device into a running guest."""
    import libvirt

    domain = _found(connection, name)
    if domain is None:
        raise NoConnection(f"there is no guest {name!r}")
    domain.attachDeviceFlags(xml.decode("utf-8", "surrogateescape"), libvirt.VIR_DOMAIN_AFFECT_LIVE)


def detach(connection: Any, name: str, xml: bytes) -> None:
    """Asks a running guest to let a device go; it may take its time."""
    import libvirt

    domain = _found(connection, name)
    if domain is None:
        raise NoConnection(f"there is no guest {name!r}")
    domain.detachDeviceFlags(xml.decode("utf-8", "surrogateescape"), libvirt.VIR_DOMAIN_AFFECT_LIVE)
