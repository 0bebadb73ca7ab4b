"""The lid of a laptop, and what logind does when it closes."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading
from vfiotui.model.base.value import dataclass

ACTIONS = frozenset(
    (
        *("ignore", "lock", "suspend", "hibernate", "hybrid-sleep", "suspend-then-hibernate", "sleep"),
        *("poweroff", "reboot", "halt", "kexec", "factory-reset"),
    )
)
"""What logind can do when a lid closes (logind.conf(5)); it takes no other value."""


@dataclass(frozen=True, slots=True)
class LidSetting:
    """One of logind's settings for the lid, with the file that decides; its default has none."""

    name: str
    """HandleLidSwitch, HandleLidSwitchExternalPower, HandleLidSwitchDocked."""
    value: str
    """suspend, ignore, lock, poweroff, hibernate, …"""
    source: str = ""

    @property
    def keeps_running(self) -> bool:
        """Whether the host goes on when the lid closes."""
        return self.value in ("ignore", "lock")


@dataclass(frozen=True, slots=True)
class Lid:
    """One lid."""

    path: str
    """The file of its state."""
    closed: Reading[bool]
    settings: Reading[tuple[LidSetting, ...]]
    """In the order HandleLidSwitch, HandleLidSwitchExternalPower, HandleLidSwitchDocked."""
