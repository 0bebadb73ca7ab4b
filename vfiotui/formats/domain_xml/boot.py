"""The <os> element of domain XML."""

from __future__ import annotations

from vfiotui.formats.domain_xml.words import attribute, text_of
from vfiotui.formats.domain_xml.xml_text import Element
from vfiotui.model.guest.domain_boot import GuestBoot

OSINFO = ("{http://libosinfo.org/xmlns/libvirt/domain/1.0}os", "{http://libosinfo.org/linux/1.0}os")
"""Where virt-manager and libosinfo leave the name of the system inside, newest spelling first."""


def boot_of(domain: Element) -> GuestBoot:
    """Firmware, variables and architecture."""
    os_element = domain.find("os")
    if os_element is None:
        return GuestBoot()
    kind, loader, nvram = os_element.find("type"), os_element.find("loader"), os_element.find("nvram")
    return GuestBoot(
        kind=text_of(kind),
        arch=attribute(kind, "arch"),
        autoselect=os_element.get("firmware", ""),
        loader=text_of(loader),
        loader_type=attribute(loader, "type"),
        loader_format=attribute(loader, "format"),
        # libvirt 8.5 and later may write the path as <source file=>.
        nvram=text_of(nvram) or attribute(None if nvram is None else nvram.find("source"), "file"),
        nvram_format=attribute(nvram, "format"),
        nvram_template=attribute(nvram, "template"),
        features=tuple((f.get("name", ""), f.get("enabled") == "yes") for f in os_element.all("firmware/feature")),
    )


def firmware_word(boot: GuestBoot) -> str:
    """The firmware in a word: what is asked for, the flash image's path, or bios."""
    if boot.autoselect:
        return boot.autoselect
    return (boot.loader or "efi") if boot.loader_type == "pflash" else "bios"


def os_id(domain: Element) -> str:
    """What libosinfo calls the system inside; empty where nobody said."""
    for name in OSINFO:
        found = next(domain.below(name), None)
        if found is not None:
            return found.get("id", "")
    return ""
