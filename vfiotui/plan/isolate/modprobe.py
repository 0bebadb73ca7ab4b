"""Options of modules in modprobe.d; the initramfs holds a copy, so it is built anew."""

from __future__ import annotations

import re
from collections.abc import Set

from vfiotui.formats.modprobe import modprobe
from vfiotui.formats.modprobe.modprobe_set import gathered, in_force
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.boot.boot_menu import adding
from vfiotui.plan.boot.initramfs import rebuild
from vfiotui.plan.draft import ANY_NAME, FILE_NAME, Draft, Phase, PlanError, Planner

FOLDER = "/etc/modprobe.d"
OWN = f"{FOLDER}/vfiotui.conf"
FIRST = f"{FOLDER}/00-vfiotui.conf"
"""Read before the files of packages, whose softdep lines would count instead."""
WRITES = (rf"{FOLDER}/{FILE_NAME}\.conf",)


def holder(draft: Draft, module: str, key: str = "") -> str:
    """The file whose option of this key is in force, else the first that sets options of the module, else the own."""
    found = OWN
    for path in reversed(draft.snapshot.below(FOLDER, ".conf")):
        text = draft.text(path)
        given = modprobe.options(text, module) if text is not None else ()
        if any(key and option.partition("=")[0].replace("-", "_") == key for option in given):
            return path
        found = path if given else found
    return found


def hold_back(draft: Draft, module: str, before: str = "vfio-pci") -> None:
    """The softdep line that loads `before` ahead of a module, where modprobe obeys it.

    modprobe obeys only the first softdep line that fits a module (libkmod-module.c): one in /etc is edited, one of a
    package is repeated, with ours in it, in a file that is read before all others.
    """
    boot = draft.facts.boot
    texts = {} if isinstance(boot, Unread) else {f.path: f.text for f in boot.modprobe}
    texts.update((p, t) for p in (*draft.snapshot.below(FOLDER, ".conf"), OWN, FIRST) if (t := draft.text(p)))
    first = gathered(ConfigFile(p, texts[p]) for p in in_force(texts)).first("softdep", module)
    path = OWN if first is None else first.where.rpartition(":")[0]
    if first is None or (path.startswith(f"{FOLDER}/") and modprobe.fold(first.name) == modprobe.fold(module)):
        after = modprobe.add_softdep(texts.get(path, ""), module, before)
    elif modprobe.fold(before) in first.side("pre:"):
        return
    else:
        path = FIRST
        rest = " ".join(("pre:", before, *first.side("pre:")))
        post = " ".join(("post:", *first.side("post:"))) if first.side("post:") else ""
        after = modprobe.add(texts.get(path, ""), "softdep", module, f"{rest} {post}")
        draft.note(
            f"the softdep line of {module} at {first.where} is repeated in {path}: modprobe obeys the first only"
        )
    why = f"{before} is loaded before {module}"
    draft.write(path, after, why, Phase.MODPROBE, risk=Risk.R2, effect=Effect.BOOT)


def set_module_option(draft: Draft, module: str, option: str, path: str = "") -> None:
    """`options MODULE OPTION` in a file of modprobe.d, and in the initramfs."""
    where = path or holder(draft, module, option.partition("=")[0].replace("-", "_"))
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
    if colon and not re.fullmatch(rf"{FOLDER}/{ANY_NAME}\.conf", file):
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


def _softdep(draft: Draft, argument: str) -> None:
    module, mark, before = (*argument.split(), "", "")[:3]
    if mark != "pre:" or not before or not all(map(modprobe.is_module_name, (module, before))):
        raise PlanError(f"{argument!r} is no MODULE pre: MODULE, such as 'nouveau pre: vfio-pci'")
    hold_back(draft, module, before)
    if draft.touches(Phase.MODPROBE):
        rebuild(draft)


PLANNERS = (
    Planner(
        "modprobe.softdep",
        "MODULE pre: MODULE",
        "make a module wait for another one (softdep)",
        "Set softdep {}",
        _softdep,
    ),
    Planner("modprobe.option", "[FILE:]MODULE OPTION", "set an option of a module in modprobe.d", "Set {}", _option),
)
