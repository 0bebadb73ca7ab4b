"""Configuration folders as the tools read them: in order, bounded, with the shadowing of same names.

What could not be read is gathered beside the files: a rule that found nothing must know whether it saw all.
"""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass, field
from vfiotui.model.boot.boot import ConfigFile

FILE_LIMIT = 256 << 10
COUNT_LIMIT = 2000
FOLDERS = ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")
"""The search order of modprobe.d, sysctl.d and modules-load.d; the first file of a name hides the others."""
MASK = "/dev/null"
"""A link to it stands for an empty file."""


@dataclass(slots=True)
class ConfigFiles:
    """Reads the files of one root, and gathers what cannot be read."""

    root: Root
    missing: list[Unread] = field(default_factory=list)

    def one(self, path: str) -> tuple[ConfigFile, ...]:
        """The file, or nothing where it cannot be read. Its line ends stay: kmod joins no line before a CR."""
        if self._is_folder_or_mask(path):
            return ()
        text = self.root.decoded(path, FILE_LIMIT)
        if isinstance(text, Unread):
            if text.why is not Why.ABSENT:
                self.missing.append(text)
            return ()
        return (ConfigFile(path, text.rstrip("\r\n")),)

    def _is_folder_or_mask(self, path: str) -> bool:
        found = self.root.stat(path, follow=False)
        kind = "" if isinstance(found, Unread) else found.kind
        return kind == "directory" or (kind == "link" and self.root.link(path) == MASK)

    def several(self, paths: Iterable[str]) -> tuple[ConfigFile, ...]:
        """Those of the files that can be read."""
        return tuple(f for path in paths for f in self.one(path))

    def names(self, path: str) -> tuple[str, ...]:
        """The names in a folder; none where there is no such folder."""
        names = self.root.names(path)
        if isinstance(names, Unread):
            if names.why is not Why.ABSENT:
                self.missing.append(names)
            return ()
        return self._bounded(path, names)

    def _bounded(self, path: str, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(names) > COUNT_LIMIT:
            why = f"holds {len(names)} files, of which {COUNT_LIMIT} are read"
            self.missing.append(self.root.missed(Unread(why, Why.TOO_BIG, path)))
        return names[:COUNT_LIMIT]

    def folder(self, path: str, suffix: str = "") -> tuple[ConfigFile, ...]:
        """The files of a folder in order of their names."""
        names = (n for n in self.names(path) if n.endswith(suffix) and not n.startswith("."))
        return self.several(f"{path}/{n}" for n in names)

    def layered(self, name: str) -> tuple[ConfigFile, ...]:
        """The files of a folder such as modprobe.d that are in force, in the order in which they are read."""
        chosen: dict[str, str] = {}
        for top in FOLDERS:
            for entry in self.names(f"{top}/{name}"):
                if entry.endswith(".conf"):
                    chosen.setdefault(entry, f"{top}/{name}/{entry}")
        return self.several(chosen[entry] for entry in sorted(chosen))

    @property
    def seen(self) -> Reading[bool]:
        """Whether a file that was not found is missing indeed: /etc is shown, and all that is there could be read."""
        if not self.root.has("etc"):
            return Unread("is not shown here", Why.NOT_HERE, "/etc")
        return self.missing[0] if self.missing else True


def one(root: Root, path: str) -> tuple[ConfigFile, ...]:
    """The file, or nothing where it cannot be read."""
    return ConfigFiles(root).one(path)


def several(root: Root, paths: Iterable[str]) -> tuple[ConfigFile, ...]:
    """Those of the files that can be read."""
    return ConfigFiles(root).several(paths)


def folder(root: Root, path: str, suffix: str = "") -> tuple[ConfigFile, ...]:
    """The files of a folder in order of their names."""
    return ConfigFiles(root).folder(path, suffix)
