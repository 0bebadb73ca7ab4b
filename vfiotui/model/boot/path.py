"""The boot path: from the firmware to the kernel and its words, by what lies on the disk (design.md, "Boot path").

"On disk" in every screen, report and prediction comes from here. What the generators would make of their sources is
another fact ("configured"), and so is what the running kernel was given ("booted").
"""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.cmdline import CommandLine


@dataclass(frozen=True, slots=True)
class PathStep:
    """One decision on the way, with where it was read."""

    text: str
    """A sentence: "GRUB_DEFAULT is saved, and the environment block names the entry 'vfio'"."""
    source: str
    """Path inside the root, with ":LINE" where a line decides; an EFI variable by its path."""
    words: str = ""
    """The kernel words that this file appends by itself, which no generator makes: those of an addon."""


@dataclass(frozen=True, slots=True)
class BootEntry:
    """One entry of a loader: what it starts, and with which words."""

    loader: str
    """As `Loader.name` has it: grub, systemd-boot, limine, refind, syslinux, efistub, …"""
    name: str
    """Its title or id, as the loader's menu shows it; submenus joined with ">". Hostile text."""
    source: str
    """The file that defines it, with ":LINE" where it is one of several there; a unified image is its own source."""
    kernel: Reading[str]
    """The kernel's file, or the unified image, as a path inside the root; Unread where it is not there or not seen."""
    release: Reading[str]
    """The kernel's release (uname -r), by the image's own header or section, else by the name of its file."""
    initrds: tuple[str, ...]
    """Every initrd in order, by paths inside the root; empty where there is none, and for a unified image."""
    words: Reading[CommandLine]
    """What the kernel gets, after the loader's own unquoting, variables, addons and the kernel's CONFIG_CMDLINE."""
    why: str
    """A sentence: why the loader takes it, or may take it."""
    maker: str = ""
    """The file of the generator that wrote it, such as /etc/grub.d/10_linux; empty where it was written by hand or
    not known."""
    unified: bool = False
    """Whether the kernel, its initrd and its words are one EFI file."""
    other_system: bool = False
    """Whether it starts another installation: its words are not this one's."""
    xen: bool = False
    """Whether Xen starts first, with the kernel as its dom0."""


@dataclass(frozen=True, slots=True)
class BootPath:
    """What the next boot will really load."""

    loader: str
    """The last loader of the chain, the one that hands the kernel its words; empty where it is not known."""
    steps: tuple[PathStep, ...]
    """From the firmware to the entry, in order."""
    candidates: tuple[BootEntry, ...]
    """The entry that will be started; several, the likeliest first, where a person or chance decides."""
    entries: tuple[BootEntry, ...] = ()
    """Every entry of the menu, in its order, as far as they were read."""
    open: str = ""
    """A sentence: what leaves it open which of the candidates starts; empty where there is one."""
    missing: tuple[Unread, ...] = ()
    """What should have been read and could not be."""

    @property
    def default(self) -> BootEntry | None:
        """The entry that starts where nobody touches a key; None where that is not known."""
        return self.candidates[0] if len(self.candidates) == 1 and not self.open else None

    @property
    def own(self) -> tuple[BootEntry, ...]:
        """The candidates that start this installation."""
        return tuple(entry for entry in self.candidates if not entry.other_system)

    @property
    def unified(self) -> bool | None:
        """Whether every candidate of this installation is a unified image (true) or none is (false); None where there
        is no candidate, or some are."""
        kinds = {entry.unified for entry in self.own}
        return kinds.pop() if len(kinds) == 1 else None

    @property
    def lines(self) -> Reading[tuple[CommandLine, ...]]:
        """The words of each candidate of this installation, without repetition; Unread where one could not be read."""
        if not self.own:
            return Unread(self._elsewhere, Why.NOT_HERE, self.candidates[0].source if self.candidates else "")
        found: dict[str, CommandLine] = {}
        for entry in self.own:
            if isinstance(entry.words, Unread):
                return entry.words
            found.setdefault(entry.words.text, entry.words)
        return tuple(found.values())

    @property
    def words(self) -> Reading[CommandLine]:
        """The words of the next boot; Unread where they could not be read, or candidates have different ones."""
        found = self.lines
        if isinstance(found, Unread):
            return found
        if len(found) == 1:
            return found[0]
        names = " or ".join(dict.fromkeys(f"'{entry.name}'" for entry in self.own))
        return Unread(self.open or f"{names} may be started, and their words differ", Why.NOT_HERE, found[0].source)

    @property
    def _elsewhere(self) -> str:
        if self.candidates:
            return f"the next boot starts another system: {self.candidates[0].name!r}"
        return self.open or "no entry that starts is known"
