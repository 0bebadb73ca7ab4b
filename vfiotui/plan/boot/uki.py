"""Unified kernel images: who builds them, and from which words."""

from __future__ import annotations

from vfiotui.formats.initramfs import mkinitcpio_preset
from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell import variable as shell_variable
from vfiotui.formats.shell.assignments import parse, value_of
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import split
from vfiotui.model.boot.makers import Build
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.plan.draft import FILE_NAME

CMDLINE = "/etc/kernel/cmdline"
WRITES = (rf"/etc/kernel/{FILE_NAME}(/{FILE_NAME}\.conf)?",)
VENDOR_CMDLINE = "/usr/lib/kernel/cmdline"
INSTALL = ("/etc/kernel/install.conf", "/usr/lib/kernel/install.conf")
DRACUT_WORDS = "kernel_cmdline"
PRODUCTS = ("/boot/EFI/Linux/*.efi", "/efi/EFI/Linux/*.efi", "/boot/efi/EFI/Linux/*.efi")


def preset_images(snapshot: ConfigSnapshot) -> tuple[str, ...]:
    """The unified images that mkinitcpio's presets name."""
    found = []
    for path in snapshot.below("/etc/mkinitcpio.d", ".preset"):
        try:
            wanted = mkinitcpio_preset.presets(snapshot.text(path), snapshot.text)
            found += [p.uki for p in wanted if p.uki and p.builds]
        except EditRefused:
            continue
    return tuple(found)


def dracut_files(snapshot: ConfigSnapshot) -> tuple[str, ...]:
    """dracut's configuration in the order in which it is read."""
    files = ("/etc/dracut.conf", *snapshot.below("/etc/dracut.conf.d", ".conf"))
    return tuple(p for p in files if p in snapshot.files)


def dracut_words(text: str) -> tuple[str, ...]:
    """The words that a file of dracut gives to unified images."""
    return shell_variable.words(text, DRACUT_WORDS)


def dracut_edit(text: str, edit: WordEdit) -> str:
    """The file with its words edited; it has some."""
    return shell_variable.edit_words(text, (DRACUT_WORDS,), edit)


def builder(snapshot: ConfigSnapshot) -> str:
    """mkinitcpio, kernel-install, dracut, or empty where none of them is set up for unified images."""
    if "mkinitcpio" in snapshot.programs and preset_images(snapshot):
        return "mkinitcpio"
    install = next((snapshot.text(p) for p in INSTALL if p in snapshot.files), "")
    if "kernel-install" in snapshot.programs and value_of(parse(install), "layout") == "uki":
        return "kernel-install"
    given = tuple(a for p in dracut_files(snapshot) for a in parse(snapshot.text(p)))
    if "dracut" in snapshot.programs and value_of(given, "uefi") == "yes":
        return "dracut"
    return ""


def home(boot: Boot) -> str:
    """The loader by whose files the next boot's words are set: "uki" where systemd-boot starts a unified image."""
    name = boot.loader.name
    kind = None if isinstance(boot.path, Unread) else boot.path.unified
    if name not in ("systemd-boot", "uki") or kind is None:
        return name
    return "uki" if kind else "systemd-boot"


def default_builds(boot: Boot) -> tuple[Build, ...]:
    """The presets that make the image of the next boot: of the likeliest candidate, and of others with its words."""
    named = [b for b in boot.makers.builds if b.tool == "mkinitcpio" and b.unified]
    own = () if isinstance(boot.path, Unread) else boot.path.own
    found = [b for entry in own if entry.unified for b in named if b.unified in (entry.kernel, entry.source)]
    return tuple(b for b in found if b.words == found[0].words)


def of_addon(boot: Boot, edit: WordEdit) -> str:
    """A sentence where a word that is to go, or to change, is appended by an addon (systemd-stub(7)); else empty."""
    gone = {word for text in edit.remove for word in split(text)}
    keys = {word.partition("=")[0] for text in edit.replace for word in split(text) if "=" in word}
    keys |= {option.key for option in edit.options if option.remove}
    for step in () if isinstance(boot.path, Unread) else boot.path.steps:
        found = next((w for w in split(step.words) if w in gone or w.partition("=")[0] in keys), "")
        if found:
            return (
                f"{found} stands in the addon {step.source}, which no program here makes: take the file away, or make "
                "it anew without the word (ukify build --cmdline=), then plan again"
            )
    return ""


def starts_unmade(boot: Boot, snapshot: ConfigSnapshot) -> str:
    """The image of the next boot where mkinitcpio's presets make others only; empty where one makes it."""
    default = None if isinstance(boot.path, Unread) else boot.path.default
    if default is None or not default.unified or builder(snapshot) != "mkinitcpio" or default_builds(boot):
        return ""
    return default.source if isinstance(default.kernel, Unread) else default.kernel


def images(snapshot: ConfigSnapshot, boot: Boot) -> tuple[str, ...]:
    """The images of the installed kernels, in which new words must appear."""
    made = default_builds(boot) if builder(snapshot) == "mkinitcpio" else ()
    if made:
        return tuple(dict.fromkeys(b.unified for b in made))
    named = preset_images(snapshot) if builder(snapshot) == "mkinitcpio" else ()
    return tuple(p for p in snapshot.unified if p in named or any(release in p for release in snapshot.kernels))


UKI_CONF = "/etc/kernel/uki.conf"


def ignored_words(snapshot: ConfigSnapshot) -> str:
    """A sentence where uki.conf holds words that kernel-install's plugin overrules (60-ukify.install); else empty."""
    if not any(line.strip().lower().startswith("cmdline") for line in snapshot.text(UKI_CONF).split("\n")):
        return ""
    return f"Cmdline= in {UKI_CONF} has no effect: kernel-install gives ukify the words of {CMDLINE}"
