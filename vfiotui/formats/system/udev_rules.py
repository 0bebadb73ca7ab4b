"""udev rules that set driver_override: which device they are for, and what else they do (udev(7))."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from vfiotui.model.base.value import dataclass
from vfiotui.model.pci.functions import PciDevice

PAIR = re.compile(r'\s*([A-Z_]+)(\{[^}]*\})?\s*(==|!=|\+=|-=|:=|=)\s*[ei]?"((?:[^"\\]|\\.)*)"\s*,?')


@dataclass(frozen=True, slots=True)
class OverrideRule:
    """One rule."""

    driver: str
    line: int
    """From 1."""
    matches: tuple[tuple[str, str, str], ...]
    """Key with its attribute, operator, value."""
    loads: bool
    """Whether it also loads vfio-pci."""
    probes: bool
    """Whether it also asks the bus to probe the device again."""

    def fits(self, device: PciDevice) -> bool | None:
        """Whether the rule is for a device; None where one of its conditions is not understood here."""
        unsure = False
        for key, operator, value in self.matches:
            answer = _holds(key, value, device)
            if answer is None:
                unsure = True
            elif answer is (operator == "!="):
                return False
        return None if unsure else True


def _holds(key: str, value: str, device: PciDevice) -> bool | None:
    known: dict[str, object] = {
        "KERNEL": device.bdf,
        "KERNELS": device.bdf,
        "SUBSYSTEM": "pci",
        "SUBSYSTEMS": "pci",
        "ACTION": "add",
        "ATTR{vendor}": _hex(device.vendor, 4),
        "ATTR{device}": _hex(device.device, 4),
        "ATTR{subsystem_vendor}": _hex(device.subsystem_vendor, 4),
        "ATTR{subsystem_device}": _hex(device.subsystem_device, 4),
        "ATTR{class}": _hex(device.class_code, 6),
        "ENV{PCI_SLOT_NAME}": device.bdf,
    }
    shown = known.get(key.replace("ATTRS{", "ATTR{"))
    if not isinstance(shown, str):
        return None
    return any(fnmatchcase(shown, pattern) for pattern in value.split("|"))


def _hex(number: object, digits: int) -> str | None:
    return f"0x{number:0{digits}x}" if isinstance(number, int) else None


def override_rules(text: str) -> tuple[OverrideRule, ...]:
    """The rules that give a driver_override, in order; what cannot be read is passed over.

    >>> [(r.driver, r.probes) for r in override_rules('KERNEL=="0000:06:00.0", ATTR{driver_override}="vfio-pci"')]
    [('vfio-pci', False)]
    """
    found = []
    pieces: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        pieces.append(line.removesuffix("\\"))
        if line.endswith("\\"):
            continue
        whole, first = "".join(pieces).strip(), number - len(pieces) + 1
        pieces = []
        if whole and not whole.startswith("#"):
            rule = _rule(whole, first)
            if rule is not None:
                found.append(rule)
    return tuple(found)


def _rule(line: str, number: int) -> OverrideRule | None:
    matches, driver, does, place = [], "", "", 0
    while pair := PAIR.match(line, place):
        key, operator, value = pair[1] + (pair[2] or ""), pair[3], pair[4]
        place = pair.end()
        if operator in ("==", "!="):
            matches.append((key, operator, value))
        elif key == "ATTR{driver_override}":
            driver = value
        else:
            does += f"{key} {value}\n"
    if not driver:
        return None
    loads = re.search(r"(load|modprobe)\b.*\bvfio[-_]pci", does) is not None
    return OverrideRule(driver, number, tuple(matches), loads, "drivers_probe" in does)
