"""The four columns of every device, from the facts, the surveyed files and the built image; drift is named.

The words "on disk" are those of the entry that boots next: what the loader will really pass on.
"""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.formats.initramfs import initramfs_tools
from vfiotui.formats.initramfs.boot_image import early_boot, stale_files
from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.modprobe.modprobe_set import ModprobeSet, gathered
from vfiotui.formats.modprobe.xen_hide import hiding
from vfiotui.formats.system.udev_rules import override_rules
from vfiotui.model.base.reading import Reading, Unread, Why, or_else, then
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import Boot, ConfigFile
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.early_boot import EarlyBoot, Script
from vfiotui.model.boot.image import Image
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.facts import Facts
from vfiotui.model.pci.binding_state import IDS, MANAGED, OVERRIDE, PCIBACK, SERVICE, STUB, BindingState
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.host_use import is_given
from vfiotui.model.pci.vfio_ids import LIST
from vfiotui.plan.isolate.boot_event import VFIO
from vfiotui.plan.isolate.module_loading import takes
from vfiotui.plan.isolate.prediction import managed_by, next_cmdline
from vfiotui.plan.isolate.runtime_binders import Binders, binders_of
from vfiotui.plan.isolate.script_addresses import named_by
from vfiotui.plan.isolate.softdep import builtin_modules
from vfiotui.plan.planned_files import PlannedFiles


@dataclass(frozen=True, slots=True)
class _Sources:
    """What all devices are looked up in."""

    files: PlannedFiles
    modprobe: ModprobeSet
    scripts: tuple[Script, ...]
    line: CommandLine
    entry: Reading[CommandLine]
    image: Reading[EarlyBoot]
    copy: ModprobeSet
    stale: tuple[str, ...]
    running: Reading[CommandLine]
    builtin: bool
    loaded: Reading[bool]
    """Whether vfio-pci is there now, as a module or built in."""
    managed: dict[str, tuple[str, ...]]
    binders: Binders
    bus: PciBus
    listed: tuple[tuple[str, str], ...]
    """Modules of initramfs-tools' list with their options, where it builds the image of a vfio-pci that is a module."""


def columns(facts: Facts, snapshot: ConfigSnapshot, image: Reading[Image]) -> Reading[tuple[BindingState, ...]]:
    """One row for every device, in order of the addresses; Unread where the bus or the boot chain is."""
    if isinstance(facts.pci, Unread):
        return facts.pci
    if isinstance(facts.boot, Unread):
        return facts.boot
    sources = _sources(facts, facts.pci, facts.boot, snapshot, image)
    return tuple(_row(device, sources) for device in facts.pci.devices)


def _sources(facts: Facts, bus: PciBus, boot: Boot, snapshot: ConfigSnapshot, image: Reading[Image]) -> _Sources:
    files = PlannedFiles(boot, snapshot)
    early = then(image, early_boot)
    builtin = VFIO in builtin_modules(boot)
    modules = facts.modules if isinstance(facts.modules, Unread) else facts.modules.loaded
    return _Sources(
        files=files,
        modprobe=gathered(files.modprobe()),
        scripts=tuple(
            Script(f.path, f.text, None)
            for f in files.below("/etc/initramfs-tools/scripts/init-top")
            if "driver_override" in f.text
        ),
        line=boot.configured if isinstance(boot.configured, CommandLine) else next_cmdline(boot, None),
        entry=boot.on_disk,
        image=early,
        copy=gathered(() if isinstance(early, Unread) else early.modprobe),
        stale=() if isinstance(image, Unread) else stale_files(files.modprobe(("/run",)), image),
        running=boot.cmdline,
        builtin=builtin,
        loaded=True if builtin else then(modules, lambda names: VFIO in {fold(n) for n in names}),
        managed=managed_by(facts),
        binders=binders_of(facts, boot.binders),
        bus=bus,
        listed=()
        if builtin or boot.initramfs != "initramfs-tools"
        else tuple((fold(m), " ".join(o)) for m, o in initramfs_tools.modules(files.text(LIST) or "")),
    )


def _row(device: PciDevice, s: _Sources) -> BindingState:
    configured = _configured(device, s)
    on_disk = _on_disk(device, s)
    booted = _booted(device, s, configured)
    bound = then(device.driver, lambda driver: driver or "")
    return BindingState(
        device.bdf, configured, on_disk, booted, bound, tuple(_drift(device, s, configured, on_disk, booted))
    )


def _joined(*words: str) -> str:
    return " + ".join(dict.fromkeys(w for w in words if w))


def _ids(device: PciDevice, line: CommandLine | None, modprobe: ModprobeSet | None, builtin: bool) -> str:
    """IDS where the ids in force hold the device: the command line's, else modprobe.d's, which reach no built-in."""
    value = line.last("vfio-pci.ids") if line is not None else None
    if value is None and modprobe is not None and not builtin:
        said = modprobe.option(VFIO, "ids")
        value = said.words[0] if said else None
    return IDS if value and takes(value, device) else ""


def _listed(device: PciDevice, listed: Iterable[tuple[str, str]]) -> str:
    """IDS where a list of modules gives vfio-pci ids that hold the device: they replace all others."""
    given = [w[4:] for name, options in listed if name == VFIO for w in options.split() if w.startswith("ids=")]
    return IDS if given and takes(given[-1], device) else ""


def _override(device: PciDevice, rules: tuple[ConfigFile, ...], scripts: tuple[Script, ...]) -> str:
    """OVERRIDE where a rule sets it for the device, or a script names it by an address that sysfs knows."""
    by_rule = any(r.fits(device) and "vfio" in r.driver for f in rules for r in override_rules(f.text))
    return OVERRIDE if by_rule or any(device.bdf in named_by(script.text).full for script in scripts) else ""


def _configured(device: PciDevice, s: _Sources) -> str:
    stored = s.files.text(f"/etc/driverctl.d/pci-{device.bdf}") or ""
    return _joined(
        _ids(device, s.line, s.modprobe, s.builtin) or _listed(device, s.listed),
        _override(device, s.files.rules(), s.scripts) or (OVERRIDE if "vfio" in stored else ""),
        MANAGED if device.bdf in s.managed else "",
        STUB if takes(s.line.last("pci-stub.ids") or "", device) else "",
        PCIBACK if _hidden(device, s) else "",
        SERVICE if any(True for _ in s.binders.events(device, s.bus)) else "",
    )


def _hidden(device: PciDevice, s: _Sources) -> bool:
    """Whether hide= of xen-pciback names the device, as it is in force."""
    value, said = s.line.last("xen-pciback.hide"), s.modprobe.option("xen_pciback", "hide")
    return bool(hiding(value if value is not None else said.words[0] if said else "", device.bdf))


def _on_disk(device: PciDevice, s: _Sources) -> Reading[str]:
    entry = s.entry if isinstance(s.entry, CommandLine) else None
    by_entry = _ids(device, entry, None, s.builtin)
    if isinstance(s.image, Unread):
        return by_entry or s.image
    by_image = _ids(device, None, s.copy, s.builtin) if entry is None or not entry.has("vfio-pci.ids") else ""
    by_list = "" if s.builtin else _listed(device, s.image.early)
    return _joined(by_entry or by_image or by_list, _override(device, s.image.rules, s.image.scripts))


def _booted(device: PciDevice, s: _Sources, configured: str) -> Reading[str]:
    if isinstance(s.running, Unread):
        return s.running
    by_line = _ids(device, s.running, None, s.builtin)
    set_now = isinstance(device.driver_override, str) and "vfio" in device.driver_override
    by_module: Reading[str] = ""
    if IDS in configured and not by_line and not s.running.has("vfio-pci.ids"):
        if is_given(device) and not set_now:
            by_module = IDS
        elif or_else(s.loaded, False):
            by_module = Unread("a loaded vfio-pci does not show its ids", Why.NOT_HERE)
    if isinstance(by_module, Unread):
        return OVERRIDE if set_now else by_module
    return _joined(by_line or by_module, OVERRIDE if set_now else "")


def _drift(device: PciDevice, s: _Sources, configured: str, on_disk: Reading[str], booted: Reading[str]) -> list[str]:
    """What does not agree, each in one sentence."""
    ways = {w for w in configured.split(" + ") if w and w not in (MANAGED, SERVICE, STUB, PCIBACK)}
    found = []
    disk = set(on_disk.split(" + ")) - {""} if isinstance(on_disk, str) else None
    if disk is not None and not isinstance(s.image, Unread):
        missing, left = ways - disk, disk - ways
        if missing and not _root_suffices(missing, s):
            found.append(f"{_and(missing)} is configured, but neither in the initramfs nor in the boot entry: rebuild.")
        if left:
            found.append(f"{_and(left)} is in the initramfs or the boot entry, but not configured: rebuild.")
    if s.stale and ways:
        found.append(f"{_and(set(s.stale))} differs from its copy in {_image_path(s)}: rebuild the initramfs.")
    if isinstance(booted, str) and disk:
        new = disk - set(booted.split(" + "))
        if new:
            found.append(f"{_and(new)} is in the initramfs or the boot entry, but this boot did not have it: reboot.")
    if isinstance(booted, str) and booted and isinstance(device.driver, str) and not is_given(device):
        found.append(f"this boot had {booted}, but the driver in use is {device.driver}: it took the device first.")
    if is_given(device) and not configured and not (isinstance(booted, str) and booted):
        found.append(
            f"the driver in use is {device.driver}, but nothing is configured: the next boot gives the device back."
        )
    return found


def _root_suffices(missing: set[str], s: _Sources) -> bool:
    """Whether the running system's own files do it: an image without vfio-pci needs no copy of them."""
    return isinstance(s.image, EarlyBoot) and s.image.has(VFIO) is False and missing <= {IDS, OVERRIDE}


def _image_path(s: _Sources) -> str:
    return s.image.source if isinstance(s.image, EarlyBoot) else "the initramfs"


def _and(words: set[str]) -> str:
    return " and ".join(sorted(words))
