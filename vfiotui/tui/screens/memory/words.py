"""Amounts of memory in words."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread

GIB = 1 << 20
"""KiB in a GiB."""


def gib(kib: Reading[int] | float) -> str:
    """KiB as GiB, or as MiB below one."""
    if isinstance(kib, Unread):
        return "?"
    return f"{kib / GIB:,.1f} GiB" if not 0 < kib < GIB else f"{kib / 1024:.0f} MiB"
