"""The events of a boot that concern one device, put into the moments and lanes in which its tools run them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.modprobe.modprobe_set import ModprobeSet
from vfiotui.formats.system.udev_rules import OverrideRule, override_rules
from vfiotui.model.base.reading import or_else
from vfiotui.model.base.value import dataclass, field, replace
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.early_boot import EarlyBoot, Moment, Script
from vfiotui.model.pci.functions import BDF, PciBus, PciDevice
from vfiotui.model.pci.host_use import is_given
from vfiotui.model.pci.vfio_ids import VfioId
from vfiotui.plan.isolate.boot_event import DRIVER, VFIO, Does, Event, Lane

WITHOUT_DRM = ("nvidia", "nova_core")
"""Display drivers that do not stand on the module drm."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The initramfs or the running system: what its modprobe and its udev obey."""

    name: str
    """ "the initramfs", "the running system"."""
    modprobe: ModprobeSet
    rules: tuple[ConfigFile, ...]
    has: frozenset[str] | None
    """Modules that can be loaded; None for all."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything on which the next boot of a device depends; one scene is one possibility."""

    bus: PciBus
    drivers: dict[str, tuple[str, ...]]
    """BDF → modules that claim it for the host."""
    builtin: frozenset[str]
    cmdline: CommandLine
    early: EarlyBoot | None
    """None where there is no initramfs."""
    image: Stage
    root: Stage
    lists: tuple[tuple[str, str], ...]
    """Modules of modules-load.d in order, with their places."""
    driverctl: dict[str, tuple[str, str]]
    """BDF → driver and path of driverctl's own store."""
    in_doubt: bool
    """Whether scripts that compute their addresses, and rules that are not understood, are for the device."""
    counts: dict[str, int] = field(init=False, repr=False)
    """Module → how many devices it could claim."""
    on_drm: frozenset[str] = field(init=False, repr=False)
    """Display drivers that stand on the module drm."""

    def __post_init__(self) -> None:
        """Counts once what every device asks for."""
        displays = [d.bdf for d in self.bus.devices if d.is_display]
        found = {m for bdf in displays for m in self.drivers.get(bdf, ()) if not m.startswith(WITHOUT_DRM)}
        object.__setattr__(self, "counts", dict(Counter(m for modules in self.drivers.values() for m in modules)))
        object.__setattr__(self, "on_drm", frozenset(found))


def vfio_ids(scene: Scene, stage: Stage | None, given: str = "") -> tuple[str, str]:
    """The ids that vfio-pci gets when it is loaded, and where they are written; the last value wins."""
    value = scene.cmdline.last("vfio-pci.ids")
    if value is not None:
        return value, scene.cmdline.source
    for word in given.split():
        if word.startswith("ids="):
            return word[4:], "its options in the list"
    said = stage.modprobe.option(VFIO, "ids") if stage is not None else None
    return (said.words[0], said.where) if said else ("", "")


def takes(ids: str, device: PciDevice) -> str:
    """The element of an ids list that fits a device, or empty; vfio-pci refuses PCI bridges (vfio_pci_core.c)."""
    if device.class16 == 0x0604:
        return ""
    return next((w for w in ids.strip('"').split(",") if w and VfioId(w, "", False).matches(device)), "")


class Lanes:
    """The lanes of one device in one scene."""

    def __init__(self, scene: Scene, device: PciDevice) -> None:
        self.scene, self.device = scene, device
        self.drivers = scene.drivers.get(device.bdf, ())

    def moments(self) -> tuple[tuple[Lane, ...], ...]:
        """All moments in order."""
        found: dict[Moment, list[Lane]] = {moment: [] for moment in Moment}
        found[Moment.KERNEL] = list(self._kernel())
        early = self.scene.early
        if early is not None:
            listed = tuple(self._listed(early))
            before, later, unknown = self._scripts(early)
            if early.early_at is Moment.BEFORE_UDEV:
                found[Moment.BEFORE_UDEV].append((*before, *listed))
            else:
                found[Moment.BEFORE_UDEV].append(before)
                found[early.early_at].append(listed)
            found[Moment.COLDPLUG] += [*self._coldplug(self.scene.image), unknown]
            found[Moment.AFTER_COLDPLUG].append(later)
        lists = tuple(e for m, where in self.scene.lists for e in self._load(m, self.scene.root, f"by {where}"))
        found[Moment.ROOT] = [lists, *self._coldplug(self.scene.root)]
        found[Moment.SERVICES] = [self._driverctl()]
        return tuple(tuple(found[moment]) for moment in Moment)

    def _kernel(self) -> Iterator[Lane]:
        for module in (*self.drivers, VFIO):
            if module in self.scene.builtin:
                yield (self._event(module, None, f"{_name(module)} is built into the kernel"),)

    def _event(self, module: str, stage: Stage | None, text: str, given: str = "") -> Event:
        if module != VFIO:
            return Event(Does.LOAD, module, text, takes=module in self.drivers)
        ids, where = vfio_ids(self.scene, stage, given)
        fitting = takes(ids, self.device)
        seen = ((where, f"ids={ids}"),) if fitting else ()
        return Event(Does.LOAD, VFIO, f"{text} and takes {fitting}" if fitting else text, seen, bool(fitting))

    def _load(self, module: str, stage: Stage, how: str, given: str = "", by_alias: bool = False) -> Iterator[Event]:
        """A module is loaded, where it can be: with what softdep lines load first."""
        line = self.scene.cmdline
        off = {fold(m) for m in line.options("module_blacklist")}
        if module in self.scene.builtin or module in off or (stage.has is not None and module not in stage.has):
            return
        not_by_alias = {fold(m) for m in (*line.options("modprobe.blacklist"), *line.options("rd.driver.blacklist"))}
        if by_alias and (stage.modprobe.blacklist(module) or module in not_by_alias):
            return
        event = self._event(module, stage, f"{_name(module)} is loaded {how}", given)
        install = stage.modprobe.of("install", VFIO)
        if module == VFIO and install and self.scene.in_doubt:
            yield Event(
                Does.OVERRIDE, DRIVER, "the install command of vfio-pci sets driver_override",
                ((install[0].where, install[0].text),),
            )  # fmt: skip
        said = stage.modprobe.softdep(module, VFIO)
        if said is None and module in self.scene.on_drm:
            said = stage.modprobe.softdep("drm", VFIO)
        if said is not None and module != VFIO:
            for first in self._load(VFIO, stage, f"ahead of {_name(module)} by a softdep line in {stage.name}"):
                if first.does is Does.LOAD:
                    first = replace(first, seen=(*first.seen, (said.where, f"softdep {module} {said.text}")))
                    event = replace(event, first=first)
                else:
                    yield first
        yield event

    def _listed(self, early: EarlyBoot) -> Iterator[Event]:
        """The early list, and what the command line adds to it (dracut.cmdline(7), booster(1))."""
        for module, options in early.early:
            yield from self._load(module, self.scene.image, f"by {early.early_file}, {_when(early.early_at)}", options)
        if early.tool == "dracut":
            for module in self.scene.cmdline.options("rd.driver.pre"):
                yield from self._load(fold(module), self.scene.image, "by rd.driver.pre, before udev")
        if early.tool == "booster":
            for module in self.scene.cmdline.options("rd.modules_force_load"):
                yield from self._load(fold(module), self.scene.image, "by rd.modules_force_load")

    def _coldplug(self, stage: Stage) -> Iterator[Lane]:
        """udev: this device's own event, and those of other devices whose drivers matter to it."""
        how = f"by udev in {stage.name}"

        def loads(module: str) -> tuple[Event, ...]:
            return tuple(self._load(module, stage, how, by_alias=True))

        yield (*self._by_rules(stage), *(e for m in self.drivers for e in loads(m)), *self._probes(stage))
        concerned = {*self.drivers, *stage.modprobe.pulling(VFIO)}
        for module in sorted(concerned):
            if self.scene.counts.get(module, 0) > (module in self.drivers):
                yield loads(module)
        for other in self.scene.bus.devices if stage.rules else ():
            if other.bdf != self.device.bdf:
                for rule, _ in _rules_for(stage.rules, other, self.scene.in_doubt, self.scene.cmdline):
                    if rule.loads:
                        yield tuple(self._load(VFIO, stage, f"by a udev rule in {stage.name}"))

    def _by_rules(self, stage: Stage) -> Iterator[Event]:
        for rule, where in _rules_for(stage.rules, self.device, self.scene.in_doubt, self.scene.cmdline):
            seen = ((where, f'driver_override="{rule.driver}"'),)
            yield Event(Does.OVERRIDE, rule.driver, f"a udev rule in {stage.name} sets driver_override", seen)

    def _probes(self, stage: Stage) -> Iterator[Event]:
        """What a rule runs comes behind the drivers that udev loads for the same event."""
        for rule, where in _rules_for(stage.rules, self.device, self.scene.in_doubt, self.scene.cmdline):
            if rule.loads:
                yield from self._load(VFIO, stage, f"by a udev rule in {stage.name}")
            if rule.probes:
                yield Event(Does.PROBE, "", "the rule has the device probed again", ((where, "drivers_probe"),))

    def _scripts(self, early: EarlyBoot) -> tuple[Lane, Lane, Lane]:
        """What scripts of the initramfs do before udev, behind it, and at a time that is not known."""
        lanes: dict[bool | None, list[Event]] = {True: [], False: [], None: []}
        for script in early.scripts:
            lanes[script.before_udev] += self._script(script)
        return tuple(lanes[True]), tuple(lanes[False]), tuple(lanes[None])

    def _script(self, script: Script) -> Iterator[Event]:
        named = set(BDF.findall(script.text))
        if self.device.bdf not in named and (named or not self.scene.in_doubt or self.device.is_bridge):
            return
        if switched_off(script.text, self.scene.cmdline):
            return
        text = re.sub(r"(?m)^\s*#.*$", "", script.text)
        seen = ((script.path, "driver_override"),)
        yield Event(Does.OVERRIDE, DRIVER, f"the script {script.path} sets driver_override", seen)
        if re.search(r"modprobe\s+(?:-\S+\s+)*vfio[-_]pci", text):
            yield from self._load(VFIO, self.scene.image, f"by the script {script.path}")
        if "drivers_probe" in text or "vfio-pci/bind" in text:
            yield Event(Does.PROBE, "", f"the script {script.path} has the device probed", seen)

    def _driverctl(self) -> Lane:
        stored = self.scene.driverctl.get(self.device.bdf)
        if stored is None:
            return ()
        driver, path = stored
        seen = ((path, driver),)
        load = self._load(fold(driver), self.scene.root, "by driverctl") if driver != "none" else ()
        return (
            *load,
            Event(Does.RELEASE, "", "driverctl takes it from its driver", seen, may_fail=self.device.is_display),
            Event(Does.OVERRIDE, driver, "driverctl sets driver_override", seen),
            Event(Does.PROBE, "", "driverctl has the device probed", seen),
        )


def _rules_for(
    files: Iterable[ConfigFile], device: PciDevice, in_doubt: bool, line: CommandLine
) -> Iterator[tuple[OverrideRule, str]]:
    """The rules for a device; those whose conditions are not understood are taken, or left out, in doubt."""
    for file in files:
        for rule in override_rules(file.text) if not switched_off(file.text, line) else ():
            fits = rule.fits(device)
            if in_doubt if fits is None else fits:
                yield rule, f"{file.path}:{rule.line}"


def switched_off(text: str, line: CommandLine) -> bool:
    """Whether a rule or script asks for a word of the command line that is there, and does nothing then."""
    off = line.last("vfiotui") == "off" and "vfiotui" in text
    return off or ("module_blacklist" in text and VFIO in {fold(m) for m in line.options("module_blacklist")})


def _name(module: str) -> str:
    return DRIVER if module == VFIO else module


def _when(moment: Moment) -> str:
    words = {
        Moment.BEFORE_UDEV: "before udev",
        Moment.COLDPLUG: "while udev looks for devices",
        Moment.AFTER_COLDPLUG: "behind udev",
    }
    return words[moment]


def listed_modules(files: Iterable[ConfigFile]) -> tuple[tuple[str, str], ...]:
    """The modules of modules-load.d and /etc/modules in order."""
    from vfiotui.formats.modprobe.modules_load import modules

    return tuple((fold(m), f.path) for f in files for m in modules(f.text))


def claimed(bus: PciBus, loaded: frozenset[str], builtin: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """BDF → modules that would take the device; one that is loaded and left the device alone takes it never."""
    from vfiotui.plan.isolate.softdep import drivers_of

    found = {}
    for device in bus.devices:
        bound = device.driver if isinstance(device.driver, str) and not is_given(device) else ""
        # Without a table of aliases the driver that holds it today is the one that is known.
        modules = or_else(drivers_of(device, builtin), (fold(bound),) if bound else ())
        if device.driver is None:
            modules = tuple(m for m in modules if m not in loaded and m not in builtin)
        found[device.bdf] = modules
    return found
