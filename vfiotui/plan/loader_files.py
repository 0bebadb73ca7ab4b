"""Where a loader keeps the kernel's words, and what brings them into its menu."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vfiotui.formats import (
    grub_default,
    kernel_cmdline,
    kernelstub,
    limine_conf,
    limine_default,
    loader_entry,
    refind_linux,
    sdboot_manage,
)
from vfiotui.formats.kernel_words import WordEdit
from vfiotui.model.ground import Ground

GRUB = "/etc/default/grub"
ENTRY_FOLDERS = ("/boot/loader/entries", "/efi/loader/entries", "/boot/efi/loader/entries")
WITHOUT_ENTRY = "0-vfiotui-without-passthrough.conf"
CMDLINE = "/etc/kernel/cmdline"
LIMINE = tuple(f"{d}/limine.conf" for d in ("/boot", "/boot/limine", "/efi", "/boot/efi"))
REFIND = "/boot/refind_linux.conf"
KERNELSTUB = "/etc/kernelstub/configuration"
SDBOOT = "/etc/sdboot-manage.conf"
LIMINE_DEFAULT = "/etc/default/limine"

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


@dataclass(frozen=True, slots=True)
class Refresh:
    """A command that makes the menu from the files."""

    argv: tuple[str, ...]
    products: tuple[str, ...]
    menu: str = ""
    """The file in which new words can be looked for afterwards."""


def _limine(text: str, edit: WordEdit) -> str:
    return limine_conf.edit_words(text, edit)


def _refind(text: str, edit: WordEdit) -> str:
    return refind_linux.edit_words(text, edit)


def _there(ground: Ground, files: Iterable[WordFile]) -> list[WordFile]:
    return [f for f in files if f.path in ground.files]


def _grub(ground: Ground) -> list[WordFile]:
    """Drop-ins are read after the file: from them words are taken, new ones go into the file."""
    main = WordFile(GRUB, grub_default.edit_words, grub_default.words)
    drop_ins = (
        WordFile(p, grub_default.edit_words, grub_default.words, takes=False) for p in ground.below(f"{GRUB}.d", ".cfg")
    )
    return _there(ground, (main, *drop_ins))


def _entries(ground: Ground) -> list[WordFile]:
    """The entry that is kept without passthrough takes no new words."""
    found = (path for folder in ENTRY_FOLDERS for path in ground.below(folder, ".conf"))
    return [
        WordFile(p, loader_entry.edit_words, loader_entry.words, takes=not p.endswith(WITHOUT_ENTRY)) for p in found
    ]


def _cmdline(ground: Ground) -> list[WordFile]:
    """kernel-install(8) and the builders of unified images read it when a kernel is added."""
    drop_ins = (
        WordFile(p, kernel_cmdline.edit_words, kernel_cmdline.words, takes=False)
        for p in ground.below("/etc/cmdline.d", ".conf")
    )
    return _there(ground, (WordFile(CMDLINE, kernel_cmdline.edit_words, kernel_cmdline.words), *drop_ins))


def word_files(loader: str, ground: Ground) -> list[WordFile]:
    """The files that give the next boot its words under a loader; empty where nobody knows them."""
    match loader:
        case "grub":
            return _grub(ground)
        case "grub-bls":
            return [*_entries(ground), *_cmdline(ground), *_grub(ground)]
        case "systemd-boot":
            sdboot = _there(ground, (WordFile(SDBOOT, sdboot_manage.edit_words, sdboot_manage.words),))
            return [*_entries(ground), *_cmdline(ground), *sdboot]
        case "uki":
            return _cmdline(ground)
        case "proxmox":
            return _cmdline(ground) or _grub(ground)
        case "limine":
            files = (WordFile(p, _limine, lambda text: limine_conf.words(text)) for p in LIMINE)
            default = WordFile(LIMINE_DEFAULT, limine_default.edit_words, limine_default.words)
            return _there(ground, (*files, default))
        case "refind":
            return _there(ground, (WordFile(REFIND, _refind, lambda text: refind_linux.words(text)),))
        case "kernelstub":
            return _there(ground, (WordFile(KERNELSTUB, kernelstub.edit_words, kernelstub.words),))
        case "unknown":
            # One kind of file alone leaves no doubt, whoever reads it.
            kinds = [k for k in (_grub(ground), _entries(ground), _cmdline(ground)) if k]
            return kinds[0] if len(kinds) == 1 else []
    return []


def refresh(loader: str, ground: Ground) -> Refresh | None:
    """What must run after the files were edited; None where the files are the menu, or no such program is here."""
    if loader in ("grub", "proxmox"):
        for menu, maker in (("/boot/grub/grub.cfg", "grub-mkconfig"), ("/boot/grub2/grub.cfg", "grub2-mkconfig")):
            if "update-grub" in ground.programs and menu == "/boot/grub/grub.cfg":
                return Refresh(("update-grub",), (f"{menu}*",), menu)
            if maker in ground.programs and menu in ground.files:
                return Refresh((maker, "-o", menu), (f"{menu}*",), menu)
    if loader == "limine" and "limine-update" in ground.programs and LIMINE_DEFAULT in ground.files:
        return Refresh(("limine-update",), LIMINE)
    if loader == "systemd-boot" and "sdboot-manage" in ground.programs and SDBOOT in ground.files:
        return Refresh(("sdboot-manage", "gen"), tuple(f"{f}/*.conf" for f in ENTRY_FOLDERS))
    return None
