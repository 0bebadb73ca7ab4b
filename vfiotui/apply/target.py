"""The machine that is changed: the running one, or a system mounted somewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.writes.place import Place
from vfiotui.host.boot.config_snapshot import find_program
from vfiotui.host.boot.mounts import why_no_system
from vfiotui.host.changes import boot_id
from vfiotui.host.root.identity import machine
from vfiotui.host.root.root import Root
from vfiotui.host.root.tree import FolderTree
from vfiotui.host.root.walk import Top, reach
from vfiotui.model.base.mode import Mode
from vfiotui.model.change.journal import JOURNAL, JOURNAL_ABOVE


def _has_bytes(path: str) -> bool:
    """Whether a path can be one of a file system; half a surrogate pair, which JSON may spell, cannot."""
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class Target:
    """Where paths of a plan lie on the running system; a mounted root is never left, whatever its links say."""

    root: Root
    runs_programs: bool = True
    """Whether programs of a mounted system may run as root here; the commands and the console ask a person first."""

    def __post_init__(self) -> None:
        if self.root.mode is Mode.DEMO:
            raise ApplyError("the demo machine is made up: nothing can be changed on it; a plan can be read and saved")
        if not self.root.is_live and not os.path.isdir(self.root.label):
            raise ApplyError(
                f"{self.root.label or 'this root'} is a capture: only a live or a mounted system can be changed"
            )
        wrong = why_no_system(self.root)
        if wrong:
            raise ApplyError(wrong)

    @property
    def is_live(self) -> bool:
        """Whether this is the running system, with a kernel and a libvirt that can be told something."""
        return self.root.is_live

    @cached_property
    def folder(self) -> str:
        """The top of the system, "/" for the running one."""
        return "/" if self.is_live else os.path.realpath(self.root.label)

    @cached_property
    def top(self) -> Top:
        """The top of the system, held open: everything that is written is reached from it."""
        tree = self.root.tree
        return tree.top if isinstance(tree, FolderTree) else Top("/")

    @cached_property
    def boot(self) -> str:
        """The running system's boot_id."""
        return boot_id(Root.live())

    @cached_property
    def machine(self) -> str:
        """Its fingerprint, so that a plan is not applied to another one."""
        return machine(self.root)

    def place(self, path: str) -> Place:
        """Where a path lies, links followed inside the root but for its last name; it may be absent."""
        return self._where(path, follow_last=False)

    def real_place(self, path: str) -> Place:
        """Like `place`, and the last name too is followed where it is a link: what an editor would write to."""
        return self._where(path, follow_last=True)

    def _where(self, path: str, follow_last: bool) -> Place:
        if not path.startswith("/") or "\0" in path or not _has_bytes(path):
            raise ApplyError(f"{path!r} is no absolute path: correct the plan")
        path = os.path.normpath(f"/{path.lstrip('/')}")
        if self.is_live:
            folder, name = os.path.split(path)
            real = os.path.realpath(path) if follow_last else os.path.join(os.path.realpath(folder), name)
            return Place(self.top, real)
        try:
            return Place(self.top, reach(self.top.fd, path, follow_last))
        except OSError as error:
            raise ApplyError(f"{path} cannot be reached: {(error.strerror or '').lower()}") from error

    def outside(self, place: Place) -> str:
        """The path of a place on the running system: for a person, a shell, and to compare with what is mounted."""
        return self.folder.rstrip("/") + place.path if not place.is_top else self.folder

    @property
    def journal(self) -> Place:
        """Where the folders of the changes lie: from /var/lib on there is no link on the way to them."""
        place = self.real_place(JOURNAL_ABOVE)
        for name in JOURNAL.removeprefix(f"{JOURNAL_ABOVE}/").split("/"):
            place /= name
        return place

    def program(self, name: str) -> str | None:
        """The path inside the root of a program, or None."""
        if "/" in name:
            return name if self.root.exists(name) is True else None
        return find_program(self.root, name)
