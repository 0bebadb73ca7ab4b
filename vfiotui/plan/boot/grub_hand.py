"""The entry that GRUB starts by default, where a person wrote it: it has words of its own, so they are edited there."""

from __future__ import annotations

from vfiotui.formats.loaders import grub_entries
from vfiotui.formats.loaders.grub_menu import is_generated
from vfiotui.formats.shell.assignments import parse, value_of
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.path import BootPath
from vfiotui.model.change.config_snapshot import ConfigSnapshot
from vfiotui.plan.boot.loader_files import GRUB, WordFile
from vfiotui.plan.draft import PlanError

SCRIPTS = "/etc/grub.d"
CUSTOM = ("/boot/grub/custom.cfg", "/boot/grub2/custom.cfg")


def _of_sources(snapshot: ConfigSnapshot) -> tuple[str, str] | None:
    """The file and the name of the entry that GRUB_DEFAULT names, where it stands in one that a person wrote."""
    value = value_of(parse(snapshot.text(GRUB)), "GRUB_DEFAULT")
    if not isinstance(value, str) or not value or value == "saved":
        return None
    for path in (*snapshot.below(SCRIPTS, ""), *CUSTOM):
        if is_generated(path) or "menuentry" not in snapshot.text(path):
            continue
        if any(value in (e.id, e.title) for e in grub_entries.entries(snapshot.text(path))):
            return path, value
    return None


def _of_path(path: BootPath, snapshot: ConfigSnapshot) -> tuple[str, str] | None:
    """The file and the name of the default entry, where neither a package's script nor a file of entries makes it."""
    entry = path.default
    if entry is None or entry.unified or is_generated(entry.maker) or isinstance(entry.words, Unread):
        return None
    file = entry.source.rpartition(":")[0]
    if not entry.maker and not file.endswith("/custom.cfg"):
        return None
    if entry.other_system:
        raise PlanError(
            f"GRUB starts {entry.name!r} by default ({entry.source}), another system than this one: its words are not "
            "changed from here; choose this system's entry as the default first"
        )
    return entry.maker or file, entry.name.rpartition(">")[2]


def hand_file(boot: Boot, snapshot: ConfigSnapshot) -> WordFile | None:
    """The file of the default entry with its editor; None where generated entries are started."""
    if boot.loader.name not in ("grub", "grub-bls"):
        return None
    found = _of_path(boot.path, snapshot) if isinstance(boot.path, BootPath) else None
    found = found or (None if isinstance(boot.path, BootPath) and boot.path.default else _of_sources(snapshot))
    if found is None:
        return None
    path, name = found
    text = snapshot.text(path)
    if not any(name in (e.id, e.title) and e.lines for e in grub_entries.entries(text)):
        raise PlanError(
            f"GRUB starts the entry {name!r} by default, and {path} makes it with words of its own: add them there by "
            "hand, or choose another entry as the default"
        )
    return WordFile(
        path, lambda held, edit: grub_entries.edit_words(held, name, edit),
        lambda held: grub_entries.words(held, name),
    )  # fmt: skip
