"""Where a loader keeps the kernel's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from vfiotui.formats.loaders import (
    grub_default,
    kernel_cmdline,
    limine_conf,
    limine_default,
    loader_entry,
    refind_linux,
    sdboot_manage,
    syslinux_conf,
    update_extlinux,
)
from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.boot.boot import Boot
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.plan.boot import uki
from vfiotui.plan.draft import FILE_NAME

GRUB = "/etc/default/grub"
ENTRY_FOLDERS = ("/boot/loader/entries", "/efi/loader/entries", "/boot/efi/loader/entries")
WITHOUT_ENTRY = "0-vfiotui-without-passthrough.conf"
CMDLINE = uki.CMDLINE
ESPS = ("/boot", "/efi", "/boot/efi")
LIMINE = ("/boot/limine/limine.conf", *(f"{p}{d}/limine.conf" for p in ESPS for d in ("", "/EFI/limine", "/EFI/BOOT")))
REFIND = "/boot/refind_linux.conf"
SDBOOT = "/etc/sdboot-manage.conf"
LIMINE_DEFAULT = "/etc/default/limine"
EXTLINUX = "/etc/update-extlinux.conf"
SYSLINUX = (
    *(f"{d}/extlinux.conf" for d in ("/boot", "/boot/extlinux", "/boot/syslinux")),
    *(f"{d}/syslinux.cfg" for d in ("/boot/syslinux", "/boot/extlinux", "/boot")),
    *(f"{esp}/EFI/{d}/syslinux.cfg" for esp in ESPS for d in ("syslinux", "BOOT")),
)
WRITES = (
    rf"/etc/default/(grub[A-Za-z0-9._-]*|limine|grub\.d/{FILE_NAME}\.cfg)|/etc/cmdline\.d/{FILE_NAME}\.conf",
    rf"(/boot|/efi|/boot/efi)/loader/entries/{FILE_NAME}\.conf",
    r"/etc/grub\.d/[0-9]{2}_[A-Za-z0-9_-]*|/boot/grub2?/custom\.cfg",
    *map(re.escape, (*LIMINE, REFIND, SDBOOT, EXTLINUX, *SYSLINUX)),
)

Editor = Callable[[str, WordEdit], str]
Reader = Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class WordFile:
    """A file with kernel words in it."""

    path: str
    edit: Editor
    words: Reader
    takes: bool = True
    """Whether new words belong there; from the others words are only removed."""
    instead_of: str = ""
    """The file that is read where this one is not there: a new one begins with its text."""


def _there(snapshot: ConfigSnapshot, files: Iterable[WordFile]) -> list[WordFile]:
    return [f for f in files if f.path in snapshot.files]


def _grub(snapshot: ConfigSnapshot) -> list[WordFile]:
    """New words go where the last value comes from: drop-ins are read after the file, and some begin anew; so do files
    that it sources. Drop-ins that this system's grub-mkconfig does not read are left alone."""
    drop_ins = snapshot.below(f"{GRUB}.d", ".cfg") if snapshot.grub_drop_ins else ()
    paths = [p for p in (GRUB, *snapshot.grub_sourced, *drop_ins) if p in snapshot.files]
    texts = {p: snapshot.text(p) for p in paths}
    names = (grub_default.NORMAL_ENTRIES, grub_default.EVERY_ENTRY)
    name = next((n for n in names if any(n in t for t in texts.values())), names[0])
    home = next((p for p in reversed(paths) if p == GRUB or grub_default.replaces(texts[p], name)), GRUB)
    return [WordFile(p, grub_default.edit_words, grub_default.words, takes=p == home) for p in paths]


def entries(snapshot: ConfigSnapshot) -> list[WordFile]:
    """The entries of this system that start a kernel; those of another one on the same disk stay as they are.

    The entry that is kept without passthrough takes no new words.
    """
    machine = snapshot.text("/etc/machine-id").strip()
    found = []
    for path in (path for folder in ENTRY_FOLDERS for path in snapshot.below(folder, ".conf")):
        keys = dict(loader_entry.parse(snapshot.text(path)))
        if "linux" in keys and keys.get("machine-id", machine) == machine:
            takes = not path.endswith(WITHOUT_ENTRY)
            found.append(WordFile(path, loader_entry.edit_words, loader_entry.words, takes))
    return found


def _cmdline(snapshot: ConfigSnapshot) -> list[WordFile]:
    """kernel-install(8) reads it when a kernel is added: the first of the two that is there."""
    file = WordFile(CMDLINE, kernel_cmdline.edit_words, kernel_cmdline.words)
    vendor = WordFile(CMDLINE, kernel_cmdline.edit_words, kernel_cmdline.words, instead_of=uki.VENDOR_CMDLINE)
    return [file] if CMDLINE in snapshot.files else [vendor] if uki.VENDOR_CMDLINE in snapshot.files else []


def _drop_ins(snapshot: ConfigSnapshot, takes: bool) -> list[WordFile]:
    """mkinitcpio joins them, and reads no other file where there are any."""
    paths = snapshot.below("/etc/cmdline.d", ".conf")
    last = paths[-1] if paths and takes else ""
    return [WordFile(p, kernel_cmdline.edit_words, kernel_cmdline.words, takes=p == last) for p in paths]


def _unified(snapshot: ConfigSnapshot, boot: Boot | None) -> list[WordFile]:
    """What the builder of the unified images reads: a preset's own file, or folder, where it names one."""
    builds = uki.default_builds(boot) if boot and uki.builder(snapshot) == "mkinitcpio" else ()
    if builds and len(builds[0].words) == 1:
        named = builds[0].words[0]
        paths = (named,) if named in snapshot.files else tuple(snapshot.below(named, ".conf"))
        return [WordFile(p, kernel_cmdline.edit_words, kernel_cmdline.words, takes=p == paths[-1]) for p in paths]
    if uki.builder(snapshot) != "dracut":
        return [*_drop_ins(snapshot, uki.builder(snapshot) == "mkinitcpio"), *_cmdline(snapshot)]
    given = [p for p in uki.dracut_files(snapshot) if uki.dracut_words(snapshot.text(p))]
    return [WordFile(p, uki.dracut_edit, uki.dracut_words, takes=p == given[-1]) for p in given]


def _systemd_boot(snapshot: ConfigSnapshot) -> list[WordFile]:
    """The entries, and what the next kernel's entry will be made from; generated entries by their source alone."""
    if "sdbootutil" in snapshot.programs and CMDLINE in snapshot.files:
        return _cmdline(snapshot)
    if "sdboot-manage" in snapshot.programs and SDBOOT in snapshot.files:
        return [WordFile(SDBOOT, sdboot_manage.edit_words, sdboot_manage.words)]
    return [*entries(snapshot), *_cmdline(snapshot)]


def _limine(snapshot: ConfigSnapshot) -> list[WordFile]:
    if "limine-update" in snapshot.programs and LIMINE_DEFAULT in snapshot.files:
        default = WordFile(LIMINE_DEFAULT, limine_default.edit_words, limine_default.words)
        return [default] if limine_default.variable(snapshot.text(LIMINE_DEFAULT)) else _cmdline(snapshot)
    return _there(snapshot, (WordFile(p, limine_conf.edit_words, limine_conf.words) for p in LIMINE))


def _first_line(file: WordFile) -> WordFile:
    """proxmox-boot-tool writes the file behind `options` of an entry: a second line is a key that nothing knows."""

    def edit(text: str, change: WordEdit) -> str:
        first, end, rest = text.partition("\n")
        return file.edit(first, change) + end + rest

    return replace(file, edit=edit, words=lambda text: file.words(text.partition("\n")[0]))


def _syslinux(snapshot: ConfigSnapshot) -> list[WordFile]:
    """Alpine makes the menu from its settings; elsewhere the menu itself holds the words."""
    made = WordFile(EXTLINUX, update_extlinux.edit_words, update_extlinux.words)
    if EXTLINUX in snapshot.files and update_extlinux.is_set(snapshot.text(EXTLINUX)):
        return [made]
    return _there(snapshot, (WordFile(p, syslinux_conf.edit_words, syslinux_conf.words) for p in SYSLINUX))[:1]


def word_files(loader: str, snapshot: ConfigSnapshot, boot: Boot | None = None) -> list[WordFile]:
    """The files that give the next boot its words under a loader; empty where nobody knows them."""
    match loader:
        case "grub":
            return _grub(snapshot)
        case "grub-bls":
            generated = "sdbootutil" in snapshot.programs and CMDLINE in snapshot.files
            return _cmdline(snapshot) if generated else [*entries(snapshot), *_cmdline(snapshot), *_grub(snapshot)]
        case "systemd-boot":
            return _systemd_boot(snapshot)
        case "uki":
            return _unified(snapshot, boot)
        case "proxmox":
            # The boot partitions may be of either kind, and a word in the file of the other does no harm.
            return [*map(_first_line, _cmdline(snapshot)), *_grub(snapshot)]
        case "limine":
            return _limine(snapshot)
        case "syslinux":
            return _syslinux(snapshot)
        case "refind":
            return _there(snapshot, (WordFile(REFIND, refind_linux.edit_words, refind_linux.words),))
        case "unknown":
            # One kind of file alone leaves no doubt, whoever reads it.
            kinds = [k for k in (_grub(snapshot), entries(snapshot), _cmdline(snapshot)) if k]
            return kinds[0] if len(kinds) == 1 else []
    return []
