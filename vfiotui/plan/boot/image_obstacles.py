"""What keeps a plan out of the image although its words are in the files, resolved by steps that say so.

modprobe.d that a builder does not take along, modules that no kernel has, words that dracut joins, names with a dash.
"""

from __future__ import annotations

from vfiotui.formats.initramfs import booster, dracut, initramfs_tools, mkinitcpio
from vfiotui.formats.modprobe import modules_load
from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.modprobe.modprobe_faults import meant_module
from vfiotui.formats.refused import EditRefused
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.gone_modules import GONE, is_gone
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.finding import Risk
from vfiotui.plan.boot.image_edits import (
    DRACUT,
    add_to_dracut,
    add_to_mkinitcpio,
    edited_builds,
    part_glued_words,
    planned,
)
from vfiotui.plan.boot.image_sources import dracut_files, hooks_of, is_hostonly, list_words, mkinitcpio_files
from vfiotui.plan.draft import Draft, Phase, PlanError
from vfiotui.plan.planned_files import PlannedFiles

MODPROBE = "/etc/modprobe.d"
UNKNOWN_LIMIT = 100
"""Each name that is taken out has every list read anew; no list written by hand has so many."""
LISTS = ("/etc/initramfs-tools/modules", "/etc/booster.yaml", "/etc/modules")


def _about_vfio(files: PlannedFiles) -> tuple[str, ...]:
    """The files of /etc/modprobe.d that have a say about vfio-pci."""
    found = (f for f in files.modprobe(("/run", "/usr/lib", "/lib", "/usr/local")) if "vfio" in f.text)
    return tuple(f.path for f in found if f.path.startswith(f"{MODPROBE}/"))


def _gone(draft: Draft) -> tuple[str, ...]:
    """Files of /etc/modprobe.d that the plan takes away."""
    steps = draft.plan("", ()).steps
    return tuple(s.subject for s in steps if s.kind == "file" and s.after is None and s.subject.startswith(MODPROBE))


def take_along(draft: Draft, tool: str) -> None:
    """Files of modprobe.d about vfio-pci come into the image, also where the builder takes none of them along.

    mkinitcpio takes them by its hook modconf, dracut only with hostonly=yes (dracut, modules.d, base).
    """
    files = planned(draft)
    wanted, gone = _about_vfio(files), _gone(draft)
    if tool == "dracut":
        part_glued_words(draft)
        for path in wanted if is_hostonly(files) is not True else ():
            why = f"take {path} into the initramfs: dracut takes /etc/modprobe.d along only with hostonly=yes"
            add_to_dracut(draft, "install_items", path, why)
        for path in gone:
            _unlist(draft, dracut_files(files), "install_items", path, "dracut")
    if tool == "mkinitcpio":
        builds = edited_builds(files)
        without = [b for b in builds if "modconf" not in hooks_of(files, b)]
        for path in wanted if without else ():
            why = f"take {path} into the initramfs: the hook modconf, which does so, is not used for {without[0].name}"
            add_to_mkinitcpio(draft, "FILES", path, why.removesuffix(" for "))
        for path in gone:
            config = tuple(dict.fromkeys(p for b in builds for p in mkinitcpio_files(files, b)))
            _unlist(draft, config, "FILES", path, "mkinitcpio")


def _unlist(draft: Draft, config: tuple[str, ...], name: str, path: str, tool: str) -> None:
    """A file that goes away goes out of the lists, where a missing one fails the build."""
    for holder in config:
        text = draft.text(holder) or ""
        if path in text and holder.startswith("/etc/"):
            edit = dracut.remove if tool == "dracut" else mkinitcpio.remove
            _write(draft, holder, edit(text, name, path), f"{path} goes away")


def drop_dead(draft: Draft, tool: str) -> None:
    """Modules that none of the installed kernels has, or no kernel ever had, go out of the lists, and names that the
    tool does not take.

    mkinitcpio and booster build no image because of one, dracut leaves out what stands behind it.
    """
    boot = draft.facts.boot
    releases = () if isinstance(boot, Unread) else boot.installed
    dead = [m for m in GONE if releases and all(is_gone(m, release) for release in releases)]
    try:
        listed = [m for m in _listed(draft, tool) if fold(m) not in dead]
        unknown = tuple(dict.fromkeys(m for m in listed if draft.snapshot.without_module(m) or meant_module(m)))
        if len(unknown) > UNKNOWN_LIMIT:
            count = len(unknown)
            draft.note(f"{count} names in the lists of modules are of no installed kernel: take them out by hand")
        else:
            dead += unknown
        if tool == "booster":
            text = draft.text("/etc/booster.yaml") or ""
            why = "spell the modules with _: booster knows no other name"
            _write(draft, "/etc/booster.yaml", booster.underscored(text), why)
    except (EditRefused, PlanError) as error:
        draft.note(f"the lists of modules are not checked for names that no kernel has: {error}")
    for module in dict.fromkeys(dead):
        try:
            take_out(draft, module, "which no installed kernel has")
        except (EditRefused, PlanError) as error:
            draft.note(f"{module}, which these kernels do not have, stays in a list that cannot be edited: {error}")


def _listed(draft: Draft, tool: str) -> tuple[str, ...]:
    """The modules that the tool must find; one that may be missing (NAME? of mkinitcpio) is none of them."""
    files = planned(draft)
    if tool == "mkinitcpio":
        found = (w for b in edited_builds(files) for w in list_words(files, mkinitcpio_files(files, b), "MODULES"))
        return tuple(w for w in found if not w.endswith("?"))
    if tool == "dracut":
        config = dracut_files(files)
        words = (w for name in ("force_drivers", "add_drivers") for w in list_words(files, config, name))
        return tuple(w for w in words if not w.startswith(("=", "/")))
    return booster.modules(files.text("/etc/booster.yaml") or "") if tool == "booster" else ()


def take_out(draft: Draft, module: str, reason: str = "") -> bool:
    """Takes a module out of every list of modules to load; whether the images must be built anew for it."""
    in_image = False
    for path in _holders(draft):
        text = draft.text(path)
        if text is None:
            continue
        why = f"do not load {module}{reason and ', '}{reason}"
        changed = _write(draft, path, _without(path, text, module), why)
        in_image |= changed and "modules-load.d" not in path and path != "/etc/modules"
    return in_image


def _write(draft: Draft, path: str, text: str, why: str) -> bool:
    return draft.write(path, text, why, Phase.INITRAMFS_CONFIG, risk=Risk.R2, effect=Effect.BOOT)


def _holders(draft: Draft) -> tuple[str, ...]:
    snapshot, boot = draft.snapshot, draft.facts.boot
    builds = () if isinstance(boot, Unread) else boot.makers.builds
    named = (p for b in builds for p in b.config if p.startswith("/etc/"))
    found = (
        *LISTS, "/etc/mkinitcpio.conf", *snapshot.below("/etc/mkinitcpio.conf.d", ".conf"), "/etc/dracut.conf",
        *snapshot.below("/etc/dracut.conf.d", ".conf"), *snapshot.below("/etc/modules-load.d", ".conf"), DRACUT, *named,
    )  # fmt: skip
    return tuple(dict.fromkeys(found))


def _without(path: str, text: str, module: str) -> str:
    if "dracut" in path:
        for name in ("force_drivers", "add_drivers", "drivers"):
            text = dracut.remove(text, name, module)
        return text
    if "booster" in path:
        return booster.remove(text, module)
    if "initramfs-tools" in path:
        return initramfs_tools.remove(text, module)
    if "modules-load.d" in path or path == "/etc/modules":
        return modules_load.remove(text, module)
    return mkinitcpio.remove(text, "MODULES", module)
