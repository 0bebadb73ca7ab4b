"""Options of modules in modprobe.d; the initramfs holds a copy, so it is built anew."""

from __future__ import annotations

import re
from collections.abc import Set

from vfiotui.formats.modprobe import modprobe
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.boot.boot_menu import adding
from vfiotui.plan.boot.initramfs import rebuild
from vfiotui.plan.draft import FILE_NAME, Draft, Phase, PlanError, Planner

FOLDER = "/etc/modprobe.d"
OWN = f"{FOLDER}/vfiotui.conf"
WRITES = (rf"{FOLDER}/{FILE_NAME}\.conf",)


def holder(draft: Draft, module: str) -> str:
    """The file that sets options of the module already, else the own one."""
    for path in draft.snapshot.below(FOLDER, ".conf"):
        text = draft.text(path)
        if text is not None and modprobe.options(text, module):
            return path
    return OWN


def set_module_option(draft: Draft, module: str, option: str, path: str = "") -> None:
    """`options MODULE OPTION` in a file of modprobe.d, and in the initramfs."""
    where = path or holder(draft, module)
    before = draft.text(where)
    after = modprobe.set_option(before or "", module, option)
    why = f"set {option} for {module}"
    if draft.write(where, after, why, Phase.MODPROBE, risk=Risk.R2, effect=Effect.BOOT):
        rebuild(draft)
        boot = draft.facts.boot
        loader = "unknown" if isinstance(boot, Unread) else boot.loader.name
        draft.escape(adding(loader, "module_blacklist=vfio_pci"))


def _option(draft: Draft, argument: str) -> None:
    path, module, option = _words(argument)
    set_module_option(draft, module, option, path)


def _words(argument: str) -> tuple[str, str, str]:
    """[FILE:]MODULE OPTION."""
    file, colon, rest = argument.partition(":") if argument.startswith("/") else ("", "", argument)
    words = rest.split(None, 1)
    if len(words) != 2 or not modprobe.is_module_name(words[0]):
        raise PlanError(f"{argument!r} is no [FILE:]MODULE OPTION, such as 'vfio-pci disable_idle_d3=1'")
    if colon and not re.fullmatch(rf"{FOLDER}/[^/]+\.conf", file):
        raise PlanError(f"{file!r} is no {FOLDER}/NAME.conf: modprobe reads options nowhere else in /etc")
    return file, words[0], words[1]


def take_ids_out(draft: Draft, gone: Set[str]) -> bool:
    """These ids out of every ids= list of vfio-pci; false where none has one. The image is not built anew by this."""
    found = False
    for path in draft.snapshot.below(FOLDER, ".conf") if gone else ():
        text = draft.text(path)
        for option in modprobe.options(text, "vfio-pci") if text is not None else ():
            key, _, value = option.partition("=")
            ids = value.strip('"').split(",")
            taken = [i for i in ids if i in gone]
            if key != "ids" or not taken or text is None:
                continue
            rest = ",".join(i for i in ids if i not in gone)
            after = (
                modprobe.set_option(text, "vfio-pci", f"ids={rest}")
                if rest
                else modprobe.remove_option(text, "vfio-pci", "ids")
            )
            why = f"take {', '.join(taken)} out of the ids of vfio-pci"
            draft.write(path, after, why, Phase.MODPROBE, risk=Risk.R2, effect=Effect.BOOT)
            found = True
    return found


def _drop_id(draft: Draft, wanted: str) -> None:
    if not take_ids_out(draft, {wanted}):
        raise PlanError(f"no file of {FOLDER} gives the id {wanted} to vfio-pci: look at the kernel command line")
    rebuild(draft)


PLANNERS = (
    Planner("modprobe.option", "[FILE:]MODULE OPTION", "an option of a module in modprobe.d", "Set {}", _option),
    Planner("vfio.ids.remove", "ID", "an id that vfio-pci does not take any more", "Do not bind {}", _drop_id),
)
