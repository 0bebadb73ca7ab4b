"""Limine's part of the boot path: its configuration, the entry that it takes by itself, and what that starts.

Places and rules are those of Limine's CONFIG.md, common/lib/config.c and common/menu.c (8.2); since 10.3 the folder of
the program comes first, and since 9 the default may be named by its path in the menu.
"""

from __future__ import annotations

import itertools
import re

from vfiotui.formats.loaders import limine_conf
from vfiotui.formats.loaders.limine_conf import EFI, Entry, place_of
from vfiotui.host.boot.loader_firmware import EFIVARS, PLACES
from vfiotui.host.boot.path.embedded import is_unified, program_words, release_in
from vfiotui.host.boot.path.kernels import with_built_in
from vfiotui.host.boot.path.places import in_folder, mounted_at
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.boot.path import BootEntry, BootPath, PathStep

PROGRAM_FOLDERS = ("EFI/limine", "EFI/BOOT", "EFI/arch-limine")
"""Where distributions put Limine's program, beside which it looks first."""
FOLDERS = ("", "limine", "boot", "boot/limine", "EFI/BOOT")
"""Where it looks on a partition, in this order."""
NAMES = ("limine.conf", "limine.cfg")
LAST_BOOTED = f"{EFIVARS}/LimineLastBootedEntry-513ee0d0-6e43-cb05-b272-f146a2fcb88a"
COUNT_LIMIT = 200
"""Entries that are looked at; honest menus have a dozen."""
NUMBER = re.compile(r"[0-9]{1,9}")
GENERATED = "/etc/default/limine"
TOOL = ("/usr/bin/limine-update", "/usr/bin/limine-mkinitcpio", "/usr/bin/limine-entry-tool")


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration file that Limine may find."""

    path: str
    partition: str
    """Where the partition is mounted that it lies on, as boot():/ means it."""
    text: str


def configs(root: Root) -> tuple[Config, ...]:
    """The configurations in the order in which Limine looks, each once; the first one counts."""
    found: dict[str, Config] = {}
    for partition in (*PLACES, "/"):
        folders = FOLDERS if partition == "/" else (*PROGRAM_FOLDERS, *FOLDERS)
        for name in NAMES:
            for folder in folders:
                path = in_folder(root, partition, f"{folder}/{name}")
                if path and path not in found and not isinstance(text := root.text(path), Unread):
                    found[path] = Config(path, partition, text)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Tree:
    """The menu as it is shown first."""

    shown: tuple[Entry, ...]
    """The lines of the menu: entries, and folders with the entries of those that are expanded."""
    folders: frozenset[int]
    """The lines of the file that begin a folder."""


def tree(entries: tuple[Entry, ...]) -> Tree:
    """The lines that are shown; an entry is a folder where a deeper one follows it at once."""
    folders = frozenset(e.line for e, after in itertools.pairwise(entries) if after.depth > e.depth)
    shown: list[Entry] = []
    hidden: int | None = None
    for entry in entries:
        if hidden is not None and entry.depth > hidden:
            continue
        hidden = entry.depth if entry.line in folders and not entry.expanded else None
        shown.append(entry)
    return Tree(tuple(shown), folders)


@dataclass(frozen=True, slots=True)
class Choice:
    """The entry that starts by itself, or what leaves it open."""

    entries: tuple[Entry, ...]
    why: str
    source: str
    open: str = ""


def choose(root: Root, config: Config, entries: tuple[Entry, ...]) -> Choice:
    """The default by default_entry and remember_last_entry, as the menu counts its lines."""
    keys: dict[str, tuple[str, int]] = {}
    for key, value, number in limine_conf.settings(config.text):
        keys.setdefault(key, (value, number))
    menu = tree(entries)
    value, number = keys.get("default_entry", ("", 0))
    source = f"{config.path}:{number}" if number else config.path
    if value and not NUMBER.match(value):
        named = [e for e in entries if value.strip("/") in (e.title, e.title.rpartition("/")[2])]
        exact = [e for e in named if e.title == value.strip("/")] or named
        if not exact:
            return Choice(menu.shown[:1], f"default_entry {value!r} names no entry, so the first one starts", source)
        index_entry, why = exact[0], f"default_entry is {value!r}"
    else:
        index = _number(value)
        why = f"default_entry is {index}" if value else "default_entry is not set, so it is 1"
        if index > len(menu.shown):
            why, index = f"default_entry is {index}, and the menu has {len(menu.shown)} lines: the first one starts", 1
        index_entry = menu.shown[index - 1]
    chosen = Choice((index_entry,), why, source)
    if keys.get("remember_last_entry", ("", 0))[0].lower() == "yes":
        chosen = _remembered(root, menu, chosen, f"{config.path}:{keys['remember_last_entry'][1]}")
    first = chosen.entries[0]
    if len(chosen.entries) == 1 and first.line in menu.folders:
        inside = tuple(e for e in entries if e.title.startswith(f"{first.title}/") and e.line not in menu.folders)
        return Choice(inside, chosen.why, chosen.source, f"the default {first.title!r} is a folder: the menu waits")
    return chosen


def _number(value: str) -> int:
    digits = NUMBER.match(value)
    return max(1, int(digits[0])) if digits else 1


def _remembered(root: Root, menu: Tree, default: Choice, source: str) -> Choice:
    data = root.bytes(LAST_BOOTED, 64)
    if isinstance(data, Unread):
        if root.origin is Mode.LIVE and root.tells_absence and data.why is Why.ABSENT:
            return Choice(default.entries, f"{default.why}; no entry is remembered yet", source)
        others = tuple(e for e in menu.shown if e not in default.entries and e.line not in menu.folders)
        waits = "remember_last_entry is yes, and the firmware's variable LimineLastBootedEntry is not visible here"
        return Choice((*default.entries, *others), default.why, source, waits)
    index = int.from_bytes(bytes(data[4:12]), "little")
    if len(data) != 12 or index >= len(menu.shown):
        return Choice(default.entries, f"{default.why}; the remembered entry is not in the menu", source)
    return Choice((menu.shown[index],), f"remember_last_entry is yes, and entry {index + 1} was started last", source)


def file_of(root: Root, config: Config, text: str) -> Reading[str]:
    """The file inside the root that a path of the configuration names; Unread where its partition is not seen."""
    place = place_of(text)
    shown = text.partition("#")[0]
    match place.resource:
        case "boot" if not place.argument:
            partition: Reading[str] = config.partition
        case "guid" | "uuid":
            partition = mounted_at(root, place.argument.lower())
        case "fslabel":
            partition = mounted_at(root, place.argument, "by-label")
        case _:
            return Unread(f"the disk of {shown} is known to Limine only", Why.NOT_HERE)
    if isinstance(partition, Unread):
        return Unread(f"{shown}: {partition.reason}", Why.NOT_HERE)
    found = in_folder(root, partition, place.path)
    if not found and partition == "/boot":
        # A /boot that is no partition of its own lies on the one that boot() means.
        found = in_folder(root, "/", place.path)
    return found or Unread(f"{shown} is not there", Why.ABSENT, f"{partition.rstrip('/')}{place.path}")


def _words(root: Root, config: Config, entry: Entry, kernel: Reading[str]) -> Reading[CommandLine]:
    """The words of an entry: `cmdline`, and for a unified image its own where it is given none or trusts none."""
    given = entry.value("cmdline", "kernel_cmdline")
    both = entry.value("cmdline"), entry.value("kernel_cmdline")
    number = next((n for k, _, n in entry.values if k in limine_conf.WORDS_KEYS), entry.line)
    if None not in both and both[0] != both[1]:
        why = "cmdline and kernel_cmdline differ, and versions of Limine differ in which they take"
        return Unread(why, Why.NOT_HERE, f"{config.path}:{number}")
    line = CommandLine(" ".join((given or "").split()), f"{config.path}:{number}")
    if (entry.value("protocol") or "").lower() not in EFI:
        return line
    return program_words(root, kernel, line if given else None)


def boot_entry(root: Root, config: Config, entry: Entry, why: str) -> BootEntry:
    """What an entry starts."""
    protocol = (entry.value("protocol") or "").lower()
    path = entry.value("path", "kernel_path", "image_path")
    source = f"{config.path}:{entry.line}"
    if protocol not in ("linux", *EFI):
        what = f"starts no Linux kernel (protocol {protocol})" if protocol else "names no protocol"
        nothing = Unread(what, Why.NOT_HERE, source)
        return BootEntry("limine", entry.title, source, nothing, nothing, (), nothing, why, other_system=True)
    missing = Unread("the entry names no kernel", Why.ABSENT, source)
    kernel: Reading[str] = missing if path is None else file_of(root, config, path)
    unified = protocol in EFI and is_unified(root, kernel)
    release = release_in(root, kernel, place_of(path or "").path)
    words = _words(root, config, entry, kernel)
    if isinstance(words, CommandLine):
        words = CommandLine(with_built_in(root, release, words.text), words.source)
    modules = () if protocol in EFI else entry.every("module_path")
    initrds = tuple(or_else(file_of(root, config, m), place_of(m).path) for m in modules)
    maker = GENERATED if any(root.exists(p) is True for p in TOOL) and root.exists(GENERATED) is True else ""
    other = protocol in EFI and "bootmgfw" in (path or "").lower()
    return BootEntry(
        "limine", entry.title, source, kernel, release, initrds, words, why, maker, unified, other_system=other
    )


def find(root: Root) -> Reading[BootPath]:
    """Limine's part of the boot path; Unread where no configuration of it can be read."""
    found = configs(root)
    if not found:
        for place in PLACES:
            for name in NAMES:
                path = in_folder(root, place, name)
                if path and isinstance(text := root.text(path), Unread):
                    return text
        return Unread("no limine.conf was found on the partitions that are mounted", Why.ABSENT, "/boot/limine.conf")
    config = found[0]
    entries = limine_conf.entries(config.text)
    if not entries:
        return Unread("has no entries", Why.ABSENT, config.path)
    steps = [PathStep(f"Limine reads {config.path}", config.path)]
    open_ = ""
    differing = [c.path for c in found[1:] if c.text != config.text]
    if differing:
        open_ = f"{' and '.join(differing)} differs, and which one Limine finds first depends on its version"
        steps.append(PathStep(f"it may read {' or '.join(differing)} instead", config.path))
    choice = choose(root, config, entries)
    steps.append(PathStep(f"{choice.why}: it takes {choice.entries[0].title!r}" if choice.entries else choice.why,
                          choice.source))  # fmt: skip
    candidates = [boot_entry(root, config, e, choice.why) for e in choice.entries[:COUNT_LIMIT]]
    for other in found[1:]:
        if other.path in differing and (more := limine_conf.entries(other.text)):
            also = choose(root, other, more)
            candidates += [boot_entry(root, other, e, also.why) for e in also.entries]
    folders = tree(entries).folders
    every = tuple(boot_entry(root, config, e, "") for e in entries[:COUNT_LIMIT] if e.line not in folders)
    missing = tuple(c.kernel for c in candidates if isinstance(c.kernel, Unread))
    return BootPath("limine", tuple(steps), tuple(candidates), every, choice.open or open_, missing)
