"""Amounts of memory and sizes of pages in words."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread

GIB = 1 << 20
"""KiB in a GiB."""


def gib(kib: Reading[int] | float) -> str:
    """KiB as GiB, or as MiB below one."""
    if isinstance(kib, Unread):
        return "?"
    return f"{kib / GIB:,.1f} GiB" if not 0 < kib < GIB else f"{kib / 1024:.0f} MiB"


def page_words(kib: int) -> str:
    """2 MiB, 1 GiB, 64 KiB."""
    return f"{kib >> 20} GiB" if kib >= GIB else f"{kib >> 10} MiB" if kib >= 1024 else f"{kib} KiB"
