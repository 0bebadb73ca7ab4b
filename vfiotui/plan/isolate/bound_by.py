"""Every place that binds a device to vfio-pci, pci-stub or pciback at the next boot, as a plan leaves the files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from vfiotui.formats.initramfs import initramfs_tools
from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.modprobe.modprobe_set import gathered
from vfiotui.formats.modprobe.xen_hide import hiding
from vfiotui.formats.system.udev_rules import OverrideRule, override_rules
from vfiotui.model.base.reading import or_else
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.boot.binders import OPTIMUS, SUPERGFXD, WORDS
from vfiotui.model.boot.boot import Boot, ConfigFile
from vfiotui.model.boot.cmdline import CommandLine, Word
from vfiotui.model.pci.functions import PciBus, PciDevice, short
from vfiotui.model.pci.vfio_ids import LIST
from vfiotui.plan.boot.command_line import next_line
from vfiotui.plan.boot.image_edits import planned
from vfiotui.plan.draft import Draft
from vfiotui.plan.isolate.boot_event import PCIBACK, STUB, VFIO
from vfiotui.plan.isolate.early_script import SCRIPT
from vfiotui.plan.isolate.module_loading import takes
from vfiotui.plan.isolate.override_rule import RULE
from vfiotui.plan.isolate.runtime_binders import Binders, binders_of, concerns, is_discrete
from vfiotui.plan.isolate.script_addresses import named_by
from vfiotui.plan.isolate.softdep import builtin_modules

INIT_TOP = "/etc/initramfs-tools/scripts/init-top"
DRIVERCTL = "/etc/driverctl.d"
BINDING = re.compile(r"vfio|pci-stub|pci_stub|pciback")
"""Drivers that keep a device from the host."""


PLAIN = re.compile(r"[\s;&|]*((/usr)?/s?bin/)?modprobe\b[\w\s;&|/$.-]*")
"""An install command that only calls modprobe."""
INSTALL = "the install line of vfio-pci runs a command that sets driver_override"


@dataclass(frozen=True, slots=True)
class IdList:
    """One ids= of vfio-pci or pci-stub."""

    ids: tuple[str, ...]
    where: str
    """Path with line number, or the place of a command line."""
    path: str
    """The file; empty for a command line."""
    word: str = ""
    """The whole word on a command line."""


@dataclass(frozen=True, slots=True)
class Hide:
    """One hide= of xen-pciback."""

    value: str
    where: str
    """Path with line number, or the place of a command line."""
    path: str
    """The file; empty for a command line."""
    word: str = ""
    """The whole word on a command line."""


@dataclass(frozen=True, slots=True)
class Place:
    """Something of a person's or a program's that binds a device."""

    path: str
    line: int
    """From 1; 0 for the whole file."""
    text: str
    """What it is, as a half sentence."""
    serves: frozenset[str]
    """All devices that it binds; empty where that is not known."""
    unit: str = ""
    """The file of the unit that runs it; empty where none does."""

    def __str__(self) -> str:
        return f"{self.path}{f':{self.line}' if self.line else ''} ({self.text})"


@dataclass(frozen=True, slots=True)
class RulePlace:
    """A udev rule that sets driver_override."""

    path: str
    rule: OverrideRule
    serves: frozenset[str]
    """The devices that it is for, or may be for."""
    sure: bool
    """Whether all of its conditions are understood."""


class BoundBy:
    """The places as the plan leaves them at one moment: what it edits later needs another look."""

    def __init__(self, draft: Draft) -> None:
        bus, boot = draft.facts.pci, draft.facts.boot
        assert isinstance(bus, PciBus)
        assert isinstance(boot, Boot)
        self.bus, self.boot, self.draft = bus, boot, draft
        self.files = planned(draft)
        self.modprobe = gathered(self.files.modprobe())
        self.builtin = builtin_modules(boot)
        self.binders = binders_of(draft.facts, boot.binders, draft.plan("", ()))
        self._lists = {module: self._ids_of(module) for module in (VFIO, STUB)}

    def id_lists(self, module: str) -> tuple[IdList, ...]:
        """All ids= of a module, the one that counts first."""
        return self._lists[module]

    def _ids_of(self, module: str) -> tuple[IdList, ...]:
        """What stands behind the module in a list of initramfs-tools comes last at the kernel and counts, else the last
        on the command line, else the last of modprobe.d (kernel/params.c, libkmod); it reaches no built-in module."""
        found: list[IdList] = []
        is_module = module not in self.builtin
        for line in self.modprobe.of("options", module) if is_module else ():
            values = [v for k, _, v in (w.partition("=") for w in line.words) if k == "ids"]
            found += [IdList(_ids(v), line.where, line.where.rpartition(":")[0]) for v in values]
        words = [w for line in self._lines() for w in line if w.key == f"{module}.ids" and w.value is not None]
        found += [IdList(_ids(w.value or ""), "the kernel command line", "", w.text) for w in words]
        if self.boot.initramfs == "initramfs-tools" and is_module:
            for name, options in initramfs_tools.modules(self.files.text(LIST) or ""):
                if fold(name) == module:
                    found += [IdList(_ids(o[4:]), LIST, LIST) for o in options if o.startswith("ids=")]
        return tuple(reversed(found))

    @cached_property
    def hidden(self) -> tuple[Hide, ...]:
        """Every hide= of xen-pciback: those of the command line count, else the last of modprobe.d."""
        found = [
            Hide(value.strip('"'), line.where, line.where.rpartition(":")[0])
            for line in self.modprobe.of("options", PCIBACK) if PCIBACK not in self.builtin
            for key, _, value in (word.partition("=") for word in line.words) if key == "hide"
        ]  # fmt: skip
        words = dict.fromkeys(w.text for line in self._lines() for w in line if w.key == f"{PCIBACK}.hide" and w.value)
        found += [Hide(w.strip('"').partition("=")[2].strip('"'), "the kernel command line", "", w) for w in words]
        return tuple(found)

    def _lines(self) -> tuple[tuple[Word, ...], ...]:
        """The words of the next boots, those that the plan edits last."""
        if self.draft.cmdline is not None:
            return (tuple(next_line(self.draft).words()),)
        configured = self.boot.configured
        own = (configured,) if isinstance(configured, CommandLine) else ()
        lines = dict.fromkeys((*or_else(self.boot.next_lines, ()), *own))
        return tuple(tuple(line.words()) for line in lines)

    @cached_property
    def _rules(self) -> tuple[tuple[str, OverrideRule], ...]:
        files = self.files.below("/etc/udev/rules.d", ".rules")
        rules = ((f.path, r) for f in files if "driver_override" in f.text for r in override_rules(f.text))
        return tuple((path, rule) for path, rule in rules if BINDING.search(rule.driver))

    def rules(self, device: PciDevice) -> Iterator[RulePlace]:
        """udev rules, but our own, that give a device to vfio-pci."""
        for path, rule in self._rules:
            fits = rule.fits(device)
            if path != RULE and fits is not False:
                others = (d for d in self.bus.devices if not d.is_bridge and rule.fits(d) is not False)
                yield RulePlace(path, rule, frozenset(d.bdf for d in others), fits is True)

    def driverctl(self, device: PciDevice) -> str:
        """The file in which driverctl stores vfio-pci for a device, or empty."""
        path = f"{DRIVERCTL}/pci-{device.bdf}"
        return path if BINDING.search(self.files.text(path) or "") else ""

    def installs(self, device: PciDevice) -> Iterator[Place]:
        """The install line of vfio-pci whose command sets driver_override, as modprobe obeys it."""
        said = self.modprobe.install(VFIO)
        if said is None or VFIO in self.builtin:
            return
        scripts = [f for f in self.boot.binders if f.path in said.text]
        named = next((found.full for f in scripts if (found := named_by(f.text)).any), None)
        serves = frozenset(d.bdf for d in self.bus.devices if is_discrete(d, self.bus)) if named is None else named
        if device.bdf in serves and (scripts or not PLAIN.fullmatch(said.text)):
            path, _, line = said.where.rpartition(":")
            yield Place(path, int(line), INSTALL, serves)

    def scripts(self, device: PciDevice) -> Iterator[Place]:
        """Scripts, units and programs that bind a device at boot or at run time."""
        for file in self.files.below(INIT_TOP):
            named = named_by(_code(file.text))
            mine = device.bdf in named.full or (not named.any and is_discrete(device, self.bus))
            mine = mine and self.files.is_executable(file.path)
            if file.path != SCRIPT and "driver_override" in _code(file.text) and mine:
                yield _place(file, device, "a script of the initramfs", named.full)
        for file in self.boot.binders:
            if file.path.endswith((".service", "/rc.local")) and "vfiotui" not in file.path:
                yield from self._started(file, device)
            elif file.path in (SUPERGFXD, OPTIMUS) and self._switches(file, device):
                how = "'supergfxctl -m Hybrid' changes it" if file.path == SUPERGFXD else "its manager changes it"
                yield Place(file.path, 0, f"the mode of a program that starts at boot: {how}", frozenset())

    def _started(self, file: ConfigFile, device: PciDevice) -> Iterator[Place]:
        """What a unit, or rc.local, binds by itself or by scripts."""
        scripts = self.binders.scripts(file)
        whole = "\n".join((file.text, *(s.text for s in scripts)))
        if not self.binders.runs(file.path) or not concerns(whole, device, self.bus):
            return
        lies = next((s for s in (file, *scripts) if named_by(s.text).any), file)
        kind = "a unit that starts at boot" if file.path.endswith(".service") else "it runs at boot"
        text = kind if lies is file else f"run by {file.path}"
        unit = file.path if file.path.endswith(".service") else ""
        yield replace(_place(lies, device, text, named_by(whole).full), unit=unit)

    def _switches(self, file: ConfigFile, device: PciDevice) -> bool:
        return any(True for _ in Binders((file,), self.binders.services).events(device, self.bus))

    def binds(self, device: PciDevice) -> bool:
        """Whether any of the places binds a device at the next boot."""
        lists = (self.id_lists(module)[:1] for module in (VFIO, STUB))
        listed = any(takes(",".join(one.ids), device) for found in lists for one in found)
        if listed or self.driverctl(device) or any(hiding(one.value, device.bdf) for one in self.hidden[-1:]):
            return True
        own = any(path == RULE and rule.fits(device) for path, rule in self._rules)
        others = (self.rules(device), self.installs(device), self.scripts(device))
        return own or any(True for found in others for _ in found)


def _ids(value: str) -> tuple[str, ...]:
    return tuple(word for word in value.strip('"').split(",") if word)


def _code(text: str) -> str:
    """A script without its comments."""
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))


def _place(file: ConfigFile, device: PciDevice, text: str, serves: frozenset[str]) -> Place:
    """The line that names the device, else the first that binds."""
    lines = list(enumerate(file.text.split("\n"), 1))
    code = [(n, line) for n, line in lines if not line.lstrip().startswith("#")]
    sure = [n for n, line in code if short(device.bdf) in line.lower()]
    binds = [n for n, line in code if WORDS.search(line)]
    return Place(file.path, next(iter((*sure, *binds)), 0), text, serves)
