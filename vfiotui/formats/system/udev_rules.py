"""udev rules that set driver_override or remove devices: which device they are for, and what else they do (udev(7))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from vfiotui.formats.text_lines import lines_of, without_lines
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.pci.functions import BDF, PciDevice

PAIR = re.compile(r'\s*([A-Z_]+)(\{[^}]*\})?\s*(==|!=|\+=|-=|:=|=)\s*[ei]?"((?:[^"\\]|\\.)*)"\s*,?')
ECHO = re.compile(r"""(?:echo|printf)\s+(?:-n\s+)?["'\\]*([\w-]*)["'\\]*\s*>\s*["'\\]*\S*driver_override""")
"""A command that writes a driver into a driver_override."""

Match = tuple[str, str, str]
"""Key with its attribute, operator, value."""


@dataclass(frozen=True, slots=True)
class OverrideRule:
    """One rule that binds a device, or removes it."""

    driver: str
    """What driver_override is set to; empty where it is not set."""
    line: int
    """From 1."""
    matches: tuple[Match, ...]
    loads: bool
    """Whether it also loads vfio-pci."""
    probes: bool
    """Whether it also asks the bus to probe the device again."""
    removes: bool = False
    """Whether it takes the device off the bus."""
    by_run: bool = False
    """Whether a command sets driver_override, which runs behind all rules, in the order of RUN."""
    named: frozenset[str] = frozenset()
    """The addresses that its command names; empty where it writes to the device of the event."""
    command: str = ""
    """What it runs, one command a line."""
    unless: tuple[tuple[Match, ...], ...] = ()
    """Conditions of GOTO that lead past it."""

    def fits(self, device: PciDevice) -> bool | None:
        """Whether the rule is for a device; None where one of its conditions is not understood here."""
        if self.named and device.bdf not in self.named:
            return False
        answers = [_all(self.matches, device), *(_not(_all(jump, device)) for jump in self.unless)]
        return False if False in answers else None if None in answers else True


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _all(matches: tuple[Match, ...], device: PciDevice) -> bool | None:
    unsure = False
    for key, operator, value in matches:
        answer = _holds(key, value, device)
        if answer is None:
            unsure = True
        elif answer is (operator == "!="):
            return False
    return None if unsure else True


def _holds(key: str, value: str, device: PciDevice) -> bool | None:
    vendor, number = _hex(device.vendor, 4), _hex(device.device, 4)
    subsystem = (_hex(device.subsystem_vendor, 4), _hex(device.subsystem_device, 4))
    code, vga = _hex(device.class_code, 6), device.boot_vga
    known: dict[str, tuple[object, ...]] = {
        "KERNEL": (device.bdf,),
        "KERNELS": (device.bdf, *([device.parent] if device.parent else [])),
        "SUBSYSTEM": ("pci",),
        "SUBSYSTEMS": ("pci",),
        "ACTION": ("add",),
        "DRIVER": ("",),
        "ATTR{vendor}": (vendor,),
        "ATTR{device}": (number,),
        "ATTR{subsystem_vendor}": (subsystem[0],),
        "ATTR{subsystem_device}": (subsystem[1],),
        "ATTR{class}": (code,),
        "ATTR{boot_vga}": (str(int(vga)) if isinstance(vga, bool) else None,),
        "ENV{PCI_SLOT_NAME}": (device.bdf,),
        "ENV{PCI_ID}": (_pair(vendor, number),),
        "ENV{PCI_SUBSYS_ID}": (_pair(*subsystem),),
        "ENV{PCI_CLASS}": (code[2:].lstrip("0").upper() if code else None,),
        "ENV{MODALIAS}": (device.modalias,),
    }
    shown = known.get(key.replace("ATTRS{", "ATTR{"))
    if shown is None or not all(isinstance(text, str) for text in shown):
        return None
    return any(fnmatchcase(str(text), pattern) for pattern in value.split("|") for text in shown)


def _pair(first: str | None, second: str | None) -> str | None:
    return f"{first[2:]}:{second[2:]}".upper() if first and second else None


def _hex(number: object, digits: int) -> str | None:
    return f"0x{number:0{digits}x}" if isinstance(number, int) else None


def override_rules(text: str) -> tuple[OverrideRule, ...]:
    """The rules that give a driver_override or remove a device, in order; what cannot be read is passed over.

    >>> [(r.driver, r.probes) for r in override_rules('KERNEL=="0000:06:00.0", ATTR{driver_override}="vfio-pci"')]
    [('vfio-pci', False)]
    """
    found: list[OverrideRule] = []
    jumps: dict[str, list[tuple[Match, ...]]] = {}
    imported: set[str] = set()
    for number, line in _logical(text):
        rule, goto, label, words = _rule(line, number)
        imported.update(words)
        jumps.pop(label, None)
        if goto and rule is not None:
            # What a rule asks of words of the command line is asked of these (boot_lanes.switched_off).
            if not any(key in imported for key, _, _ in rule.matches):
                jumps.setdefault(goto, []).append(rule.matches)
        elif rule is not None and (rule.driver or rule.removes or "/local/" in rule.command):
            found.append(replace(rule, unless=tuple(m for past in jumps.values() for m in past)))
    return tuple(found)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Lines that are no comments, joined where a backslash ends one, with the number of their first."""
    pieces: list[str] = []
    for number, line in ((found.number, found.text) for found in lines_of(text)):
        if not pieces and line.lstrip().startswith("#"):
            continue
        pieces.append(line.removesuffix("\\"))
        if line.endswith("\\"):
            continue
        whole, first = "".join(pieces).strip(), number - len(pieces) + 1
        pieces = []
        if whole:
            yield first, whole


def _rule(line: str, number: int) -> tuple[OverrideRule | None, str, str, tuple[str, ...]]:
    """The rule, where it jumps to, its label, and what it imports of the command line."""
    matches, driver, does, place = [], "", "", 0
    goto = label = command = ""
    removes, words = False, []
    while pair := PAIR.match(line, place):
        key, operator, value = pair[1] + (pair[2] or ""), pair[3], pair[4]
        place = pair.end()
        if operator in ("==", "!="):
            matches.append((key, operator, value))
        elif key == "IMPORT{cmdline}":
            words.append(f"ENV{{{value}}}")
        elif key == "GOTO":
            goto = value
        elif key == "LABEL":
            label = value
        elif key == "ATTR{driver_override}":
            driver = value
        elif key == "ATTR{remove}":
            removes = value == "1"
        else:
            does += f"{key} {value}\n"
            command += f"{value}\n" if key.startswith("RUN") else ""
    written = ECHO.search(command) if not driver else None
    by_run = written is not None
    named = frozenset(BDF.findall(command)) if by_run else frozenset()
    removes = removes or re.search(r"echo\s+1\s*>\s*\S*/remove\b", command) is not None
    loads = re.search(r"(load|modprobe)\b.*\bvfio[-_]pci", does) is not None
    rule = OverrideRule(written[1] if written else driver, number, tuple(matches), loads, "drivers_probe" in does,
                        removes, by_run, named, command)  # fmt: skip
    return rule, goto, label, tuple(words)


def without_device(text: str, line: int, bdf: str, *, whole: bool) -> str:
    r"""The text whose rule at a line, as `override_rules` counts, passes over a device; `whole` takes the rule out.

    Every other byte stays. A rule of several lines goes with all of them.

    >>> without_device('KERNEL=="0000:01:00.*", ATTR{driver_override}="x"\n', 1, "0000:01:00.1", whole=False)
    'KERNEL!="0000:01:00.1", KERNEL=="0000:01:00.*", ATTR{driver_override}="x"\n'
    """
    lines = lines_of(text)
    last = first = line - 1
    while lines[last].text.endswith("\\") and last + 1 < len(lines):
        last += 1
    if whole:
        return without_lines(text, lines[first : last + 1])
    place = lines[first].start
    return f'{text[:place]}KERNEL!="{bdf}", {text[place:]}'
