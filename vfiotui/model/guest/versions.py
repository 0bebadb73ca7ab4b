"""Versions of the kernel, libvirt and QEMU, as rules compare them: the first two numbers."""

from __future__ import annotations

import re

from vfiotui.model.base.reading import Reading, Unread, Why, then
from vfiotui.model.base.value import dataclass

Version = tuple[int, int]
NUMBERS = re.compile(r"(?:\d+:)?(\d{1,4})\.(\d{1,4})(?!\d)")
MACHINE = re.compile(r"(?:pc-q35|pc-i440fx|virt|pseries|s390-ccw-virtio)-(\d{1,3})\.(\d{1,3})$")
"""Machine types that bear the number of the QEMU with which they came; distributions have types of their own."""
NO_LIBVIRT = Unread("the version of libvirt is not shown", Why.NOT_HERE)
NO_QEMU = Unread("the version of QEMU is not shown", Why.NOT_HERE)


def version(text: str) -> Version | None:
    """The version at the beginning of a text, behind a package's epoch; None where there is none.

    >>> version("10.4.0"), version("1:7.2+dfsg-7+deb12u1"), version("")
    ((10, 4), (7, 2), None)
    """
    match = NUMBERS.match(text)
    return (int(match[1]), int(match[2])) if match else None


@dataclass(frozen=True, slots=True)
class Versions:
    """Which programs start the guests of a host."""

    libvirt: Reading[Version] = NO_LIBVIRT
    qemu: Reading[Version] = NO_QEMU

    def qemu_is(self, wanted: Version, machine: str = "") -> Reading[bool]:
        """Whether QEMU is of a version or later; a guest's machine type shows how old it is at most.

        >>> Versions().qemu_is((8, 2), "pc-q35-9.2"), Versions(qemu=(7, 2)).qemu_is((8, 2), "pc-q35-7.2")
        (True, False)
        """
        match = MACHINE.match(machine)
        if match and (int(match[1]), int(match[2])) >= wanted:
            return True
        return then(self.qemu, lambda have: have >= wanted)

    def libvirt_is(self, wanted: Version) -> Reading[bool]:
        """Whether libvirt is of a version or later."""
        return then(self.libvirt, lambda have: have >= wanted)


def at_least(text: str, first: Version, of: str) -> Reading[bool]:
    """Whether a version such as "6.12.9-amd64" is the first with something, or a later one.

    Unread where the text is no version: neither the older nor the newer way may be taken for granted. `of` says
    whose version it is.

    >>> at_least("6.1.0-28-amd64", (5, 15), "the kernel"), at_least("5.9", (5, 15), "the kernel")
    (True, False)
    >>> str(at_least("odd", (5, 15), "the kernel"))
    "no version of the kernel: 'odd'"
    """
    found = version(text)
    return Unread(f"no version of {of}: {text[:40]!r}", Why.DAMAGED) if found is None else found >= first
