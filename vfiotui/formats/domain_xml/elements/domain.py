"""<domain> itself and what says who it is."""

from __future__ import annotations

from vfiotui.formats.domain_xml.declared import TEXT, Attribute, Part, Word
from vfiotui.formats.domain_xml.xml_text import Element

OSINFO = ("{http://libosinfo.org/xmlns/libvirt/domain/1.0}os", "{http://libosinfo.org/linux/1.0}os")
"""Where virt-manager and libosinfo leave the name of the system inside, newest spelling first."""


class Unstripped(Attribute[str]):
    """Text with the blanks around it."""

    def read(self, element: Element) -> str:
        return element.text


class Domain(Part):
    """A guest."""

    path = ""
    order = (
        *("name", "uuid", "genid", "title", "description", "metadata", "maxMemory", "memory", "currentMemory"),
        *("blkiotune", "memtune", "memoryBacking", "vcpu", "vcpus", "iommufd", "iothreads", "iothreadids"),
        "defaultiothread",
        *("cputune", "numatune", "resource", "fibrechannel", "sysinfo", "bootloader", "bootloader_args", "os"),
        *("idmap", "features", "cpu", "clock", "on_poweroff", "on_reboot", "on_crash", "on_lockfailure", "pm", "perf"),
        *("devices", "launchSecurity", "seclabel"),
    )
    type = Word("type", "kvm, qemu, xen, test, …")


class Name(Part):
    """The guest's name."""

    path = "name"
    value = Unstripped(TEXT, "any text without slashes", "")


class Uuid(Part):
    """What tells the guest from all others."""

    path = "uuid"
    value = Word(TEXT, "32 hexadecimal digits")


def os_id(domain: Part) -> str:
    """What libosinfo calls the system inside; empty where it is not given."""
    for name in OSINFO:
        found = next(domain.element.below(name), None) if domain.element is not None else None
        if found is not None:
            return found.get("id")
    return ""
