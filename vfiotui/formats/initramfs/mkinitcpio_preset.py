"""mkinitcpio.d/*.preset: which images are built of one kernel, from which configuration (mkinitcpio(8), PRESETS).

mkinitcpio sources the file with bash (mkinitcpio, process_preset): variables and sourced files count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell import lists as shell_lists
from vfiotui.formats.shell import values as shell_values
from vfiotui.formats.shell.assignments import Computed
from vfiotui.formats.shell.evaluate import Value, evaluate, words_of
from vfiotui.model.base.value import dataclass

WITH_VALUE = {
    "-A": "add", "--add": "add", "--addhooks": "add", "-c": "config", "--config": "config", "--cmdline": "cmdline",
    "-g": "image", "--generate": "image", "-k": "kver", "--kernel": "kver", "-S": "skip", "--skiphooks": "skip",
    "-U": "uki", "--uki": "uki", "--uefi": "uki", "-D": "", "-I": "", "--include": "", "-d": "", "--generatedir": "",
    "-t": "", "--builddir": "", "-z": "", "--compress": "", "-p": "", "--preset": "", "--splash": "", "--osrelease": "",
    "--kernelimage": "", "--uefistub": "", "--microcode": "", "--ukiconfig": "", "-r": "", "--moduleroot": "",
}  # fmt: skip
"""Options of mkinitcpio(8) that take a value → the value's name here; empty where it decides nothing."""


@dataclass(frozen=True, slots=True)
class Preset:
    """One image to build; a value that neither it, ALL_ nor its options give is None."""

    name: str
    config: str | None
    """Path; drop-ins are read only where none is named, even if it names the default one (mkinitcpio, -c)."""
    image: str | None
    uki: str | None
    """Path of the unified kernel image."""
    options: str | None
    """Blank-separated."""
    kver: str | None = None
    """The kernel's file, or its release; without one nothing is built."""
    cmdline: str | None = None
    """The file, or the folder of .conf files, with the words of the unified image; None for the default places."""
    no_cmdline: bool = False
    """Whether the unified image gets no words at all."""
    skips: tuple[str, ...] = ()
    """Hooks that are left out."""
    adds: tuple[str, ...] = ()
    """Hooks that come behind those of the configuration."""

    @property
    def builds(self) -> bool:
        """Whether mkinitcpio makes anything of it: it names a kernel, and an image or a unified one."""
        return bool(self.kver and (self.image or self.uki))


def _nothing(path: str) -> str | None:
    return None


def presets(text: str, sourced: Callable[[str], str | None] = _nothing) -> tuple[Preset, ...]:
    """The images that PRESETS asks for, in order; EditRefused where shell code computes a value.

    `sourced` gives the text of a file that the preset sources.

    >>> presets("PRESETS=('default')\\nALL_config=/etc/mkinitcpio.conf\\ndefault_uki=/efi/a.efi")[0].uki
    '/efi/a.efi'
    >>> presets('E="/efi"; PRESETS=(a); a_uki="${E}/a.efi"; a_options="--cmdline /etc/b"')[0].cmdline
    '/etc/b'
    """
    held = evaluate(text, sourced)
    names = words_of(held.get("PRESETS"))
    if names is None:
        raise _refused(held["PRESETS"])
    return tuple(_preset(held, name) for name in names)


def _refused(value: Value | None) -> EditRefused:
    line, code = (value.line, value.text) if isinstance(value, Computed) else (0, "")
    return EditRefused(shell_lists.COMPUTED, line, code)


def _preset(held: dict[str, Value], name: str) -> Preset:
    def one(variable: str) -> str | None:
        value = held.get(variable)
        if isinstance(value, Computed):
            raise _refused(value)
        # ${!name} of an array is its first element.
        return (value[0] if value else None) if isinstance(value, tuple) else value

    def of(what: str, shared: bool = False) -> str | None:
        return one(f"{name}_{what}") or (one(f"ALL_{what}") if shared else None) or None

    words = words_of(held.get(f"{name}_options"))
    if words is None:
        raise _refused(held[f"{name}_options"])
    said: dict[str, str] = {}
    hooks: dict[str, tuple[str, ...]] = {"skip": (), "add": ()}
    for what, value in _given(words):
        said[what] = value
        if what in hooks:
            hooks[what] = (*hooks[what], *(hook for hook in value.split(",") if hook))
    return Preset(
        name,
        said.get("config") or of("config", shared=True),
        said.get("image") or of("image"),
        said.get("uki") or of("uki") or (of("efi_image") if f"{name}_uki" not in held else None),
        " ".join(words) if f"{name}_options" in held else None,
        said.get("kver") or of("kver", shared=True),
        said.get("cmdline") or of("cmdline", shared=True),
        "no_cmdline" in said,
        hooks["skip"],
        hooks["add"],
    )


def _given(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What the options say: a name of `WITH_VALUE` and its value; the last one counts."""
    at = 0
    while at < len(words):
        word, joined, value = words[at].partition("=") if words[at].startswith("--") else (words[at], "", "")
        at += 1
        if word == "--no-cmdline":
            yield "no_cmdline", ""
        if not word.startswith("--") and word[:2] in WITH_VALUE and len(word) > 2:
            word, joined, value = word[:2], "=", word[2:]
        if word in WITH_VALUE:
            if not joined and at < len(words):
                value, at = words[at], at + 1
            yield WITH_VALUE[word], value


def set_value(text: str, preset: str, what: str, value: str) -> str:
    """The text with config, image, uki or options of a preset (or of ALL) at the value."""
    return shell_values.set_value(text, f"{preset}_{what}", value)


def unset(text: str, preset: str, what: str) -> str:
    """The text that does not set config, image, uki or options of a preset."""
    return shell_values.unset(text, f"{preset}_{what}")


def add(text: str, preset: str) -> str:
    """The text that builds the preset too."""
    edited = shell_lists.add(text, "PRESETS", preset)
    return shell_values.set_value(text, "PRESETS", preset) if edited is None else edited


def remove(text: str, preset: str) -> str:
    """The text that does not build the preset; its values stay."""
    return shell_lists.remove(text, "PRESETS", preset)
