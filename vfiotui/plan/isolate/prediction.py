"""Which driver owns each device at the next boot and why: every possible order of the boot is played.

The facts and the surveyed files tell what the kernel, the initramfs and the running system will do; a plan's files
stand over them. Where several ends are possible the forecast names what is not ordered, and the advice what would order
it.
"""

from __future__ import annotations

from vfiotui.formats.initramfs.boot_image import early_boot
from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.modprobe.modprobe_set import gathered
from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.base.value import replace
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.early_boot import EarlyBoot, Moment
from vfiotui.model.boot.image import Image
from vfiotui.model.boot.next_boot import starts_dom0
from vfiotui.model.boot.prediction import NOBODY, Forecast
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.model.change.plan import Plan
from vfiotui.model.facts import Facts
from vfiotui.model.finding.finding import Evidence
from vfiotui.model.pci.functions import PciBus, PciDevice
from vfiotui.model.pci.host_use import is_given
from vfiotui.plan.boot.expected_image import expected
from vfiotui.plan.isolate.boot_event import DRIVER, HELD_BY, VFIO, Does, State, play
from vfiotui.plan.isolate.boot_lanes import Lanes, claimed, listed_modules
from vfiotui.plan.isolate.runtime_binders import binders_of
from vfiotui.plan.isolate.scene import Scene, Stage
from vfiotui.plan.isolate.softdep import builtin_modules
from vfiotui.plan.planned_files import PlannedFiles


def advice(device: PciDevice, ends: dict[str, tuple[State, Scene]], outcomes: tuple[str, ...]) -> str:
    """One sentence for a person; empty where there is one end, or vfio-pci is in none of them."""
    if len(outcomes) == 1 and not (outcomes[0] == NOBODY and any(s.override for s, _ in ends.values())):
        return ""
    _, scene = ends.get(DRIVER) or next(iter(ends.values()))
    if any(e.does is Does.OVERRIDE for s, _ in ends.values() for e in s.trail):
        return _for_override(scene)
    if not any(e.name == VFIO for s, _ in ends.values() for e in s.trail):
        return ""
    drivers = scene.drivers.get(device.bdf, ())
    builtin = [m for m in drivers if m in scene.builtin]
    if builtin:
        return f"{' and '.join(builtin)} is part of the kernel: bind the device at run time, or by libvirt (managed)."
    tool = scene.early.tool if scene.early else ""
    lines = ", ".join(f"softdep {m} pre: vfio-pci" for m in drivers)
    if tool == "booster":
        return "booster obeys no softdep: leave the host's driver out of the image, or let libvirt bind (managed)."
    if tool == "dracut":
        return "Name vfio_pci in force_drivers of dracut.conf.d: it is loaded before udev; then rebuild the image."
    if scene.early is not None and scene.early.early_at is Moment.COLDPLUG:
        return f"Write {lines} into modprobe.d and rebuild the image: a list alone is not ordered against udev."
    return f"Write {lines} into modprobe.d and rebuild the image." if lines else ""


def _for_override(scene: Scene) -> str:
    tool = scene.early.tool if scene.early else ""
    if tool == "initramfs-tools":
        return (
            "Let a script of scripts/init-top that runs before udev set driver_override, load vfio-pci and write the "
            "address to drivers_probe; then rebuild the image."
        )
    if tool == "booster":
        return "booster runs neither rules nor scripts: distinguish the cards by subsystem ids, or let libvirt bind."
    return (
        "Set driver_override before udev looks for devices (a pre-udev hook), load vfio-pci after it and write the "
        "address to drivers_probe; then rebuild the image."
    )


def forecast(
    facts: Facts, snapshot: ConfigSnapshot, image: Reading[Image], plan: Plan | None = None
) -> Reading[tuple[Forecast, ...]]:
    """The next boot of every device, in order of the addresses; Unread where the bus or the boot chain is.

    `image` is the initramfs that the next boot would use today; a plan that builds it anew is taken at its word.
    """
    if isinstance(facts.pci, Unread):
        return facts.pci
    if isinstance(facts.boot, Unread):
        return facts.boot
    scenes = _scenes(facts, facts.pci, facts.boot, snapshot, image, plan)
    managed = managed_by(facts)
    return tuple(_of(d, scenes, managed.get(d.bdf, ())) for d in facts.pci.devices)


def next_cmdline(boot: Boot, plan: Plan | None) -> CommandLine:
    """The next boot's words: those that the plan leaves, else those on the disk, else the running ones."""
    line = boot.next_line if isinstance(boot.next_line, CommandLine) else boot.cmdline
    now = line if isinstance(line, CommandLine) else CommandLine("", "the command line")
    return CommandLine(plan.cmdline, f"{now.source}, as planned") if plan and plan.cmdline is not None else now


def _images(facts: Facts, boot: Boot, files: PlannedFiles, image: Reading[Image]) -> tuple[EarlyBoot | None, ...]:
    """What the initramfs may do: as it is built, or as it will be; all that is possible where that is not known."""
    now = None if isinstance(image, Unread) else early_boot(image)
    tool = or_else(boot.initramfs, "")
    if tool == "none" and now is None:
        return (None,)
    found: tuple[EarlyBoot, ...]
    if now is not None and not files.rebuilds:
        found = (now,)
    else:
        # A plan builds by today's tool, whatever built the image that is there.
        built_by = now.tool if now is not None and now.tool and not (files.rebuilds and boot.makers.commands) else tool
        found = expected(built_by, files, now)
        if not files.rebuilds:
            found = tuple(replace(e, source=f"{e.source} (it could not be read)") for e in found)
    return found or (None,)


def _scenes(
    facts: Facts, bus: PciBus, boot: Boot, snapshot: ConfigSnapshot, image: Reading[Image], plan: Plan | None
) -> tuple[Scene, ...]:
    files = PlannedFiles(boot, snapshot, plan)
    builtin = builtin_modules(boot)
    loaded = frozenset() if isinstance(facts.modules, Unread) else or_else(facts.modules.loaded, frozenset())
    drivers = claimed(bus, frozenset(map(fold, loaded)), builtin)
    binders = binders_of(facts, boot.binders, plan)
    rules = files.rules()
    rules = (*rules, *binders.rules(frozenset(f.path.rpartition("/")[2] for f in rules)))
    in_order = tuple(sorted(rules, key=lambda f: f.path.rpartition("/")[2]))
    root = Stage("the running system", gathered(files.modprobe()), in_order, None)
    lists = (*files.below("/etc/modules-load.d", ".conf"), *files.below("/usr/lib/modules-load.d", ".conf"))
    etc = tuple(f for f in files.below("/etc", "modules") if f.path == "/etc/modules")
    stored = {
        f.path.rpartition("/pci-")[2]: (f.text.strip(), f.path) for f in files.below("/etc/driverctl.d") if f.text
    }
    line = next_cmdline(boot, plan)
    dom0 = starts_dom0(facts)
    listed = listed_modules((*lists, *etc))
    return tuple(
        Scene(bus, drivers, builtin, line, early, _stage(early, has), root, listed, stored, in_doubt, binders, dom0)
        for early in _images(facts, boot, files, image)
        for has in _inside(early)
        for in_doubt in (True, False)
    )


def _inside(early: EarlyBoot | None) -> tuple[frozenset[str] | None, ...]:
    """The modules in the image; where they are not known, its own list only, or every module there is."""
    if early is None:
        return (frozenset(),)
    listed = frozenset(name for name, _ in early.early)
    return (listed, None) if early.modules is None else (early.modules | listed,)


def _stage(early: EarlyBoot | None, has: frozenset[str] | None) -> Stage:
    if early is None:
        return Stage("the initramfs", gathered(()), (), frozenset())
    obeyed = frozenset({"options"}) if early.options_only else None
    return Stage("the initramfs", gathered(early.modprobe, obeyed), early.rules, has)


def managed_by(facts: Facts) -> dict[str, tuple[str, ...]]:
    """BDF → guests that libvirt gives the device to when they start."""
    found: dict[str, tuple[str, ...]] = {}
    domains = () if isinstance(facts.virt, Unread) else or_else(facts.virt.domains, ())
    for domain in domains:
        for hostdev in domain.pci_hostdevs:
            if hostdev.managed:
                found[hostdev.address] = (*found.get(hostdev.address, ()), domain.name)
    return found


def _label(device: PciDevice, module: str, drivers: tuple[str, ...]) -> str:
    """The driver's name as sysfs shows it: that of today where it is this module's."""
    if module in HELD_BY:
        return HELD_BY[module]
    bound = device.driver if isinstance(device.driver, str) and not is_given(device) else ""
    named = fold(bound) in drivers
    return bound if bound and (fold(bound) == module or not named) else module


def _of(device: PciDevice, scenes: tuple[Scene, ...], managed: tuple[str, ...]) -> Forecast:
    ends: dict[str, tuple[State, Scene]] = {}
    unknown: dict[str, State] = {}
    for scene in scenes:
        for state in play(Lanes(scene, device).moments()):
            label = _label(device, state.bound, scene.drivers.get(device.bdf, ())) if state.bound else NOBODY
            if state.unknown:
                unknown.setdefault(state.unknown, state)
            else:
                ends.setdefault(label, (state, scene))
    bound = device.driver if isinstance(device.driver, str) and not is_given(device) else None
    if unknown:
        return _open(device, unknown, ends, scenes[0].drivers.get(device.bdf, ()))
    if bound in ends:
        # Which of the host's drivers wins among themselves is as today.
        ends = {label: end for label, end in ends.items() if label in (bound, NOBODY, *HELD_BY.values())}
    elif bound and NOBODY in ends and not _touched(ends[NOBODY][0]) and not scenes[0].drivers.get(device.bdf):
        ends = {bound: ends.pop(NOBODY), **ends}
    outcomes = tuple(sorted(ends, key=lambda o: (o != DRIVER, o == NOBODY, o)))
    why = _why(ends, outcomes)
    if managed and outcomes != (DRIVER,):
        why += f" libvirt hands it to {' or '.join(managed)} when that guest starts."
    seen = (Evidence(*s) for state, _ in ends.values() for event in state.trail for s in event.seen)
    images = (Evidence(s.early.source, "the initramfs") for _, s in ends.values() if s.early is not None)
    hint = advice(device, ends, outcomes)
    return Forecast(device.bdf, outcomes, why, tuple(dict.fromkeys((*seen, *images))), hint)


def _open(
    device: PciDevice, unknown: dict[str, State], ends: dict[str, tuple[State, Scene]], drivers: tuple[str, ...]
) -> Forecast:
    """Not known: every driver that may have it in the end, and what cannot be played."""
    labels = {*ends, DRIVER, NOBODY, *(_label(device, m, drivers) for m in drivers)}
    if isinstance(device.driver, str):
        labels.add(device.driver)
    outcomes = tuple(sorted(labels, key=lambda o: (o != DRIVER, o == NOBODY, o)))
    seen = (Evidence(*s) for state in unknown.values() for event in state.trail for s in event.seen)
    sentence = f"It is not known, because {' and '.join(sorted(unknown))}."
    return Forecast(device.bdf, outcomes, sentence, tuple(dict.fromkeys(seen)), unknown=True)


def _touched(state: State) -> bool:
    return bool(state.trail) or bool(state.override)


def _why(ends: dict[str, tuple[State, Scene]], outcomes: tuple[str, ...]) -> str:
    told = [_told(outcome, ends[outcome][0]) for outcome in outcomes]
    if len(told) == 1:
        return f"{told[0]}."
    return f"It is not ordered: {', or '.join(told)}."


def _told(outcome: str, state: State) -> str:
    """What decided, as a part of a sentence."""
    texts = [event.text for event in state.trail if event.does is not Does.RELEASE or state.bound == VFIO]
    if texts:
        free = state.bound or state.gone or not state.override
        end = "" if free else ": no driver may take it, and nothing binds vfio-pci to it"
        return " and ".join(dict.fromkeys(texts)) + end
    if outcome == NOBODY:
        return "nothing that is loaded claims it"
    return f"it stays with {outcome}, as today"
