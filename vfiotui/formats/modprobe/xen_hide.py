"""hide= of xen-pciback: addresses of devices that Xen's dom0 keeps for guests (drivers/xen/xen-pciback/pci_stub.c)."""

from __future__ import annotations

import re

ELEMENT = re.compile(
    r"\s*\((?:(?P<domain>[0-9a-fA-F]{1,8}):)?(?P<bus>[0-9a-fA-F]{1,8}):"
    r"(?:(?P<slot>[0-9a-fA-F]{1,8})\.(?P<function>[0-9a-fA-F]{1,8}|\*)|\*\.\*)\)\s*"
)
ADDRESS = re.compile(r"([0-9a-f]{4,8}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])")


def elements(value: str) -> tuple[str, ...] | None:
    """The elements in order; None for a value that the driver cannot read, with which it takes no device at all.

    >>> elements("(01:00.0)(0000:02:00.*) (03:*.*)"), elements("(01:00.0),(02:00.0)"), elements("01:00.0")
    (('(01:00.0)', '(0000:02:00.*)', '(03:*.*)'), None, None)
    """
    found, at = [], 0
    while at < len(value):
        match = ELEMENT.match(value, at)
        if match is None:
            return None
        found.append(match[0].strip())
        at = match.end()
    return tuple(found)


def hiding(value: str, bdf: str) -> str:
    """The element that names a device, or empty; a domain that is left out is 0.

    >>> hiding("(02:00.0)(01:00.*)", "0000:01:00.1"), hiding("(01:00.0)", "0001:01:00.0")
    ('(01:00.*)', '')
    """
    return next((one for one in elements(value) or () if _names(one, bdf)), "")


def _names(element: str, bdf: str) -> bool:
    said, address = ELEMENT.fullmatch(element), ADDRESS.fullmatch(bdf)
    if said is None or address is None:
        return False
    pairs = zip((said["domain"] or "0", said["bus"], said["slot"], said["function"]), address.groups(), strict=True)
    return all(word in (None, "*") or int(word, 16) == int(number, 16) for word, number in pairs)


def without(value: str, bdf: str) -> str | None:
    """The value without the elements that name a device; None where one of them names others too, or none is read.

    >>> without("(01:00.0)(02:00.0)", "0000:01:00.0"), without("(01:00.*)", "0000:01:00.0")
    ('(02:00.0)', None)
    """
    found = elements(value)
    if found is None or any("*" in one for one in found if _names(one, bdf)):
        return None
    return "".join(one for one in found if not _names(one, bdf))
