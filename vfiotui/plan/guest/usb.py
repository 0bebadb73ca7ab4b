"""Goals about the host's USB devices in a guest: how they are named, and whether one may be absent."""

from __future__ import annotations

from vfiotui.formats.domain_xml.declared import Part
from vfiotui.formats.domain_xml.elements.hostdev import hostdevs_of
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.base.reading import Unread
from vfiotui.model.guest.domain_devices import Hostdev
from vfiotui.model.guest.guest_usb import passthrough_devices
from vfiotui.model.pci.usb import UsbDevice
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.definition import Definition, definition_goal


def named(work: Definition, address: str) -> tuple[Element, Hostdev]:
    """The first <hostdev> that means a USB device by this name, with what it says."""
    for element in work.xml.devices("hostdev"):
        if element.get("type") == "usb":
            one = _read(element)
            if one is not None and one.address == address:
                return element, one
    raise PlanError(f"{work.name} has no USB device {address!r}")


def _read(element: Element) -> Hostdev | None:
    around = Element("domain", {}, element.start, b"")
    devices = Element("devices", {}, element.start, b"")
    around.children, devices.children = [devices], [element]
    return next(iter(hostdevs_of(Part(around))), None)


def _plugged(work: Definition, hostdev: Hostdev) -> tuple[UsbDevice, ...]:
    usb = work.facts.usb
    if isinstance(usb, Unread):
        raise PlanError(f"the USB devices of this host are not known: {usb}")
    found = passthrough_devices(hostdev, [d for c in usb.controllers for d in c.devices])
    if isinstance(found, Unread):
        raise PlanError(f"the USB devices of this host are not known: {found}")
    if not found:
        raise PlanError(f"{hostdev.address} is not plugged in: plug it in, so that its port and ids show")
    return found


def _source(work: Definition, element: Element, lines: tuple[str, ...]) -> None:
    """Other words below <source>; its attributes stay."""
    source = element.find("source")
    assert source is not None
    old = [c for c in source.children if c.tag in ("address", "vendor", "product")]
    xml = work.xml
    at = element.start
    xml.remove_all(old, prune=False)
    element = next(e for e in xml.devices("hostdev") if e.start == at)
    source = element.find("source")
    assert source is not None
    xml.document.edit([xml.document.insert_edit(source, lines)])


def _port(work: Definition, value: str) -> None:
    element, hostdev = named(work, value)
    if work.versions.libvirt_is((12, 0)) is False:
        raise PlanError("this libvirt takes no port of a USB device (12.0 and later do): name it by its ids")
    others = {h.address for h in work.domain.hostdevs if h.usb_by == "port"}
    found = [d for d in _plugged(work, hostdev) if d.path not in others]
    if not found:
        raise PlanError(f"each {value} that is plugged in is passed by its port already")
    bus, _, port = found[0].path.partition("-")
    q = work.xml.document.quote
    _source(work, element, (f"<address bus={q}{bus}{q} port={q}{port}{q}/>",))
    if len(found) > 1:
        work.note(
            f"{value} is the device at {found[0].path} from now on; others: {', '.join(d.path for d in found[1:])}"
        )


def _ids(work: Definition, value: str) -> None:
    element, hostdev = named(work, value)
    device = _plugged(work, hostdev)[0]
    if isinstance(device.vendor, Unread) or isinstance(device.product, Unread):
        raise PlanError(f"the ids of {value} cannot be read")
    usb = work.facts.usb
    alike = [
        d
        for c in (() if isinstance(usb, Unread) else usb.controllers)
        for d in c.devices
        if (d.vendor, d.product) == (device.vendor, device.product)
    ]
    if len(alike) > 1:
        raise PlanError(f"{len(alike)} plugged devices have the ids of {value}: libvirt would not know which is meant")
    q = work.xml.document.quote
    _source(
        work,
        element,
        (f"<vendor id={q}0x{device.vendor:04x}{q}/>", f"<product id={q}0x{device.product:04x}{q}/>"),
    )


def _optional(work: Definition, value: str) -> None:
    source = named(work, value)[0].find("source")
    assert source is not None
    work.xml.set_on(source, "startupPolicy", "optional")


PLANNERS = (
    definition_goal(
        "domain.usb.port", "DEVICE", "select a USB device by its port instead of its ids", "USB {2} by its port", _port
    ),
    definition_goal(
        "domain.usb.ids",
        "DEVICE",
        "select a USB device by its ids instead of its bus and device number",
        "USB {2} by its ids",
        _ids,
    ),
    definition_goal(
        "domain.usb.optional",
        "DEVICE",
        "let the guest start when a USB device is not plugged in",
        "USB {2} may be absent",
        _optional,
    ),
)
