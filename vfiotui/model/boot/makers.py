"""Who makes what: which tool builds which boot image, from which configuration, for which kernel."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Build:
    """One image that a tool builds, and what it builds it from."""

    tool: str
    """mkinitcpio, dracut, initramfs-tools or booster."""
    name: str
    """As the tool names it, such as "linux: default" for a preset; empty where it has no name for it."""
    source: str
    """The file that asks for the image: a preset, or the tool's own configuration."""
    config: tuple[str, ...]
    """The configuration that decides, in the order in which it is read; the last file has the last word."""
    kernel: str = ""
    """The kernel's file or its release, as the source names it; empty for every installed kernel."""
    image: str = ""
    """Path of the initramfs; with * where it is built for every kernel; empty where there is none of its own."""
    unified: str = ""
    """Path of the unified kernel image, with * likewise; empty where none is built."""
    words: tuple[str, ...] = ()
    """Files or folders with the kernel's words for the unified image; the first group that is there is used, and with
    none of them /proc/cmdline."""
    no_words: bool = False
    """Whether the unified image gets no words."""
    skips: tuple[str, ...] = ()
    """mkinitcpio: hooks that are left out of this image."""
    adds: tuple[str, ...] = ()
    """mkinitcpio: hooks that are added to those of the configuration."""
    own_config: bool = False
    """mkinitcpio: whether the preset names the configuration, which is then read without drop-ins."""


@dataclass(frozen=True, slots=True)
class Makers:
    """How this system's boot images are made."""

    tool: str = "none"
    """mkinitcpio, dracut, initramfs-tools, booster or none."""
    commands: tuple[tuple[str, ...], ...] = ()
    """What builds all of them anew, in order; empty where nothing was found that does."""
    why: str = ""
    """A sentence: why there is no command; empty where there is one."""
    builds: tuple[Build, ...] = ()
    products: tuple[str, ...] = ()
    """Every file that the commands may write, as paths and patterns."""
    images: tuple[str, ...] = ()
    """Those of the products that hold an initramfs."""
    menu: Reading[tuple[str, ...]] = Unread("was not looked for", Why.NOT_HERE)
    """What makes the boot menu, or the unified images that hold the kernel's words, anew from their sources; Unread
    with the reason where nothing was found that does."""
    unread: tuple[Unread, ...] = ()
    """What should have been read and could not be."""

    def of(self, path: str) -> Build | None:
        """The build that makes an image at this path, or None."""
        return next((b for b in self.builds if path and path in (b.image, b.unified)), None)
