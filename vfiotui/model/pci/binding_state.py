"""The four columns of a device: configured, on disk, booted, bound now; and where they drift apart."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass

IDS, OVERRIDE, MANAGED, STUB, PCIBACK, SERVICE, NOTHING = (
    "ids", "override", "managed", "pci-stub", "pciback", "service", ""
)  # fmt: skip
"""Ways in which a device is passed through; several of them are joined by " + "."""


@dataclass(frozen=True, slots=True)
class BindingState:
    """One device."""

    bdf: str
    configured: Reading[str]
    """What the configuration of the system says: "ids", "override", "managed", "pci-stub", …, or empty."""
    on_disk: Reading[str]
    """What the built initramfs and the boot entry hold of it."""
    booted: Reading[str]
    """What this boot was given: the command line, driver_override, the ids of a loaded vfio-pci."""
    bound: Reading[str]
    """The driver now; empty for none."""
    drift: tuple[str, ...] = ()
    """Sentences that name what does not agree, in the order of the columns."""

    @property
    def concerned(self) -> bool:
        """Whether any column is about passthrough."""
        words = (self.configured, self.on_disk, self.booted)
        given = isinstance(self.bound, str) and "vfio" in self.bound
        return given or any(isinstance(w, str) and w for w in words)


def in_words(column: Reading[str]) -> str:
    """A column for a person.

    >>> in_words("ids + override"), in_words(""), in_words(Unread("needs root"))
    ('ids + override', '–', 'unknown (needs root)')
    """
    return f"unknown ({column.reason})" if isinstance(column, Unread) else column or "–"
