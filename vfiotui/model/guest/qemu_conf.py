"""The settings of libvirt's QEMU driver, as libvirt reads them."""

from __future__ import annotations

from vfiotui.model.base.value import dataclass

PATH = "/etc/libvirt/qemu.conf"


@dataclass(frozen=True, slots=True)
class QemuSetting:
    """One name with its value."""

    name: str
    value: str | int | tuple[str, ...]
    """A text, a number or a list of texts."""
    line: int
    """Of its name, from 1."""
    text: str
    """As it stands in the file, on one line."""

    @property
    def where(self) -> str:
        """Path and line."""
        return f"{PATH}:{self.line}"

    @property
    def words(self) -> tuple[str, ...]:
        """The texts of a list, or the one value as a text."""
        return self.value if isinstance(self.value, tuple) else (str(self.value),)


@dataclass(frozen=True, slots=True)
class QemuConf:
    """The settings that the file makes."""

    settings: tuple[QemuSetting, ...] = ()

    def get(self, name: str) -> QemuSetting | None:
        """The setting in force, the first of its name; None where the file leaves libvirt's default."""
        return next((s for s in self.settings if s.name == name), None)
