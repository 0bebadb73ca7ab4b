"""A live target whose journal lies in a test's own folder."""

from __future__ import annotations

from pathlib import Path

from vfiotui.apply.target import Target
from vfiotui.apply.writes.place import Place
from vfiotui.host.root.root import Root


class LiveTarget(Target):
    """Live as far as libvirt and the kernel go; paths lie below the folder."""

    @property
    def is_live(self) -> bool:
        return True

    def _where(self, path: str, follow_last: bool) -> Place:
        return Target(self.root)._where(path, follow_last)

    @property
    def folder(self) -> str:  # type: ignore[override]
        return Target(self.root).folder


def live_target(folder: Path) -> LiveTarget:
    """A target with an empty journal."""
    (folder / "var/lib").mkdir(parents=True, exist_ok=True)
    (folder / "etc").mkdir(exist_ok=True)
    return LiveTarget(Root.mounted(str(folder)))
