"""The boot path of systemd-boot: its menu, and which entry it takes (loader.conf(5), systemd-boot(7)).

Picks in this order: LoaderEntryOneShot, LoaderEntryPreferred and `preferred` (systemd 260), LoaderEntryDefault,
`default`, the first entry of the menu. LoaderEntrySelected names the entry of this boot and decides nothing.
Source: systemd src/boot/boot.c (config_load_defaults, config_select_default_entry).
"""

from __future__ import annotations

import re

from vfiotui.formats.loaders.efi_pattern import matches
from vfiotui.formats.loaders.loader_conf import LoaderConf, parse
from vfiotui.host.boot.loader_firmware import EFIVARS, VENDOR, efi_text
from vfiotui.host.boot.path import unified
from vfiotui.host.boot.path.places import in_folder
from vfiotui.host.boot.path.sdboot_menu import LOADER, Menu, Reader
from vfiotui.host.boot.path.sdboot_order import MenuEntry
from vfiotui.host.boot.path.sdboot_partitions import find_partitions
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.boot.path import BootPath, PathStep

CONF = "loader/loader.conf"
CONF_LIMIT = 1 << 20
SAVED = "@saved"
PREFERRED_SINCE = 260
UNKNOWN_AS_NEW = 999
PROGRAMS = re.compile(r"systemd-boot\w+\.efi", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pick:
    """One setting that may pick an entry."""

    pattern: str
    what: str
    """The setting in words."""
    source: str
    good_only: bool = False
    """Whether entries that boot counting takes for bad are passed over."""


def find(root: Root) -> Reading[BootPath]:
    """What systemd-boot will start; Unread where no partition of it is mounted, or none may be looked into."""
    partitions = find_partitions(root)
    if not partitions.esp:
        return partitions.missing[0] if partitions.missing else Unread("no EFI partition is mounted", Why.NOT_HERE)
    path = in_folder(root, partitions.esp, CONF)
    conf, source = LoaderConf(), path or f"{partitions.esp}/{CONF}"
    missing: list[Unread] = []
    data = root.bytes(path, CONF_LIMIT) if path else b""
    if isinstance(data, Unread):
        missing.append(data)
    else:
        conf = parse(data.decode("utf-8", "replace"))
    menu = Reader(root, partitions).read(conf)
    missing += menu.missing
    chosen, steps, open_ = _choose(root, menu, _picks(root, conf, source, missing, version(root, partitions.esp)))
    if isinstance(data, Unread):
        chosen, open_ = _startable(menu), f"{data}: which entry it names is not known"
    steps = [*menu.left_out, *steps, *(s for one in chosen[:1] for s in one.steps)]
    missing += [m for one in chosen for m in one.missing]
    return BootPath(
        LOADER,
        tuple(steps),
        tuple(replace(one.entry, why=_why(one, steps, open_)) for one in chosen),
        tuple(one.entry for one in menu.entries),
        open_ or ("" if chosen else "systemd-boot finds no entry that it could start"),
        tuple(dict.fromkeys(missing)),
    )


def _why(one: MenuEntry, steps: list[PathStep], open_: str) -> str:
    if open_:
        return open_
    return next((s.text for s in steps if f"'{one.id}'" in s.text), "it is the first entry of systemd-boot's menu")


def version(root: Root, esp: str) -> int:
    """The loader's systemd version, by the mark in its program or by the boot before; 0 where nothing tells."""
    told = efi_text(root, "LoaderInfo")
    if isinstance(told, str) and (match := re.match(r"systemd-boot (\d{1,4})", told)):
        return int(match[1])
    for folder in ("EFI/systemd", "EFI/BOOT"):
        place = in_folder(root, esp, folder)
        names = root.names(place) if place else ()
        for name in () if isinstance(names, Unread) else names:
            if PROGRAMS.fullmatch(name) or name.lower().startswith("boot"):
                image = unified.read(root, f"{place}/{name}")
                if not isinstance(image, Unread) and image.stub == LOADER:
                    return image.version
    return 0


def _variable(root: Root, name: str, missing: list[Unread]) -> str:
    """A variable of the boot loader interface; empty where it is not set or not visible."""
    told = efi_text(root, name)
    if isinstance(told, str):
        return told
    if told.why is not Why.ABSENT or not root.has("sys/firmware/efi/efivars"):
        missing.append(Unread("is not visible here; where it is set, it picks the entry", Why.NOT_HERE, _path(name)))
    return ""


def _path(name: str) -> str:
    return f"{EFIVARS}/{name}-{VENDOR}"


def _picks(root: Root, conf: LoaderConf, source: str, missing: list[Unread], systemd: int) -> list[Pick]:
    """The settings in the order in which they count."""
    once = _variable(root, "LoaderEntryOneShot", missing)
    default = _variable(root, "LoaderEntryDefault", missing)
    found = [Pick(once, "the variable LoaderEntryOneShot, for one boot,", _path("LoaderEntryOneShot"))]
    if (systemd or UNKNOWN_AS_NEW) >= PREFERRED_SINCE:
        preferred = _variable(root, "LoaderEntryPreferred", [])
        found.append(Pick(preferred, "the variable LoaderEntryPreferred", _path("LoaderEntryPreferred"), True))
        found.append(Pick(conf.preferred, "preferred", f"{source}:{conf.preferred_line}", True))
    if default.lower() == SAVED:
        found.append(_last(root, "the variable LoaderEntryDefault is @saved, and LoaderEntryLastBooted"))
    else:
        found.append(Pick(default, "the variable LoaderEntryDefault", _path("LoaderEntryDefault")))
    if conf.default.lower() != SAVED:
        found.append(Pick(conf.default, "default", f"{source}:{conf.default_line}"))
    elif default.lower() != SAVED:
        found.append(_last(root, "default is @saved, and the variable LoaderEntryLastBooted"))
    return [pick for pick in found if pick.pattern]


def _last(root: Root, what: str) -> Pick:
    """The entry of the last boot; where that is not visible, the pick says so by its pattern."""
    told = efi_text(root, "LoaderEntryLastBooted")
    if isinstance(told, str):
        return Pick(told, what, _path("LoaderEntryLastBooted"))
    seen = told.why is Why.ABSENT and root.has("sys/firmware/efi/efivars")
    return Pick("" if seen else SAVED, what, _path("LoaderEntryLastBooted"))


def _startable(menu: Menu) -> list[MenuEntry]:
    """The entries that start where nothing picks one: all but the automatic ones."""
    return [one for one in menu.entries if not one.automatic]


def _choose(root: Root, menu: Menu, picks: list[Pick]) -> tuple[list[MenuEntry], list[PathStep], str]:
    """The candidates, how they were found, and what leaves it open."""
    steps: list[PathStep] = []
    for pick in picks:
        if pick.pattern == SAVED:
            text = "systemd-boot starts the entry that was booted last, which is not visible here"
            steps.append(PathStep(text, pick.source))
            return _startable(menu), steps, text
        found = next(
            (e for e in menu.entries if matches(pick.pattern, e.id) and not (pick.good_only and e.tries_left == 0)),
            None,
        )
        if found is None:
            steps.append(PathStep(f"{pick.what} names {pick.pattern!r}, which no entry of the menu fits", pick.source))
            continue
        steps.append(PathStep(f"{pick.what} names {pick.pattern!r}: '{found.id}' is the first that fits", pick.source))
        return [found], [*steps, *_counted(found)], ""
    rest = _startable(menu)[:1]
    for one in rest:
        steps.append(PathStep(f"systemd-boot starts '{one.id}', the first of its menu", one.entry.source))
        steps += _counted(one)
    return rest, steps, ""


def _counted(one: MenuEntry) -> list[PathStep]:
    if one.tries_left < 0:
        return []
    tries = "1 try" if one.tries_left == 1 else f"{one.tries_left} tries"
    text = f"boot counting leaves '{one.id}' {tries}; with none left it stands at the end of the menu"
    return [PathStep(text, one.entry.source)]
