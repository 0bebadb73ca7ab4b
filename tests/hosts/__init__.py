"""Machines described in a few lines each; rules name the one on which they fire and one on which they are silent."""

from __future__ import annotations

from tests.hosts import configured, dead_words, desktop, first, given, guarded, guests, odd, pages, rom, running
from tests.hosts.base import CLEAN, INTEL
from vfiotui.demo.description import Host
from vfiotui.demo.tower import TOWER

__all__ = ["CLEAN", "HOSTS", "INTEL", "TOWER"]

HOSTS: dict[str, Host] = {
    **first.HOSTS,
    **guests.HOSTS,
    **rom.HOSTS,
    **given.HOSTS,
    **running.HOSTS,
    **configured.HOSTS,
    **desktop.HOSTS,
    **pages.HOSTS,
    **odd.HOSTS,
    **dead_words.HOSTS,
    **guarded.HOSTS,
}
"""Every machine by its name; each module of this package holds those of one topic."""
