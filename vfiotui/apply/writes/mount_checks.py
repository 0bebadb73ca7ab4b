"""Whether everything that a plan touches can be reached: on file systems that are mounted, and writable."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.target import Target
from vfiotui.apply.writes import disk
from vfiotui.host.boot.mounts import mount_points, not_mounted
from vfiotui.model.change.change import Change
from vfiotui.model.change.journal import JOURNAL
from vfiotui.model.change.plan import Plan

BOOT_PLACES = ("/boot/", "/efi/")
ON_DISK = frozenset({"file", "link", "look"})


def _touched(change: Change) -> Iterator[str]:
    """The paths inside the root that a step reads and writes."""
    if change.kind in ON_DISK:
        yield change.subject
    yield from (os.path.dirname(pattern) + "/" for pattern in change.products)
    if change.argv:
        yield "/usr/"


def _unmounted(missing: dict[str, str], path: str) -> str | None:
    for point, command in missing.items():
        if f"{path}/".startswith(f"{point}/"):
            return f"/etc/fstab puts a file system at {point}, and it is not mounted: '{command}' first"
    return None


def _read_only(target: Target, path: str) -> str | None:
    with disk.nearest(target.real_place(path)) as (there, fd):
        if not os.statvfs(fd).f_flag & os.ST_RDONLY:
            return None
    place = target.outside(there)
    mounted = mount_points()
    while place not in mounted and place != "/":
        place = os.path.dirname(place)
    return f"{place} is mounted read-only: 'mount -o remount,rw {shlex.quote(place)}' first"


def journal_problem(target: Target) -> str | None:
    """Why no change can be written down, as a sentence with what to do; None where one can."""
    missing = dict(not_mounted(target.root))
    return _unmounted(missing, JOURNAL) or _read_only(target, JOURNAL)


def subject_problems(target: Target, plan: Plan) -> list[str]:
    """Why some of a plan's subjects cannot be changed, each as a sentence."""
    missing = dict(not_mounted(target.root))
    found: dict[str, None] = {}
    for change in plan.steps:
        for path in _touched(change):
            real = target.real_place(path).path
            problem = _unmounted(missing, real)
            if problem is None and not change.argv and change.kind not in ("look", "image", "path"):
                problem = _read_only(target, path)
            if problem:
                found[problem] = None
    return list(found)


def must_reach(target: Target, plan: Plan) -> None:
    """ApplyError that names every mount which is missing or not writable."""
    problems = subject_problems(target, plan)
    if problems:
        raise ApplyError(f"nothing was changed: {'; '.join(problems)}")


def boot_mounts(target: Target, change: Change) -> list[str]:
    """Mount points of the boot chain, inside the root, on which a step's files lie: an undo needs them mounted too."""
    mounted = mount_points()
    found = []
    for path in _touched(change):
        place = target.real_place(path)
        while not place.is_top:
            if target.outside(place) in mounted and f"{place}/".startswith(BOOT_PLACES):
                found.append(place.path)
            place = place.above
    return found
