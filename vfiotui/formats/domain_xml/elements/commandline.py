"""<qemu:commandline>: what QEMU gets past libvirt."""

from __future__ import annotations

from vfiotui.formats.domain_xml.declared import Part, Word
from vfiotui.model.guest.domain_devices import QemuLine

QEMU = "{http://libvirt.org/schemas/domain/qemu/1.0}"


class Commandline(Part):
    """Arguments and variables."""

    path = f"{QEMU}commandline"


class Argument(Part):
    """One argument."""

    path = f"{QEMU}commandline/{QEMU}arg"
    value = Word("value", "the argument")


class Variable(Part):
    """One variable of QEMU's environment."""

    path = f"{QEMU}commandline/{QEMU}env"
    name = Word("name", "its name")
    value = Word("value", "its value")


class Unnamed(Part):
    """The same without its namespace: libvirt passes it over."""

    path = "commandline"


def qemu_of(domain: Part) -> QemuLine:
    """What is handed to QEMU past libvirt."""
    line = Commandline.of(domain)
    return QemuLine(
        tuple(argument.value for argument in Argument.each(line)),
        tuple((variable.name, variable.value) for variable in Variable.each(line)),
        Unnamed.of(domain).given,
    )
