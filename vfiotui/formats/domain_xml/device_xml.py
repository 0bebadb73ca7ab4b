"""Which device an element of a guest's XML stands for, however the rest of it is written."""

from __future__ import annotations

from vfiotui.formats.domain_xml.words import number
from vfiotui.formats.domain_xml.xml_text import Element, XmlText

Identity = tuple[str, ...]
"""Equal for two elements that name the same device."""


def _number(text: str | None) -> str:
    """A number without its way of writing; a word that is none stays as it is."""
    value = number(text or "0")
    return (text or "").strip() if value is None else str(value)


def _identities(element: Element) -> tuple[Identity, ...]:
    """All names of a device, the strongest first; libvirt adds aliases and addresses to what it was given."""
    source = element.find("source")
    if element.tag == "hostdev" and source is not None:
        address = source.find("address")
        kind = element.get("type", "")
        if address is not None:
            names = ("domain", "bus", "slot", "function", "device")
            return (("hostdev", kind, *(_number(address.get(n)) for n in names)),)
        ids = (source.find(n) for n in ("vendor", "product"))
        return (("hostdev", kind, *(_number(i.get("id")) if i is not None else "" for i in ids)),)
    found: list[Identity] = []
    for path, name in (("target", "dev"), ("mac", "address"), ("alias", "name")):
        child = element.find(path)
        if child is not None and child.get(name):
            found.append((element.tag, path, str(child.get(name))))
    return (*found, (element.tag, *(f"{k}={v}" for k, v in sorted(element.attributes.items()))))


def has_device(domain_xml: str, device_xml: str) -> bool:
    """Whether a guest's XML holds the device; ValueError where one of them is no XML."""
    wanted = _identities(XmlText(device_xml).root)[0]
    devices = XmlText(domain_xml).root.find("devices")
    return devices is not None and any(wanted in _identities(d) for d in devices.children)
