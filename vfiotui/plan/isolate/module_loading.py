"""What happens when a module is asked for: aliases, blacklists, install commands, softdep lines, the kernel's words.

The order is that of libkmod (kmod_module_new_from_lookup, kmod_module_probe_insert_module).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.modprobe.modprobe_set import Said
from vfiotui.formats.modprobe.xen_hide import elements, hiding
from vfiotui.model.base.value import replace
from vfiotui.model.boot.driver_refusal import init_refusal, modeset_refusal
from vfiotui.model.pci.functions import PciDevice
from vfiotui.model.pci.vfio_ids import VfioId
from vfiotui.plan.isolate.boot_event import DRIVER, HELD_BY, HOLDERS, PCIBACK, STUB, VFIO, Does, Event
from vfiotui.plan.isolate.scene import Scene, Stage

CALL = re.compile(r"\bmodprobe((?:\s+-\S+)*)\s+([\w-]+)")
"""A call of modprobe in an install command."""


def ids_in_force(scene: Scene, stage: Stage | None, module: str = VFIO, given: str = "") -> tuple[str, str]:
    """The ids that vfio-pci, or pci-stub, gets when it is loaded, and where they are written."""
    return _parameter(scene, stage, module, "ids", given)


def _parameter(scene: Scene, stage: Stage | None, module: str, name: str, given: str = "") -> tuple[str, str]:
    """A parameter of a module and where it is written.

    kmod hands on modprobe.d, then the command line, then what the caller gives; the kernel keeps the last.
    """
    for word in reversed(given.split()):
        if word.startswith(f"{name}="):
            return word.partition("=")[2], "its options in the list"
    value = scene.cmdline.last(f"{module}.{name}")
    if value is not None:
        return value, scene.cmdline.source
    said = stage.modprobe.option(module, name) if stage is not None else None
    return (said.words[0], said.where) if said else ("", "")


def takes(ids: str, device: PciDevice) -> str:
    """The element of an ids list that fits a device, or empty; vfio-pci refuses PCI bridges (vfio_pci_core.c)."""
    if device.class16 == 0x0604:
        return ""
    return next((w for w in ids.strip('"').split(",") if w and VfioId(w, "", False).matches(device)), "")


def shown(module: str) -> str:
    """The name by which a person knows the module."""
    return "xen-pciback" if module == PCIBACK else HELD_BY.get(module, module)


class Loading:
    """The modules that are loaded while a host boots, as one device of one scene meets them."""

    def __init__(self, scene: Scene, device: PciDevice) -> None:
        self.scene, self.device = scene, device
        self.drivers = scene.drivers.get(device.bdf, ())
        self.idle = scene.idle
        """Modules that nothing is known to load."""

    @cached_property
    def _off(self) -> frozenset[str]:
        """Modules that the kernel does not load, whoever asks (kernel/module, module_blacklist=)."""
        return frozenset(map(fold, self.scene.cmdline.options("module_blacklist")))

    def _blacklisted(self, module: str, stage: Stage) -> bool:
        """Whether modprobe -b and udev pass it over in this stage; words of one tool count in its initramfs only."""
        named = self._in_image_off if stage is self.scene.image else self._by_word_off
        return module in named or stage.modprobe.blacklist(module) is not None

    @cached_property
    def _by_word_off(self) -> frozenset[str]:
        return self._named_by("modprobe.blacklist")

    @cached_property
    def _in_image_off(self) -> frozenset[str]:
        early = self.scene.early
        if early is None:
            return self._by_word_off
        dracut = ("rd.driver.blacklist", "rd.driver.post")
        words = {"dracut": dracut, "initramfs-tools": ("blacklist",)}.get(early.tool, ())
        more = dracut if not early.tool and self.scene.in_doubt else ()
        return self._by_word_off | self._named_by(*words, *more)

    def _named_by(self, *words: str) -> frozenset[str]:
        return frozenset(fold(m) for word in words for m in self.scene.cmdline.options(word))

    def event(self, module: str, stage: Stage | None, text: str, given: str = "") -> Event:
        """The load itself; what the module does with this device."""
        line = self.scene.cmdline
        stopped = init_refusal(module, line) if stage is None else ""
        if module == PCIBACK:
            return self._pciback(stage, text, given)
        if module in (VFIO, STUB):
            ids, where = ids_in_force(self.scene, stage, module, given)
            fitting = "" if stopped else takes(ids, self.device)
            seen = ((where, f"ids={ids}"),) if fitting else ()
            told = f"{text} and takes {fitting}" if fitting else text
            if module == VFIO and self.scene.is_dom0:
                told = "vfio-pci takes no device in Xen's dom0, where Xen owns the IOMMU"
                return Event(Does.LOAD, module, told, seen, bool(fitting), refuses=True)
            return Event(Does.LOAD, module, told, seen, bool(fitting))
        mine = module in self.drivers
        option = stage.modprobe.option(module, "modeset") if stage is not None else None
        word = stopped or modeset_refusal(module, line, option.words[0] if option else None)
        if mine and word:
            seen = ((option.where if option and "modeset=0 of" in word else line.source, word),)
            return Event(Does.LOAD, module, f"{module} takes no card because of {word}", seen, takes=True, refuses=True)
        return Event(Does.LOAD, module, text, takes=mine)

    def _pciback(self, stage: Stage | None, text: str, given: str) -> Event:
        """xen-pciback: one that is a module does nothing but in dom0; one that is built in takes devices everywhere."""
        hide, where = _parameter(self.scene, stage, PCIBACK, "hide", given)
        found = hiding(hide, self.device.bdf) if stage is None or self.scene.is_dom0 else ""
        return Event(Does.LOAD, PCIBACK, f"{text} and hides {found}" if found else text,
                     ((where, f"hide={hide}"),) if found else (), bool(found),
                     refuses=elements(hide) is None)  # fmt: skip

    def loads(
        self,
        module: str,
        stage: Stage,
        how: str,
        given: str = "",
        *,
        by_alias: bool = False,
        obeys_blacklist: bool = False,
        met: frozenset[str] = frozenset(),
        is_target: bool = False,
    ) -> Iterator[Event]:
        """A module is asked for: by its name, or by udev for a device; with what softdep lines load first.

        What is in `met` is under way already and is not loaded once more; an alias leads to a module, not to an alias.
        """
        if module in met or module in self.idle:
            return
        met |= {module}
        targets = () if by_alias or is_target else stage.modprobe.aliases(module)
        if targets:
            for target in targets:
                yield from self.loads(fold(target.text), stage, how, given, obeys_blacklist=obeys_blacklist,
                                      met=met, is_target=True)  # fmt: skip
            return
        if module in self.scene.builtin or module in self._off or (stage.has is not None and module not in stage.has):
            return
        if (by_alias or obeys_blacklist) and self._blacklisted(module, stage):
            return
        command = stage.modprobe.install(module)
        if command is not None:
            yield from self._installs(module, command, stage, how, met)
            return
        yield from self._with_softdeps(module, stage, how, given, met)

    def _with_softdeps(self, module: str, stage: Stage, how: str, given: str, met: frozenset[str]) -> Iterator[Event]:
        event = self.event(module, stage, f"{shown(module)} is loaded {how}", given)
        for first in HOLDERS:
            said = stage.modprobe.softdep(module, first)
            if said is None and module in self.scene.on_drm and "drm" not in self.scene.builtin:
                said = stage.modprobe.softdep("drm", first)
            if said is None or module in HOLDERS:
                continue
            told = f"ahead of {shown(module)} by a softdep line in {stage.name}"
            for ahead in self.loads(first, stage, told, met=met):
                if ahead.does is Does.LOAD and event.first is None:
                    ahead = replace(ahead, seen=(*ahead.seen, (said.where, f"softdep {module} {said.text}")))
                    event = replace(event, first=ahead)
                else:
                    yield ahead
        back = stage.modprobe.first("softdep", module)
        for other in back.side("pre:") if back is not None and module in HOLDERS else ():
            if other in self.drivers:
                yield from self.loads(other, stage, f"ahead of {shown(module)} by a softdep line", met=met)
        yield event
        for other in back.side("post:") if back is not None else ():
            if other in (*HOLDERS, *self.drivers):
                yield from self.loads(other, stage, f"behind {shown(module)} by a softdep line", met=met)

    def _installs(self, module: str, said: Said, stage: Stage, how: str, met: frozenset[str]) -> Iterator[Event]:
        """The command that stands for loading a module: its calls of modprobe in order, or what is not known."""
        if stage.modprobe.never(module):
            return
        calls = [(flags, fold(name)) for flags, name in CALL.findall(said.text)]
        ignoring = [name for flags, name in calls if "-i" in flags.split() or "--ignore-install" in flags.split()]
        seen = ((said.where, f"install {said.name} {said.text}"),)
        if module in ignoring:
            for _, name in calls:
                if name == module:
                    yield from self._with_softdeps(module, stage, how, "", met)
                elif name in (*HOLDERS, *self.drivers):
                    yield from self.loads(name, stage, f"by the install command of {shown(module)}", met=met)
        elif module == VFIO:
            yield from self._override_command(seen)
            yield from self._with_softdeps(module, stage, how, "", met)
        elif module in self.drivers or VFIO in said.text.replace("-", "_"):
            yield Event(Does.UNKNOWN, module, f"the install command of {module} runs a program of its own", seen)

    def _override_command(self, seen: tuple[tuple[str, str], ...]) -> Iterator[Event]:
        """The script of vfio-pci's install line, which sets driver_override before it loads vfio-pci."""
        if self.scene.in_doubt and not self.device.is_bridge and any(
            d.is_display and d.boot_vga is not True and d.slot == self.device.slot for d in self.scene.bus.devices
        ):  # fmt: skip
            yield Event(Does.OVERRIDE, DRIVER, "the install command of vfio-pci sets driver_override", seen)
