"""The order of systemd-boot's menu, and the names by which patterns pick its entries.

Source: systemd src/boot/boot.c (boot_entry_parse_tries, boot_entry_compare, generate_boot_entry_titles).
"""

from __future__ import annotations

import re
from collections import Counter

from vfiotui.formats.loaders.boot_version import compare
from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.boot.path import BootEntry, PathStep

COUNTER = re.compile(r"(.+)\+([0-9]{1,10})(?:-([0-9]{1,10}))?")
TRIES_LIMIT = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One line of the menu with what decides about its place."""

    id: str
    """By which patterns pick it: the file's name in lower case, without its counter; a profile's behind "@"."""
    entry: BootEntry
    base: str = ""
    """The id without a profile."""
    sort_key: str | None = None
    version: str = ""
    machine_id: str = ""
    tries_left: int = -1
    """Boot counting; -1 where its name has no counter, 0 where it is taken for bad."""
    tries_done: int = -1
    profile: int = 0
    automatic: bool = False
    """Whether the loader makes it by itself, and starts it only where it is picked."""
    lacks: str = ""
    """The file that it starts and that is not there: the loader leaves such an entry out."""
    steps: tuple[PathStep, ...] = ()
    """How its words come about."""
    missing: tuple[Unread, ...] = ()


def counted(name: str, suffix: str) -> tuple[str, int, int]:
    """The name without a boot counter, and the tries that are left and done; -1 where it has none.

    >>> counted("arch+3-1.conf", ".conf"), counted("a+b.conf", ".conf")
    (('arch.conf', 3, 1), ('a+b.conf', -1, -1))
    """
    stem, end = name[: -len(suffix)], name[-len(suffix) :]
    match = COUNTER.fullmatch(stem)
    if end.lower() != suffix or not match or max(int(match[2]), int(match[3] or 0)) > TRIES_LIMIT:
        return name, -1, -1
    return match[1] + end, int(match[2]), int(match[3] or 0)


def compare_entries(a: MenuEntry, b: MenuEntry) -> int:
    """Which of two entries stands first: -1 for the first one."""

    def order(one: int | str, other: int | str) -> int:
        return (one > other) - (one < other)  # type: ignore[operator]

    found = order(a.tries_left == 0, b.tries_left == 0) or order(a.sort_key is None, b.sort_key is None)
    if not found and a.sort_key is not None and b.sort_key is not None:
        found = order(a.sort_key, b.sort_key) or order(a.machine_id, b.machine_id) or -compare(a.version, b.version)
    found = found or -compare(a.base or a.id, b.base or b.id) or order(a.profile, b.profile)
    if found or a.tries_left < 0 or b.tries_left < 0:
        return found
    return -order(a.tries_left, b.tries_left) or order(a.tries_done, b.tries_done)


def titled(entries: list[MenuEntry]) -> list[MenuEntry]:
    """The entries with titles that differ: by their version, else by their id."""

    for what in ("version", "id"):
        doubled = {name for name, times in Counter(e.entry.name for e in entries).items() if times > 1}
        entries = [
            replace(e, entry=replace(e.entry, name=f"{e.entry.name} ({getattr(e, what)})"))
            if e.entry.name in doubled and getattr(e, what)
            else e
            for e in entries
        ]
    return entries
