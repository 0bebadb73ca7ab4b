"""Built boot images and what they were built from."""

from __future__ import annotations

from vfiotui.model.base.value import dataclass


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file and when it was changed last."""

    path: str
    mtime: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Images:
    """The initramfs of the kernel that would run, and its sources."""

    built: tuple[Stamp, ...]
    sources: tuple[Stamp, ...]
    """modprobe.d and the initramfs tool's configuration."""
