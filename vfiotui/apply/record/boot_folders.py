"""The folders of /boot and of the EFI partitions beside a command: those that it removed come back, and those that it
made go away where nothing is left in them.

kernel-install makes and removes a folder for each kernel; dracut and grub-install make folders of their own.
"""

from __future__ import annotations

import stat
from typing import Any

from vfiotui.apply.record import boot_record
from vfiotui.apply.record.made import kernels
from vfiotui.apply.steps.step import StepContext, quoted
from vfiotui.apply.target import Target
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place


def recorded(target: Target) -> dict[str, str]:
    """Path → mode (octal) and OWNER:GROUP, with a blank between them, of every folder there now."""
    found = boot_record.look_at_folders(target)
    return {path: f"{stat.S_IMODE(s.st_mode):04o} {s.st_uid}:{s.st_gid}" for path, s in found.items()}


def after_command(work: StepContext) -> dict[str, Any]:
    """The note of what a command that ended did to folders; empty where none were recorded before it."""
    before = _before(work)
    if before is None:
        return {}
    now = boot_record.look_at_folders(work.target)
    return {"folders_made": sorted(now.keys() - before), "folders_gone": sorted(before.keys() - now)}


def differ(work: StepContext) -> bool:
    """Whether a command that did not end made or removed a folder."""
    return bool(_gone(work) or _made(work))


def put_back(work: StepContext) -> None:
    """The folders that went are there again, each with its mode and owner."""
    before = _before(work) or {}
    for path in _gone(work):
        place = Place(work.target.top, path)
        if disk.kind(place.above) == "directory" and disk.kind(place) is None:
            mode, _, owner = before[path].partition(" ")
            uid, _, gid = owner.partition(":")
            disk.make_folder_as(place, int(mode, 8), int(uid), int(gid))


def drop_new(work: StepContext) -> None:
    """The folders that the command made are gone, where nothing is in them."""
    for path in reversed(_made(work)):
        disk.drop_empty((Place(work.target.top, path),))


def undo_lines(work: StepContext) -> tuple[list[str], list[str]]:
    """Lines of undo.sh that come before and behind those of the files."""
    before = _before(work)
    if before is None:
        return [], []
    noted = work.keep.noted(work.step)
    gone = noted.get("folders_gone", sorted(before))
    backs = [f"folder_back {work.step} {quoted(p)} {before[p]}" for p in gone if p in before]
    if "folders_made" in noted:
        made = " ".join(quoted(p) for p in reversed(noted["folders_made"]))
        return backs, [f"drop_empty {work.step} {made}"] if made else []
    return backs, [f"drop_folders {work.step} {quoted(p.path)}" for p in boot_record.places(work.target)]


def _before(work: StepContext) -> dict[str, str] | None:
    tree = work.keep.noted(work.step).get("tree")
    return dict(tree) if isinstance(tree, dict) else None


def _gone(work: StepContext) -> list[str]:
    """Folders that are not there any more, outer ones first."""
    before, noted = _before(work) or {}, work.keep.noted(work.step)
    paths = [p for p in noted["folders_gone"] if p in before] if "folders_gone" in noted else sorted(before)
    return [p for p in paths if disk.kind(Place(work.target.top, p)) is None]


def _made(work: StepContext) -> list[str]:
    """Folders that the command made and that are there, outer ones first."""
    before, noted = _before(work), work.keep.noted(work.step)
    if before is None:
        return []
    now = boot_record.look_at_folders(work.target)
    if "folders_made" in noted:
        return [p for p in noted["folders_made"] if p in now]
    # Its times do not say who made it: they change with what is taken out of it. Only an empty one goes away.
    return [p for p in sorted(now.keys() - before) if not any(release in p for release in kernels(work))]
