"""The events of a boot that concern one device, put into the moments and lanes in which its tools run them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.system.udev_rules import OverrideRule, override_rules
from vfiotui.model.base.reading import or_else
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.early_boot import EarlyBoot, Moment, Script
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.host_use import is_given
from vfiotui.plan.isolate.boot_event import DRIVER, HOLDERS, PCIBACK, STUB, VFIO, Does, Event, Lane
from vfiotui.plan.isolate.module_loading import Loading, shown
from vfiotui.plan.isolate.scene import Scene, Stage
from vfiotui.plan.isolate.script_addresses import named_by

LOADING_RULES = "80-drivers.rules"
"""Of systemd's udev: loads what a modalias asks for."""


class Lanes:
    """The lanes of one device in one scene."""

    def __init__(self, scene: Scene, device: PciDevice) -> None:
        self.scene, self.device = scene, device
        self.loading = Loading(scene, device)
        self.drivers = self.loading.drivers

    def moments(self) -> tuple[tuple[Lane, ...], ...]:
        """All moments in order."""
        found = self._moments()
        events = (event for lanes in found for lane in lanes for event in lane)
        named = {fold(event.name) for event in events if event.does is Does.OVERRIDE}
        if not named & self.scene.idle:
            return found
        self.loading.idle = self.scene.idle - named
        return self._moments()

    def _moments(self) -> tuple[tuple[Lane, ...], ...]:
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
            found[Moment.COLDPLUG].append(self._by_words(early))
            found[Moment.AFTER_COLDPLUG].append(self._post(early))
        words = ((m, "the word modules_load=") for m in self.scene.cmdline.options("modules_load"))
        asked = (*self.scene.lists, *((fold(m), where) for m, where in words))
        lists = (self.loading.loads(m, self.scene.root, f"by {where}", obeys_blacklist=True) for m, where in asked)
        found[Moment.ROOT] = [tuple(e for events in lists for e in events), *self._coldplug(self.scene.root)]
        found[Moment.SERVICES] = [self._driverctl(), self._binders()]
        # xen-pciback is an fs_initcall; pci-stub is linked ahead of every other driver of a PCI device
        # (drivers/Makefile).
        first = (self._built_in(PCIBACK), self._built_in(STUB))
        return (*first, *(tuple(found[moment]) for moment in Moment))

    def _built_in(self, module: str) -> tuple[Lane, ...]:
        if module not in self.scene.builtin:
            return ()
        return ((self.loading.event(module, None, f"{shown(module)} is built into the kernel"),),)

    def _kernel(self) -> Iterator[Lane]:
        for module in (*self.drivers, VFIO):
            if module in self.scene.builtin:
                yield (self.loading.event(module, None, f"{shown(module)} is built into the kernel"),)

    def _by_words(self, early: EarlyBoot) -> Lane:
        """What systemd loads in the initramfs by words of the command line (systemd-modules-load.service(8))."""
        systemd = early.tool == "dracut" or (early.tool == "mkinitcpio" and early.early_at is Moment.COLDPLUG)
        line = self.scene.cmdline
        names = (*line.options("modules_load"), *line.options("rd.modules_load")) if systemd else ()
        events = (self.loading.loads(fold(m), self.scene.image, "by modules_load= in the initramfs",
                                     obeys_blacklist=True) for m in names)  # fmt: skip
        return tuple(e for found in events for e in found)

    def _post(self, early: EarlyBoot) -> Lane:
        """What dracut loads when udev has settled (dracut.cmdline(7), rd.driver.post)."""
        names = self.scene.cmdline.options("rd.driver.post") if early.tool == "dracut" else ()
        events = (self.loading.loads(fold(m), self.scene.image, "by rd.driver.post, behind udev") for m in names)
        return tuple(e for found in events for e in found)

    def _listed(self, early: EarlyBoot) -> Iterator[Event]:
        """The early list, and what the command line adds to it (dracut.cmdline(7), booster(1), mkinitcpio's init)."""
        loads, image, line = self.loading.loads, self.scene.image, self.scene.cmdline
        # mkinitcpio's init calls modprobe -b, and so does systemd; initramfs-tools and dracut do not.
        obeys = early.tool == "mkinitcpio"
        if early.tool == "mkinitcpio" and early.early_at is Moment.BEFORE_UDEV:
            for module in line.options("earlymodules"):
                yield from loads(fold(module), image, "by earlymodules=, before udev", obeys_blacklist=True)
        for module, options in early.early:
            how = f"by {early.early_file}, {_when(early.early_at)}"
            yield from loads(module, image, how, options, obeys_blacklist=obeys)
        if early.tool == "dracut":
            for module in line.options("rd.driver.pre"):
                yield from loads(fold(module), image, "by rd.driver.pre, before udev")
        if early.tool == "booster":
            for module in line.options("rd.modules_force_load"):
                yield from loads(fold(module), image, "by rd.modules_force_load")

    def _coldplug(self, stage: Stage) -> Iterator[Lane]:
        """udev: this device's own event, and those of other devices whose drivers matter to it."""
        how = f"by udev in {stage.name}"

        def loads(module: str) -> tuple[Event, ...]:
            return tuple(self.loading.loads(module, stage, how, by_alias=True))

        yield (
            *self._by_rules(stage),
            *self._runs(stage, late=False),
            *(e for m in self._asked_for(stage) for e in loads(m)),
            *self._runs(stage, late=True),
            *self._probes(stage),
        )
        counts = self.scene.counts
        pulling = {m for first in HOLDERS for m in stage.modprobe.pulling(first, (*counts, "drm"))}
        concerned = {*self.drivers, *pulling, *(self.scene.on_drm if "drm" in pulling else ())}
        for module in sorted(concerned):
            if counts.get(module, 0) > (module in self.drivers):
                yield loads(module)
        for other in self.scene.bus.devices if stage.rules else ():
            if other.bdf != self.device.bdf:
                for rule, _ in self._rules_for(stage, other):
                    if rule.loads:
                        yield tuple(self.loading.loads(VFIO, stage, f"by a udev rule in {stage.name}"))

    def _asked_for(self, stage: Stage) -> tuple[str, ...]:
        """The modules that udev asks for: those of modprobe.d's own aliases, where some fit, else the kernel's."""
        modalias = or_else(self.device.modalias, "")
        own = stage.modprobe.aliases(modalias) if modalias else ()
        return tuple(fold(said.text) for said in own) or self.drivers

    def _by_rules(self, stage: Stage) -> Iterator[Event]:
        """What rules do while they are evaluated: before anything is loaded for the device."""
        for rule, where in self._rules_for(stage, self.device):
            if rule.removes:
                yield Event(Does.REMOVE, "", f"a udev rule in {stage.name} removes it", ((where, 'ATTR{remove}="1"'),))
            if rule.driver and not rule.by_run:
                seen = ((where, f'driver_override="{rule.driver}"'),)
                yield Event(Does.OVERRIDE, rule.driver, f"a udev rule in {stage.name} sets driver_override", seen)

    def _runs(self, stage: Stage, *, late: bool) -> Iterator[Event]:
        """What rules run, in their order: those of 80-drivers.rules load the driver."""
        for rule, where in self._rules_for(stage, self.device):
            own = next((f.path for f in self.scene.binders.files if "/local/" in f.path and f.path in rule.command), "")
            if own and not late:
                yield Event(Does.UNKNOWN, "", f"a udev rule runs {own}, which binds devices", ((where, own),))
            if rule.by_run and rule.driver and (where.rpartition("/")[2] > LOADING_RULES) is late:
                seen = ((where, f'RUN+="… {rule.driver} … driver_override"'),)
                yield Event(Does.OVERRIDE, rule.driver, f"a udev rule in {stage.name} runs a command that sets "
                            "driver_override", seen)  # fmt: skip

    def _probes(self, stage: Stage) -> Iterator[Event]:
        """What a rule runs comes behind the drivers that udev loads for the same event."""
        for rule, where in self._rules_for(stage, self.device):
            if rule.loads:
                yield from self.loading.loads(VFIO, stage, f"by a udev rule in {stage.name}")
            if rule.probes:
                yield Event(Does.PROBE, "", "the rule has the device probed again", ((where, "drivers_probe"),))

    def _rules_for(self, stage: Stage, device: PciDevice) -> Iterator[tuple[OverrideRule, str]]:
        return _rules_for(stage.rules, device, self.scene.in_doubt, self.scene.cmdline)

    def _scripts(self, early: EarlyBoot) -> tuple[Lane, Lane, Lane]:
        """What scripts of the initramfs do before udev, behind it, and at a time that is not known."""
        lanes: dict[bool | None, list[Event]] = {True: [], False: [], None: []}
        called = {s.text for stage in (self.scene.image, self.scene.root) for s in stage.modprobe.all_of("install")}
        for script in early.scripts:
            if any(script.path.rpartition("/")[2] in text for text in called):
                continue  # It runs when the module is asked for (module_loading.Loading).
            lanes[script.before_udev] += self._script(script)
        return tuple(lanes[True]), tuple(lanes[False]), tuple(lanes[None])

    def _script(self, script: Script) -> Iterator[Event]:
        text = re.sub(r"(?m)^\s*#.*$", "", script.text)
        named = named_by(text)
        if self.device.bdf not in named.full and (named.any or not self.scene.in_doubt or self.device.is_bridge):
            return
        if switched_off(script.text, self.scene.cmdline):
            return
        seen = ((script.path, "driver_override"),)
        yield Event(Does.OVERRIDE, DRIVER, f"the script {script.path} sets driver_override", seen)
        if re.search(r"modprobe\s+(?:-\S+\s+)*vfio[-_]pci", text):
            yield from self.loading.loads(VFIO, self.scene.image, f"by the script {script.path}")
        if "drivers_probe" in text or "vfio-pci/bind" in text:
            yield Event(Does.PROBE, "", f"the script {script.path} has the device probed", seen)

    def _binders(self) -> Lane:
        """Programs of the running system; what they load is loaded as modprobe loads it."""
        events: list[Event] = []
        for event in self.scene.binders.events(self.device, self.scene.bus):
            if event.does is Does.LOAD:
                events += self.loading.loads(fold(event.name), self.scene.root, "by a service")
            else:
                events.append(event)
        return tuple(events)

    def _driverctl(self) -> Lane:
        stored = self.scene.driverctl.get(self.device.bdf)
        if stored is None:
            return ()
        driver, path = stored
        seen = ((path, driver),)
        load = self.loading.loads(fold(driver), self.scene.root, "by driverctl") if driver != "none" else ()
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
