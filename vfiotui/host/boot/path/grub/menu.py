"""Which entry GRUB starts where nobody touches a key (grub-core/normal/menu.c).

GRUB reads `default` as a number where it begins with digits, else as a title or an id; what stands behind a ">" is
for the submenu. What names no entry makes it the first one. The GRUB of Fedora, the one with blscfg, compares ids and
titles first and reads numbers last, and no number with something behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

from vfiotui.host.boot.path.grub.conditions import number
from vfiotui.host.boot.path.grub.run import Ended, Machine
from vfiotui.host.boot.path.grub.state import Item, Loaded, State
from vfiotui.model.base.value import dataclass

DIGITS = re.compile(r"[ \t\n\r]*(\d.*)", re.DOTALL)
DEPTH_LIMIT = 8
ENTRY_LIMIT = 400
"""Entries of one menu with its submenus; snapshots make hundreds."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry that starts, by the way there."""

    items: tuple[Item, ...]
    """Submenus, and the entry last."""
    loaded: Loaded | None
    why: str


@dataclass(slots=True)
class Listed:
    """An entry of the menu, and what it loads."""

    items: tuple[Item, ...]
    loaded: Loaded | None


def equal(name: str, spec: str) -> bool:
    """Whether the first part of a default names an entry; ">>" stands for a ">" of its own.

    >>> equal("a", "a>b"), equal("a>b", "a>>b"), equal("a", "ab")
    (True, True, False)
    """
    return name == spec_parts(spec)[0]


def spec_parts(spec: str) -> tuple[str, str]:
    """The part of a default for this menu, and what is left for the submenu."""
    at = 0
    first = ""
    while at < len(spec):
        if spec.startswith(">>", at):
            first += ">"
            at += 2
        elif spec[at] == ">":
            return first, spec[at + 1 :]
        else:
            first += spec[at]
            at += 1
    return first, ""


def place_of(spec: str, menu: list[Item], fedora: bool) -> int | None:
    """The number of the entry that a default names; None where GRUB finds none, and takes the first."""
    if fedora:
        word = re.match(r"\S*", spec)
        head = word[0] if word else ""
        for i, item in enumerate(menu):
            if item.id and equal(item.id, head):
                return i if len(head) == len(spec) else None
        for i, item in enumerate(menu):
            if equal(item.title, spec):
                return i
        match = re.fullmatch(r"\s*(0x[0-9a-fA-F]+|\d+)", spec)
        found = number(match[1]) if match else None
    elif digits := DIGITS.match(spec):
        found = number(digits[1])
    else:
        found = next((i for i, m in enumerate(menu) if equal(m.title, spec) or equal(m.id, spec)), None)
    return found if found is not None and found < len(menu) else None


def enter(machine: Machine, item: Item, state: State) -> tuple[State, bool]:
    """The state after an entry's block ran in a copy, and whether another menu is shown then."""
    after = state.inside() if item.submenu else state.copy()
    after.fresh()
    with suppress(Ended):
        machine.run_item(item, after)
    return (after.shown, True) if after.shown is not None else (after, item.submenu)


def choose(machine: Machine, state: State, spec: str | None, why: str) -> Choice | None:
    """The entry that a default leads to; None where the menu is empty."""
    items: list[Item] = []
    for _ in range(DEPTH_LIMIT):
        if not state.menu:
            return Choice(tuple(items), None, why) if items else None
        place = place_of(spec, state.menu, state.bls) if spec is not None else 0
        if place is None:
            why = f"{why}; no entry of that name is in the menu, so GRUB takes the first"
        item = state.menu[place or 0]
        items.append(item)
        after, nested = enter(machine, item, state)
        if not nested:
            return Choice(tuple(items), after.loaded, why)
        if item.submenu and after.menu and spec is not None and spec_parts(spec)[1]:
            spec = spec_parts(spec)[1]
        else:
            spec = after.get("default") or None
        state = after
    return None


def every(machine: Machine, state: State, above: tuple[Item, ...] = ()) -> Iterator[Listed]:
    """All entries of a menu with its submenus, in order."""
    for item in state.menu:
        after, nested = enter(machine, item, state)
        if not nested:
            yield Listed((*above, item), after.loaded)
        elif len(above) < DEPTH_LIMIT:
            yield from every(machine, after, (*above, item))
