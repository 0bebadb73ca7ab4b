"""Unified kernel images: who builds them, and from which words."""

from __future__ import annotations

from vfiotui.formats.initramfs import mkinitcpio_preset
from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.refused import Refused
from vfiotui.formats.shell import variable as shell_variable
from vfiotui.formats.shell.assignments import parse, value_of
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.config_snapshot import Ground

CMDLINE = "/etc/kernel/cmdline"
VENDOR_CMDLINE = "/usr/lib/kernel/cmdline"
INSTALL = ("/etc/kernel/install.conf", "/usr/lib/kernel/install.conf")
DRACUT_WORDS = "kernel_cmdline"
PRODUCTS = ("/boot/EFI/Linux/*.efi", "/efi/EFI/Linux/*.efi", "/boot/efi/EFI/Linux/*.efi")


def _text(ground: Ground, path: str) -> str:
    content = ground.content(path)
    return "" if isinstance(content, Unread) else content.decode("utf-8", "surrogateescape")


def preset_images(ground: Ground) -> tuple[str, ...]:
    """The unified images that mkinitcpio's presets name."""
    found = []
    for path in ground.below("/etc/mkinitcpio.d", ".preset"):
        try:
            found += [p.uki for p in mkinitcpio_preset.presets(_text(ground, path)) if p.uki]
        except Refused:
            continue
    return tuple(found)


def dracut_files(ground: Ground) -> tuple[str, ...]:
    """dracut's configuration in the order in which it is read."""
    files = ("/etc/dracut.conf", *ground.below("/etc/dracut.conf.d", ".conf"))
    return tuple(p for p in files if p in ground.files)


def dracut_words(text: str) -> tuple[str, ...]:
    """The words that a file of dracut gives to unified images."""
    return shell_variable.words(text, DRACUT_WORDS)


def dracut_edit(text: str, edit: WordEdit) -> str:
    """The file with its words edited; it has some."""
    return shell_variable.edit_words(text, (DRACUT_WORDS,), edit)


def builder(ground: Ground) -> str:
    """mkinitcpio, kernel-install, dracut, or empty where none of them is set up for unified images."""
    if "mkinitcpio" in ground.programs and preset_images(ground):
        return "mkinitcpio"
    install = next((_text(ground, p) for p in INSTALL if p in ground.files), "")
    if "kernel-install" in ground.programs and value_of(parse(install), "layout") == "uki":
        return "kernel-install"
    given = tuple(a for p in dracut_files(ground) for a in parse(_text(ground, p)))
    if "dracut" in ground.programs and value_of(given, "uefi") == "yes":
        return "dracut"
    return ""


def images(ground: Ground) -> tuple[str, ...]:
    """The images of the installed kernels, in which new words must appear."""
    named = preset_images(ground) if builder(ground) == "mkinitcpio" else ()
    return tuple(p for p in ground.unified if p in named or any(release in p for release in ground.kernels))
