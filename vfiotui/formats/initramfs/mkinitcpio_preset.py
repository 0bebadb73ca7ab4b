"""mkinitcpio.d/*.preset: which images are built of one kernel, from which configuration (mkinitcpio(8), PRESETS)."""

from __future__ import annotations

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell import lists as shell_lists
from vfiotui.formats.shell import values as shell_values
from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """One image to build; a value that neither it nor ALL_ gives is None."""

    name: str
    config: str | None
    """Path; drop-ins are not read where it names another than the default one."""
    image: str | None
    uki: str | None
    """Path of the unified kernel image."""
    options: str | None


def presets(text: str) -> tuple[Preset, ...]:
    """The images that PRESETS asks for, in order; EditRefused where shell code computes a value.

    >>> presets("PRESETS=('default')\\nALL_config=/etc/mkinitcpio.conf\\ndefault_uki=/efi/a.efi")[0].uki
    '/efi/a.efi'
    """

    def of(name: str, what: str, shared: bool = False) -> str | None:
        own = shell_values.get(text, f"{name}_{what}")
        return shell_values.get(text, f"ALL_{what}") if own is None and shared else own

    return tuple(
        Preset(name, of(name, "config", True), of(name, "image"), of(name, "uki"), _options(text, name))
        for name in shell_lists.words(text, "PRESETS")
    )


def _options(text: str, name: str) -> str | None:
    """Options are a text or, in newer files, an array."""
    try:
        return shell_values.get(text, f"{name}_options")
    except EditRefused:
        return " ".join(shell_lists.words(text, f"{name}_options"))


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
