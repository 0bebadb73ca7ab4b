"""blscfg: GRUB's entries from the files of /boot/loader/entries, as the GRUB of Fedora and its relatives makes them.

The rules are those of that GRUB's grub-core/commands/blscfg.c: files are sorted by their names as RPM compares name,
version and release, the newest first; only the first `options` line counts; a line without a value ends the file.
"""

from __future__ import annotations

import re
from functools import cmp_to_key

from vfiotui.formats.loaders import grub_cfg
from vfiotui.host.boot.path.grub.places import There
from vfiotui.host.boot.path.grub.run import Machine, Status
from vfiotui.host.boot.path.grub.state import Doubt, Item, State
from vfiotui.model.base.reading import Unread

FOLDER = "/loader/entries"
COUNT_LIMIT = 500
ENTRY_LIMIT = 64 << 10
BETWEEN = re.compile(r"[^0-9A-Za-z~+]+")
VARIABLE = re.compile(r"(?<!\\)\$([A-Za-z0-9_]+) ?")


def compare(one: str, two: str) -> int:
    """Which of two versions is newer: 1, 0 or -1, as RPM compares them.

    >>> compare("6.9", "6.10"), compare("6.1~rc1", "6.1"), compare("a", "1")
    (-1, -1, -1)
    """
    if one == two:
        return 0
    while one or two:
        one, two = (
            BETWEEN.sub("", one, count=1) if BETWEEN.match(one) else one,
            (BETWEEN.sub("", two, count=1) if BETWEEN.match(two) else two),
        )
        if one[:1] == "~" or two[:1] == "~":
            if one[:1] != two[:1]:
                return -1 if one[:1] == "~" else 1
            one, two = one[1:], two[1:]
            continue
        if one[:1] == "+" or two[:1] == "+":
            if one[:1] != two[:1]:
                return (-1 if not one else 1) if not (one and two) else 1 if one[:1] != "+" else -1
            one, two = one[1:], two[1:]
            continue
        if not (one and two):
            break
        digits = one[0].isdigit()
        pattern = re.compile(r"[0-9]*" if digits else r"[A-Za-z]*")
        left, right = _match(pattern, one), _match(pattern, two)
        if not right:
            return 1 if digits else -1
        one, two = one[len(left) :], two[len(right) :]
        if digits:
            left, right = left.lstrip("0"), right.lstrip("0")
            if len(left) != len(right):
                return 1 if len(left) > len(right) else -1
        if left != right:
            return 1 if left > right else -1
    return 0 if not one and not two else -1 if not one else 1


def _match(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.match(text)
    return found[0] if found else ""


def name_version_release(name: str) -> tuple[str, str, str]:
    """A package's parts: what stands behind the last and the last but one dash.

    >>> name_version_release("id-6.1.0-2.fc39")
    ('id', '6.1.0', '2.fc39')
    """
    head, dash, release = name.rpartition("-")
    if not dash:
        return name, "", ""
    first, dash, version = head.rpartition("-")
    return (first, version, release) if dash else (head, release, "")


def newer_first(one: str, two: str) -> int:
    """The order of two entries by the names of their files."""
    for left, right in zip(name_version_release(one), name_version_release(two), strict=True):
        if order := compare(left, right):
            return -order
    return 0


def keys(text: str) -> dict[str, list[str]]:
    """Key → values of an entry, up to the first line without a value."""
    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        line = line.lstrip(" \t")
        if line.startswith("#"):
            continue
        at = line.find(" ") if " " in line else line.find("\t")
        if at < 0 or at + 1 == len(line):
            break
        value = line[at:].lstrip(" \t")
        found.setdefault(line[:at], []).append(value)
    return found


def replaced(value: str, state: State) -> tuple[str, Doubt | None]:
    """Variables of GRUB in a value; each brings a blank behind it."""
    doubts: list[Doubt] = []

    def one(match: re.Match[str]) -> str:
        name = match[1]
        if name in state.doubts:
            doubts.append(state.doubts[name])
        return f"{state.variables[name]} " if name in state.variables else ""

    return VARIABLE.sub(one, value), doubts[0] if doubts else None


def files(machine: Machine, given: str, state: State) -> tuple[str, tuple[str, ...]] | None:
    """The folder of the entries inside the root, and their names; None where it cannot be listed."""
    places = [given] if given else [state.get("blsdir") or FOLDER, f"/boot{FOLDER}"]
    for place in places:
        found = machine.places.find(place, state.get("root"))
        if found.there is There.YES and found.kind == "directory":
            names = machine.places.root.names(found.path)
            if isinstance(names, Unread):
                machine.missing.append(names)
                return None
            good = [n for n in names if n.endswith(".conf") and len(n) > 5 and not n.startswith(".")]
            return found.path, tuple(good[:COUNT_LIMIT])
        if found.there is There.UNKNOWN:
            machine.missing.append(Unread("cannot be seen", path=found.path))
            return None
    return "", ()


def run(machine: Machine, args: list[str], state: State, at: str) -> Status:
    """The command: adds the entries to the menu, all of them or those that are, or are not, the default."""
    state.bls = True
    argument = args[0] if args else ""
    listed = files(machine, argument if argument.startswith("(") else "", state)
    if listed is None:
        return None
    folder, names = listed
    entries: dict[str, tuple[str, dict[str, list[str]]]] = {}
    for name in names:
        text = machine.places.root.decoded(f"{folder}/{name}", ENTRY_LIMIT)
        if isinstance(text, Unread):
            machine.missing.append(text)
            continue
        entries[name[:-5]] = (f"{folder}/{name}", keys(text))
    order = sorted(entries, key=cmp_to_key(newer_first))
    default = state.get("default")
    for i, name in enumerate(order):
        path, held = entries[name]
        title = held.get("title", [""])[0]
        chosen = bool(default) and (default in (name, title) or (default.isdigit() and int(default[:9]) == i))
        if argument in ("default", "non-default") and chosen != (argument == "default"):
            continue
        if argument and not argument.startswith("(") and argument not in ("default", "non-default", name):
            continue
        if name not in state.bls_made and "linux" in held:
            state.bls_made.add(name)
            state.menu.append(_item(name, path, held, state))
    return 0


def _item(name: str, path: str, held: dict[str, list[str]], state: State) -> Item:
    linux = held["linux"][0]
    options, doubt = replaced(held["options"][0], state) if "options" in held else (None, None)
    if not options:
        options, doubt = replaced(state.get("default_kernelopts"), state)
    early = state.get("early_initrd").split(" ") if state.get("early_initrd") else []
    initrds = held.get("initrd", [])
    folder = (initrds[0] if initrds else linux).rpartition("/")[0]
    more = [f"{folder}/{one}" for one in early if one] + initrds
    script = f"linux {linux} {options}\n"
    if more:
        script += f"initrd {' '.join(more)}\n"
    title = held.get("title", [linux])[0]
    users = held.get("grub_users")
    return Item(
        title, name, grub_cfg.parse(script).statements, (title, *held.get("grub_arg", ())), path, 0,
        restricted=bool(users and replaced(users[0], state)[0].strip()), words_doubt=doubt.why if doubt else "",
    )  # fmt: skip
