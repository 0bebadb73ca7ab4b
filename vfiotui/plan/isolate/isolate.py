"""Devices given to vfio-pci at boot: the files, the initramfs, the way back."""

from __future__ import annotations

import re

from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.modprobe import modprobe
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot, Kernel
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.model.pci.functions import BDF, PciBus, PciDevice, short
from vfiotui.model.pci.selection import FILE, Chosen, chosen, from_json, merged, moved, to_json
from vfiotui.plan.boot.boot_menu import MENUS, adding
from vfiotui.plan.boot.command_line import edit_command_line, next_line
from vfiotui.plan.boot.fallback import add_escape
from vfiotui.plan.boot.initramfs import add_early, rebuild, resolve_obstacles, tool_of
from vfiotui.plan.boot.managed import Isolation, isolation_text
from vfiotui.plan.draft import Draft, Phase, PlanError, Planner
from vfiotui.plan.isolate.method import Method, verdicts
from vfiotui.plan.isolate.modprobe import hold_back, holder, take_ids_out
from vfiotui.plan.isolate.override_rule import set_rule
from vfiotui.plan.isolate.select import choose

WRITES = (r"/etc/vfiotui/[\w-]+\.json",)
EARLY = ("vfio_pci", "vfio_iommu_type1")
"""Loaded from the initramfs before what they replace; the rest of VFIO follows by dependency."""
IDS_WORD = "vfio-pci.ids"
"""The parameter of a vfio-pci that is part of the kernel."""


def addresses(argument: str) -> tuple[str, ...]:
    """The full addresses in a comma list; a domain that is left out is 0000.

    >>> addresses("06:00.0,0000:06:00.1")
    ('0000:06:00.0', '0000:06:00.1')
    """
    found = []
    for word in re.split(r"[,\s]+", argument.strip().lower()):
        bdf = word if word.count(":") == 2 else f"0000:{word}"
        if not BDF.fullmatch(bdf):
            raise PlanError(f"{word!r} is no PCI address such as 0000:06:00.0")
        found.append(bdf)
    return tuple(dict.fromkeys(found))


def is_builtin(boot: Boot, module: str) -> bool:
    """Whether a module is part of the kernel itself; PlanError where that cannot be seen."""
    kernel = boot.kernel
    if not isinstance(kernel, Kernel) or isinstance(kernel.builtin, Unread):
        why = kernel if isinstance(kernel, Unread) else kernel.builtin
        raise PlanError(f"whether {module} is built in cannot be seen ({why}): the files would be a guess")
    return module in kernel.builtin


def isolate(draft: Draft, wanted: tuple[str, ...], method: Method | None) -> None:
    """Everything that binds these devices, and those that must go with them, at the next boot."""
    choice = choose(draft.facts, wanted)
    if choice.refusals:
        raise PlanError("; ".join(choice.refusals))
    bus, boot = draft.facts.pci, draft.facts.boot
    if isinstance(bus, Unread) or isinstance(boot, Unread):
        raise PlanError(f"how this host boots cannot be read: {boot}")
    tool = tool_of(draft)
    judged = verdicts(choice.devices, bus, tool)
    taken = next(v for v in judged if (v.works if method is None else v.method is method))
    if not taken.works:
        raise PlanError(f"{taken.method} does not do here: {taken.why}")
    if boot.managed.name and taken.method is not Method.DYNAMIC:
        raise PlanError(_made_elsewhere(boot, bus, choice.devices, taken.method))
    draft.note(f"method {taken.method}: {taken.why}")
    for bdf, why in choice.reasons:
        draft.note(f"{bdf} is also assigned: {why}")
    for warning in choice.warnings:
        draft.note(warning)
    selection = tuple(chosen(d, bus, str(taken.method)) for d in choice.devices)
    old = stored(draft)
    lost = {m.stored.bdf: m.sentence for m in moved(old, bus)}
    for sentence in lost.values():
        draft.note(f"forgotten: {sentence}")
    everything = merged(tuple(c for c in old if c.bdf not in lost), selection)
    why = "remember which cards were meant"
    draft.write(FILE, to_json(everything), why, Phase.HOST_FILE, risk=Risk.R0, effect=Effect.NOW)
    _forget_ids(draft, boot, old, everything)
    set_rule(draft, tuple(c for c in everything if c.method == Method.OVERRIDE), tool)
    if taken.method is Method.DYNAMIC:
        draft.note("write managed='yes' into the guest's hostdev elements: libvirt binds and gives back by itself")
        if draft.touches(Phase.MODPROBE, Phase.INITRAMFS_CONFIG):
            rebuild(draft)
        return
    draft.choose(d.bdf for d in choice.devices)
    if taken.method is not Method.OVERRIDE:
        _give_ids(draft, boot, selection, taken.method)
    if not is_builtin(boot, "vfio_pci"):
        _come_first(draft, boot, bus, choice.devices, selection)
        for module in EARLY:
            add_early(draft, module)
        resolve_obstacles(draft)
    if draft.touches(Phase.MODPROBE, Phase.INITRAMFS_CONFIG):
        rebuild(draft)
    draft.note_some(add_escape(draft))
    if boot.loader.name in MENUS:
        draft.escape(f"to start without a desktop, {adding(boot.loader.name, 'systemd.unit=multi-user.target')}")


def _made_elsewhere(boot: Boot, bus: PciBus, devices: tuple[PciDevice, ...], method: Method) -> str:
    """The native commands, or the text to add, where a tool of the whole system makes the image."""
    selection = [chosen(d, bus, str(method)) for d in devices]
    ids = dict.fromkeys(c.long_ids if method is Method.SUBSYSTEM else c.ids for c in selection)
    try:
        modules, _ = rivals(boot, devices)
    except PlanError:
        modules = ()
    by_address = method is Method.OVERRIDE
    wanted = Isolation("" if by_address else ",".join(ids), tuple(c.bdf for c in selection), modules)
    return isolation_text(boot.managed, wanted)


def stored(draft: Draft) -> tuple[Chosen, ...]:
    """What was chosen before; a file that is damaged is written anew, and said."""
    text = draft.text(FILE)
    try:
        return () if text is None else from_json(text)
    except ValueError as error:
        draft.note(f"{FILE} is rewritten: {error}")
        return ()


def _forget_ids(draft: Draft, boot: Boot, old: tuple[Chosen, ...], new: tuple[Chosen, ...]) -> None:
    """Ids of devices that are bound in another way from now on are given to vfio-pci no longer."""
    given = {Method.IDS: lambda c: c.ids, Method.SUBSYSTEM: lambda c: c.long_ids}
    had = {given[Method(c.method)](c) for c in old if c.method in given}
    gone = had - {given[Method(c.method)](c) for c in new if c.method in given}
    take_ids_out(draft, gone)
    present = next_line(draft).last(IDS_WORD)
    if not gone or present is None or not is_builtin(boot, "vfio_pci"):
        return
    rest = ",".join(i for i in present.split(",") if i not in gone)
    word = f"{IDS_WORD}={present}"
    edit = WordEdit(replace=(f"{IDS_WORD}={rest}",)) if rest else WordEdit(remove=(word, word.replace("-", "_")))
    if rest != present:
        edit_command_line(draft, edit, f"take {', '.join(sorted(gone))} out of the ids of vfio-pci")


def _merged(present: str, ids: tuple[str, ...]) -> str:
    """A comma list with more ids."""
    old = tuple(i for i in present.strip('"').split(",") if i)
    return ",".join(dict.fromkeys((*old, *ids)))


def _give_ids(draft: Draft, boot: Boot, selection: tuple[Chosen, ...], method: Method) -> None:
    """ids= where this vfio-pci reads them: modprobe.d for a module, the command line for a built-in one."""
    ids = tuple(dict.fromkeys(c.ids if method is Method.IDS else c.long_ids for c in selection))
    if is_builtin(boot, "vfio_pci"):
        edit = WordEdit(replace=(f"{IDS_WORD}={_merged(next_line(draft).last(IDS_WORD) or '', ids)}",))
        edit_command_line(draft, edit, "assign the ids to vfio-pci, which is built into this kernel")
        return
    path = holder(draft, "vfio-pci", "ids")
    text = draft.text(path) or ""
    given = [o.partition("=")[2] for o in modprobe.options(text, "vfio-pci") if o.startswith("ids=")]
    after = modprobe.set_option(text, "vfio-pci", f"ids={_merged(given[-1] if given else '', ids)}")
    draft.write(path, after, "assign the ids to vfio-pci", Phase.MODPROBE, risk=Risk.R3, effect=Effect.BOOT)


def rivals(boot: Boot, devices: tuple[PciDevice, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Modules whose alias matches one of the devices, and drivers of them that are built in; vfio-pci is none."""
    found: dict[str, None] = {}
    for device in devices:
        for module in () if isinstance(device.modules, Unread) else device.modules:
            name = module.replace("-", "_")
            if not name.startswith("vfio"):
                found.setdefault(name)
        if isinstance(device.driver, str) and "vfio" not in device.driver and isinstance(device.modules, Unread):
            found.setdefault(device.driver.replace("-", "_"))
    builtin = tuple(m for m in found if is_builtin(boot, m))
    return tuple(m for m in found if m not in builtin), builtin


def _come_first(
    draft: Draft, boot: Boot, bus: PciBus, devices: tuple[PciDevice, ...], selection: tuple[Chosen, ...]
) -> None:
    """Every module that could claim a device waits for vfio-pci (modprobe.d(5), softdep)."""
    modules, builtin = rivals(boot, devices)
    for module in modules:
        hold_back(draft, module)
    for module in builtin:
        where = ", ".join(short(c.bdf) for c in selection)
        draft.note(f"{module} is built into the kernel and may hold {where} first: see the prediction")


def _planner(name: str, method: Method | None, promise: str) -> Planner:
    def draw(draft: Draft, argument: str) -> None:
        isolate(draft, addresses(argument), method)

    return Planner(f"isolate.{name}", "BDF,…", promise, "Isolate {}", draw)


PLANNERS = (
    _planner("auto", None, "bind devices to vfio-pci at the next boot by the simplest safe method"),
    _planner("ids", Method.IDS, "bind devices to vfio-pci by their ids"),
    _planner("subsystem", Method.SUBSYSTEM, "bind devices to vfio-pci by ids and subsystem ids"),
    _planner("override", Method.OVERRIDE, "bind devices to vfio-pci by address, where another card has the same ids"),
    _planner("dynamic", Method.DYNAMIC, "let libvirt bind devices when the guest starts"),
)
