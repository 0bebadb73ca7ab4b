"""mkinitcpio.conf and its drop-ins: the lists MODULES, BINARIES, FILES and HOOKS, arrays or the older texts.

Drop-ins are sourced behind the main file: a list in them that begins with = replaces the main one, one with += joins
it (mkinitcpio.conf(5)).
"""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.formats.modprobe.modprobe import fold
from vfiotui.formats.shell import lists as shell_lists
from vfiotui.formats.shell.version_sort import sort_key

CONFIG = "/etc/mkinitcpio.conf"
DROP_INS = "/etc/mkinitcpio.conf.d"


def in_order(drop_ins: Iterable[str]) -> tuple[str, ...]:
    """The paths of drop-ins in the order in which they are read, which is that of `sort -zVu` (mkinitcpio)."""
    return tuple(sorted(drop_ins, key=lambda path: sort_key(path.rpartition("/")[2])))


def _module(word: str) -> str:
    """A module is spelt with - or _, and a ? behind it allows it to be missing."""
    return fold(word.removesuffix("?"))


def words(text: str, name: str) -> tuple[str, ...]:
    """The words that this file gives to a list, in order; EditRefused where shell code computes them.

    >>> words("MODULES=(vfio_pci\\n  amdgpu)", "MODULES")
    ('vfio_pci', 'amdgpu')
    """
    return shell_lists.words(text, name)


def add(text: str, name: str, word: str, before: str | None = None, drop_in: bool = False) -> str:
    """The text with the word in the list, ahead of `before` where this file names that; unchanged where it is there.

    A list that the file does not set yet gets a line of its own; in a drop-in that line joins the main list.
    EditRefused where shell code computes the list.
    """
    edited = shell_lists.add(text, name, word, before, _module if name == "MODULES" else str)
    if edited is None:
        return shell_lists.begin(text, f"{name}+=()" if drop_in else f"{name}=()", word)
    return edited


def remove(text: str, name: str, word: str) -> str:
    """The text without the word in the list; EditRefused where shell code computes the list."""
    return shell_lists.remove(text, name, word, _module if name == "MODULES" else str)
