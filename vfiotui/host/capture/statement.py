"""A capture file as the host that it was taken from: what was read is there, what was absent there is absent.

Everything else is "not in the capture", which is neither. A capture holds a statement beside its files: what kind of
machine it was, who looked, which folders are listed whole, which answers were none, and what only a running host tells.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Mapping
from typing import Any

from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.tree import NotCaptured, Stat
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File, Nodes
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.base.value import dataclass, field

FILE = "/vfiotui-capture.json"
"""Where the statement lies in a capture."""
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Statement:
    """What a capture says beside its files."""

    origin: Mode = Mode.CAPTURE
    """What kind of root it was taken from."""
    privileged: bool = False
    """Whether root looked."""
    listed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Folders whose names are all known, each with those names of which the capture holds nothing more."""
    errors: Mapping[str, int] = field(default_factory=dict)
    """Path → errno of its reading; ENOENT for one that was not there."""
    stats: Mapping[str, Stat] = field(default_factory=dict)
    """What a name is, where the capture's own node does not tell: devices, owners, sizes of what it holds no bytes."""
    acl: frozenset[str] = frozenset()
    """Paths with an access list."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Path → why its content is not in the capture."""
    damaged: Mapping[str, str] = field(default_factory=dict)
    """Path → what the reader of the file said of it, where its content makes no sense."""
    unread: Mapping[str, Unread] = field(default_factory=dict)
    """Parts that no file shows and that could not be read."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What only the running host shows it, by name."""


def to_json(said: Statement) -> bytes:
    """The statement as a file."""
    document = {
        "capture": FORMAT,
        "origin": str(said.origin),
        "privileged": said.privileged,
        "listed": {path: list(names) for path, names in sorted(said.listed.items())},
        "errors": {
            errno.errorcode[number]: sorted(p for p, n in said.errors.items() if n == number)
            for number in sorted(set(said.errors.values()))
        },
        "stats": {p: [s.kind, s.size, s.mode, s.mtime, s.owner, s.group] for p, s in sorted(said.stats.items())},
        "acl": sorted(said.acl),
        "left_out": dict(sorted(said.left_out.items())),
        "damaged": dict(sorted(said.damaged.items())),
        "unread": {name: [u.reason, str(u.why), u.path] for name, u in sorted(said.unread.items())},
        "facts": dict(said.facts),
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def from_json(data: bytes) -> Statement:
    """The statement in a file; ValueError says what is wrong with it."""
    try:
        source = json.loads(data)
        if not isinstance(source, dict) or source.get("capture") != FORMAT:
            raise ValueError(f"its statement is of another format than {FORMAT}")
        codes = {name: number for number, name in errno.errorcode.items()}
        return Statement(
            origin=Mode(source["origin"]),
            privileged=source["privileged"] is True,
            listed={str(p): tuple(map(str, names)) for p, names in source["listed"].items()},
            errors={str(p): codes[name] for name, paths in source["errors"].items() for p in paths},
            stats={str(p): _stat(s) for p, s in source["stats"].items()},
            acl=frozenset(map(str, source["acl"])),
            left_out={str(p): str(why) for p, why in source["left_out"].items()},
            damaged={str(p): str(words) for p, words in source["damaged"].items()},
            unread={str(n): Unread(str(u[0]), Why(u[1]), str(u[2])) for n, u in source["unread"].items()},
            facts=dict(source["facts"]),
        )
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise ValueError(f"its statement is damaged ({type(error).__name__})") from error


def _stat(words: list[Any]) -> Stat:
    return Stat(str(words[0]), int(words[1]), int(words[2]), float(words[3]), int(words[4]), int(words[5]))


class CapturedTree(MemoryTree):
    """The files of a capture with its statement."""

    def __init__(self, nodes: Nodes, said: Statement) -> None:
        super().__init__({path: node for path, node in nodes.items() if path != FILE})
        self.said = said

    def _missing(self, step: str) -> OSError:
        """Why there is no node at a path whose folder is there."""
        # What is public is a long list, which only a capture needs.
        from vfiotui.host.capture.scrub import is_public

        above, _, name = step.rpartition("/")
        number = self.said.errors.get(step)
        if number is None:
            names = self.said.listed.get(above or "/")
            # A pseudonym may stand for any other name in the folder.
            known = is_public(name) or step.startswith(("/sys/", "/proc/"))
            number = errno.ENOENT if names is not None and name not in names and known else 0
        if number:
            return OSError(number, os.strerror(number))
        return NotCaptured()

    def _file(self, path: str) -> File:
        real = self._resolve(path)
        number = self.said.errors.get(real)
        if number:
            raise OSError(number, os.strerror(number))
        if real in self.said.damaged:
            raise NotCaptured(self.said.damaged[real], Why.DAMAGED)
        if real in self.said.left_out:
            raise NotCaptured()
        return super()._file(path)

    def names(self, path: str) -> list[str]:
        real = self._resolve(path) or "/"
        more = self.said.listed.get(real)
        if more is not None:
            return [*dict.fromkeys((*super().names(path), *more))]
        number = self.said.errors.get(f"{real.rstrip('/')}/")
        if number:
            raise OSError(number, os.strerror(number))
        super().names(path)
        raise NotCaptured()

    def stat(self, path: str, follow: bool) -> Stat:
        real = self._resolve(path, follow_last=follow) or "/"
        return self.said.stats.get(real) or super().stat(path, follow)


def is_unpacked(folder: str) -> bool:
    """Whether a capture was unpacked into a folder of this computer: its statement lies there."""
    try:
        top = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except (OSError, ValueError):
        return False
    try:
        return stat.S_ISREG(os.stat(FILE.lstrip("/"), dir_fd=top, follow_symlinks=False).st_mode)
    except OSError:
        return False
    finally:
        os.close(top)


def opened(nodes: Nodes) -> MemoryTree:
    """The tree of a capture's nodes: with its statement where it has one; ValueError where that is damaged."""
    node = nodes.get(FILE)
    if not isinstance(node, File):
        return MemoryTree(nodes)
    return CapturedTree(nodes, from_json(node.data))


def statement_of(tree: object) -> Statement | None:
    """What a tree's capture says; None for all other trees and for captures without a statement."""
    return tree.said if isinstance(tree, CapturedTree) else None
