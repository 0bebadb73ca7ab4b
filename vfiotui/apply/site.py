"""The machine that is changed: the running one, or a system mounted somewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property

from vfiotui.apply.trouble import Trouble
from vfiotui.host.changes import boot_id
from vfiotui.host.ground import find_program
from vfiotui.host.identity import machine
from vfiotui.host.mounts import why_no_system
from vfiotui.host.root import Root
from vfiotui.model.journal import JOURNAL
from vfiotui.model.mode import Mode


@dataclass(frozen=True)
class Site:
    """Where paths of a plan lie on the running system; a mounted root is never left, whatever its links say."""

    root: Root

    def __post_init__(self) -> None:
        if self.root.mode is Mode.DEMO:
            raise Trouble("the demo machine is made up: nothing can be changed on it; a plan can be read and saved")
        if not self.root.is_live and not os.path.isdir(self.root.label):
            raise Trouble(
                f"{self.root.label or 'this root'} is a capture: only a live or a mounted system can be changed"
            )
        wrong = why_no_system(self.root)
        if wrong:
            raise Trouble(wrong)

    @property
    def is_live(self) -> bool:
        """Whether this is the running system, with a kernel and a libvirt that can be told something."""
        return self.root.is_live

    @cached_property
    def folder(self) -> str:
        """The top of the system, "/" for the running one."""
        return "/" if self.is_live else os.path.realpath(self.root.label)

    @cached_property
    def boot(self) -> str:
        """The running system's boot_id."""
        return boot_id(Root.live())

    @cached_property
    def machine(self) -> str:
        """Its fingerprint, so that a plan is not applied to another one."""
        return machine(self.root)

    def place(self, path: str) -> str:
        """Where a path lies, links followed inside the root but for its last name; it may be absent."""
        return self._where(path, follow_last=False)

    def real_place(self, path: str) -> str:
        """Like `place`, and the last name too is followed where it is a link: what an editor would write to."""
        return self._where(path, follow_last=True)

    def _where(self, path: str, follow_last: bool) -> str:
        if not path.startswith("/") or "\0" in path:
            raise Trouble(f"{path!r} is no absolute path: mend the plan")
        path = os.path.normpath(path)
        if self.is_live:
            folder, name = os.path.split(path)
            return os.path.realpath(path) if follow_last else os.path.join(os.path.realpath(folder), name)
        known, rest = (path, "") if follow_last else os.path.split(path)
        while True:
            try:
                return os.path.normpath(os.path.join(self.root.tree.where(known), rest))
            except FileNotFoundError:
                known, last = os.path.split(known)
                rest = os.path.join(last, rest)
            except OSError as error:
                raise Trouble(f"{path} cannot be reached: {(error.strerror or '').lower()}") from error

    def inside(self, place: str) -> str:
        """The path inside the root of something that lies at `place`."""
        return place if self.is_live else place[len(self.folder.rstrip("/")) :] or "/"

    @property
    def journal(self) -> str:
        """Where the folders of the changes lie."""
        return self.place(JOURNAL)

    def program(self, name: str) -> str | None:
        """The path inside the root of a program, or None."""
        if "/" in name:
            return name if self.root.exists(name) is True else None
        return find_program(self.root, name)
