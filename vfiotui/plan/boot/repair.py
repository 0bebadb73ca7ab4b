"""Configuration that its reader passes over, corrected where it stands: names of files, lines, stored overrides."""

from __future__ import annotations

import re

from vfiotui.formats.initramfs import dracut_faults
from vfiotui.formats.loaders import grub_faults, kernel_cmdline
from vfiotui.formats.modprobe import list_faults, modprobe, modprobe_faults
from vfiotui.formats.modprobe.list_faults import Moved
from vfiotui.formats.suffix import SUFFIXES, lacks_suffix, with_suffix
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.boot.command_line import NO_REFRESH, loader_of
from vfiotui.plan.boot.grub_words import predict_words
from vfiotui.plan.boot.initramfs import rebuild
from vfiotui.plan.boot.loader_commands import refresh
from vfiotui.plan.draft import ANY_NAME, FILE_NAME, Draft, Phase, PlanError, Planner
from vfiotui.plan.isolate.modprobe import OWN, holder, set_module_option

DRIVERCTL = "/etc/driverctl.d"
INITRAMFS_LIST = "/etc/initramfs-tools/modules"
CMDLINE = "/etc/kernel/cmdline"
WRITES = (
    rf"/etc/(modprobe|modules-load|dracut\.conf|mkinitcpio\.conf|cmdline)\.d/{FILE_NAME}\.conf",
    rf"{DRIVERCTL}/pci-[0-9a-f:.]+",
    rf"/etc/(modules|initramfs-tools/modules|kernel/cmdline|dracut\.conf|default/grub|default/grub\.d/{FILE_NAME}\.cfg)",
)
MODPROBE = ("verb", "softdep", "options")
FILES = {
    **dict.fromkeys(MODPROBE, rf"/etc/modprobe\.d/{ANY_NAME}\.conf"),
    "line": rf"/etc/modules|/etc/modules-load\.d/{ANY_NAME}\.conf|{INITRAMFS_LIST}",
    "name": rf"/etc/default/grub(\.d/{ANY_NAME}\.cfg)?",
    "quotes": rf"/etc/default/grub(\.d/{ANY_NAME}\.cfg)?",
    "blanks": rf"/etc/dracut\.conf(\.d/{ANY_NAME}\.conf)?",
    "cmdline": CMDLINE,
}
"""Kind of fault → the files in which it is corrected."""


def repair(draft: Draft, argument: str) -> None:
    """Every fault of one kind in one file."""
    kind, path = _kind_and_path(argument)
    text = draft.text(path)
    if text is None:
        raise PlanError(f"{path} is not there")
    moved: tuple[Moved, ...] = ()
    phase = Phase.INITRAMFS_CONFIG
    if kind in MODPROBE:
        after, phase = modprobe_faults.repaired(text, kind), Phase.MODPROBE
    elif kind == "line":
        after, moved = list_faults.repaired(text, path == INITRAMFS_LIST)
    elif kind == "blanks":
        after = dracut_faults.repaired(text)
    elif kind == "cmdline":
        after, phase = kernel_cmdline.joined(text), Phase.COMMAND_LINE
    else:
        after, phase = grub_faults.repaired(text, kind), Phase.COMMAND_LINE
    if not draft.write(path, after, WHY[kind], phase, risk=Risk.R2, effect=Effect.BOOT):
        return
    for one in moved:
        _move(draft, one)
    if phase is Phase.COMMAND_LINE:
        _menu_anew(draft)
    elif moved or kind in MODPROBE or kind == "blanks" or path == INITRAMFS_LIST:
        rebuild(draft)


WHY = {
    "verb": "begin each line with a word that kmod knows",
    "softdep": "put the modules of softdep lines behind pre:",
    "options": "write the options as the module takes them",
    "line": "put one module on a line",
    "name": "put the words into the variable that grub-mkconfig reads",
    "quotes": "quote the value as the shell reads it",
    "blanks": "keep the words of two files apart by blanks",
    "cmdline": "put all words on the line that is read",
}
"""Kind of fault → what the correction does."""


def _kind_and_path(argument: str) -> tuple[str, str]:
    kind, _, path = argument.partition(":")
    if kind not in FILES or not re.fullmatch(FILES[kind], path):
        kinds = ", ".join(FILES)
        raise PlanError(f"{argument!r} is no KIND:PATH with a kind of {kinds} and a file in which it is corrected")
    return kind, path


def _move(draft: Draft, one: Moved) -> None:
    """A statement from a list of modules, in modprobe.d."""
    if one.verb == "options":
        for option in one.rest.split():
            key, _, value = option.partition("=")
            if key == "ids":
                option = f"ids={','.join(dict.fromkeys((*_ids(draft, one.name), *value.split(','))))}"
            set_module_option(draft, one.name, option)
        return
    before = draft.text(OWN) or ""
    after = modprobe.add(before, one.verb, one.name, one.rest)
    why = f"{one.verb} {one.name} where kmod reads it"
    draft.write(OWN, after, why, Phase.MODPROBE, risk=Risk.R2, effect=Effect.BOOT)


def _ids(draft: Draft, module: str) -> tuple[str, ...]:
    """The ids that modprobe.d hands to the module already."""
    options = modprobe.options(draft.text(holder(draft, module)) or "", module)
    found = [o.partition("=")[2].strip('"') for o in options if o.startswith("ids=")]
    return tuple(found[-1].split(",")) if found else ()


def _menu_anew(draft: Draft) -> None:
    """The words reach the boot menu by the loader's generator; the forecast knows them."""
    predict_words(draft)
    loader = loader_of(draft.facts)
    maker = refresh(loader, draft.snapshot)
    if maker is None:
        if loader in NO_REFRESH:
            draft.leave(NO_REFRESH[loader])
        return
    draft.run(
        maker.argv, "bring the words into the boot menu", Phase.LOADER,
        products=maker.products, again=maker.again, risk=Risk.R2, effect=Effect.BOOT,
    )  # fmt: skip


def rename(draft: Draft, path: str) -> None:
    """The file under the name that its program reads; its images and menus are built anew."""
    if not lacks_suffix(path):
        raise PlanError(f"{path!r} is no file without its suffix in one of {', '.join(SUFFIXES)}")
    text = draft.text(path)
    if text is None:
        raise PlanError(f"{path} is not there")
    target = with_suffix(path)
    if draft.text(target) not in (None, text):
        raise PlanError(f"{target} is there already and says something else: put the lines of {path} into it by hand")
    folder = path.rpartition("/")[0]
    phase = Phase.MODPROBE if folder == "/etc/modprobe.d" else Phase.INITRAMFS_CONFIG
    why = f"names end in {SUFFIXES[folder]} in {folder}"
    draft.write(target, text, why, phase, risk=Risk.R2, effect=Effect.BOOT)
    draft.write(path, None, why, phase, risk=Risk.R2, effect=Effect.BOOT)
    if folder == "/etc/default/grub.d":
        _menu_anew(draft)
    elif folder not in ("/etc/modules-load.d", "/etc/cmdline.d"):
        rebuild(draft)


def drop_override(draft: Draft, bdf: str) -> None:
    """driverctl stores no driver for the address any more."""
    path = f"{DRIVERCTL}/pci-{bdf}"
    if not re.fullmatch(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", bdf) or draft.text(path) is None:
        raise PlanError(f"driverctl stores no driver for {bdf!r} ({DRIVERCTL})")
    why = f"no driver is stored for {bdf}, where no device is"
    draft.write(path, None, why, Phase.HOST_FILE, risk=Risk.R2, effect=Effect.BOOT)


def _renamed(argument: str) -> tuple[str, ...]:
    return (argument, with_suffix(argument)) if lacks_suffix(argument) else ()


def _reads(argument: str) -> tuple[str, ...]:
    return (argument.partition(":")[2],) if argument.partition(":")[2].startswith("/etc/") else ()


PLANNERS = (
    Planner(
        "config.repair",
        "KIND:PATH",
        "correct lines that the program which reads the file ignores",
        "Correct {}",
        repair,
        _reads,
    ),
    Planner("config.rename", "PATH", "rename a file so that it is read", "Rename {}", rename, _renamed),
    Planner(
        "driverctl.drop",
        "ADDRESS",
        "remove the driver that driverctl stores for an address",
        "Forget {}",
        drop_override,
    ),
)
