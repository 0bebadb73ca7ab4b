"""What draws on which card: framebuffers, their claims on memory, virtual consoles, DRM cards."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Framebuffer:
    """One line of /proc/fb."""

    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Memory of a PCI function that a firmware framebuffer still holds, as /proc/iomem shows it."""

    bdf: str
    start: int
    end: int
    name: str
    """BOOTFB, efifb, simpledrm, …"""


@dataclass(frozen=True, slots=True)
class FirmwareScreen:
    """The platform device through which the firmware's framebuffer is handed on."""

    device: str
    """simple-framebuffer.0, efi-framebuffer.0, vesa-framebuffer.0."""
    driver: Reading[str | None]


@dataclass(frozen=True, slots=True)
class VirtualConsole:
    """One vtcon of /sys/class/vtconsole."""

    name: str
    """vtcon0."""
    kind: Reading[str]
    """ "frame buffer device", "dummy device", "VGA+"."""
    bound: Reading[bool]

    @property
    def on_framebuffer(self) -> Reading[bool]:
        """Whether it draws on a framebuffer."""
        return self.kind if isinstance(self.kind, Unread) else "frame buffer" in self.kind


@dataclass(frozen=True, slots=True)
class DrmCard:
    """One card of /sys/class/drm with what is plugged into it."""

    name: str
    bdf: str
    """Empty for what is no PCI function: simpledrm, virtual cards."""
    connected: tuple[str, ...]
    """Connectors with a display on them."""
    boot_display: Reading[bool | None]
    """Whether the boot was shown on it; None where the kernel does not report it."""


@dataclass(frozen=True, slots=True)
class Screens:
    """Everything that draws."""

    framebuffers: Reading[tuple[Framebuffer, ...]]
    claims: Reading[tuple[Claim, ...]]
    firmware: Reading[tuple[FirmwareScreen, ...]]
    consoles: Reading[tuple[VirtualConsole, ...]]
    cards: Reading[tuple[DrmCard, ...]]
