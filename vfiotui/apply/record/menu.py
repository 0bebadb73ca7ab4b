"""Whether the kernels that a GRUB menu names are there."""

from __future__ import annotations

import re

from vfiotui.apply.target import Target
from vfiotui.model.base.reading import or_else

NAMED = re.compile(r"^\s*(?:linux|initrd)(?:16|efi)?\s+(/[^\s]+)", re.MULTILINE)
"""A kernel, or the first initrd, of an entry."""
STEM = re.compile(r"[A-Za-z_.]+")
"""What the names of all kernels, or of all initrds, of a folder begin with."""
TOPS = ("", "/boot", "/boot/efi", "/efi")
"""A path of a menu begins at the top of its own file system, which may be mounted at one of these."""


def _inside(path: str) -> str:
    """A path without the subvolume of btrfs that is the root itself.

    >>> _inside("/@/boot/vmlinuz"), _inside("/boot/vmlinuz")
    ('/boot/vmlinuz', '/boot/vmlinuz')
    """
    return re.sub(r"^/@[^/]*", "", path)


def _seen(target: Target, path: str) -> bool | None:
    """Whether a path of a menu is there; None where no folder that it may mean holds anything of its kind."""
    places = [f"{top}{_inside(path)}" for top in TOPS]
    if any(target.root.exists(place) is True for place in places):
        return True
    stem = STEM.match(path.rpartition("/")[2])
    names = (n for place in places for n in or_else(target.root.names(place.rpartition("/")[0] or "/"), ()))
    return False if stem and any(name.startswith(stem[0]) for name in names) else None


def missing_of_menu(target: Target, text: str) -> list[str]:
    """The kernels and initrds that the menu of this text names and that are gone, while others of their kind are
    there."""
    return [path for path in dict.fromkeys(NAMED.findall(text)) if _seen(target, path) is False]
