"""Whether two definitions say the same although libvirt wrote them in another order."""

from __future__ import annotations

from typing import TypeAlias

from vfiotui.formats.domain_xml.xml_text import Element, XmlText, decode

Form: TypeAlias = tuple[str, tuple[tuple[str, str], ...], str, tuple["Form", ...]]
"""Tag, attributes, words, children."""


def same_definition(one: bytes | None, other: bytes | None) -> bool:
    """Whether both are the same but for blanks and the order of their controllers.

    libvirt sorts the controllers of a definition anew when it reads it again, as at the first start of a guest
    (src/conf/domain_conf.c, virDomainControllerInsert). What is no XML is the same byte for byte only.

    >>> a = b"<domain><devices><controller type='usb'/><controller type='pci'/><disk/></devices></domain>"
    >>> b = b"<domain> <devices><controller type='pci'/><controller type='usb'/><disk/></devices></domain>"
    >>> same_definition(a, b), same_definition(a, b.replace(b"usb", b"scsi")), same_definition(a, None)
    (True, False, False)
    """
    if one is None or other is None or one == other:
        return one == other
    try:
        return _form(XmlText(decode(one)[0]).root) == _form(XmlText(decode(other)[0]).root)
    except ValueError:
        return False


def _form(element: Element) -> Form:
    children = [_form(child) for child in element.children]
    if element.tag == "devices":
        others = [child for child in children if child[0] != "controller"]
        children = others + sorted(child for child in children if child[0] == "controller")
    return element.tag, tuple(sorted(element.attributes.items())), element.text.strip(), tuple(children)
