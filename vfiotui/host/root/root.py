"""Root: a prefix with manners, at which every read of a machine begins.

The live host, a mounted disk, a capture and the demo machine are the same type; a reading is a
value or an `Unread` that says why there is none. No other module opens a path of the machine.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from vfiotui.host.root.reasons import unread
from vfiotui.host.root.tree import FolderTree, LiveTree, Stat, Tree, regular_size
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why

if TYPE_CHECKING:
    from vfiotui.host.capture.statement import Statement

T = TypeVar("T")
Data: TypeAlias = bytes
"""`Root.bytes` hides the built-in name inside its class."""

ACL = "system.posix_acl_access"
TEXT_LIMIT = 4 << 20
"""Bytes; the largest honest text here is modules.alias of a distribution kernel (about 1.5 MB)."""


class Root:
    """One machine that can be read."""

    def __init__(
        self,
        tree: Tree,
        mode: Mode,
        label: str = "",
        moving: Mapping[str, Callable[[], bytes]] | None = None,
        keep: object = None,
    ) -> None:
        """`moving` answers for some paths instead of the tree (the demo's live figures); `keep` is held alive."""
        self.tree = tree
        self.mode = mode
        self.label = label
        self._moving = dict(moving or {})
        self._keep = keep
        self._noted = threading.local()

    @classmethod
    def live(cls) -> Root:
        """The running system."""
        return cls(LiveTree(), Mode.LIVE)

    @classmethod
    def mounted(cls, folder: str) -> Root:
        """A disk that is mounted at `folder`, or a captured tree unpacked there; OSError where it cannot be opened."""
        root = cls(FolderTree(folder), Mode.ROOT, folder)
        if root.has("sys") or root.has("proc"):
            root.mode = Mode.CAPTURE
        return root

    @property
    def said(self) -> Statement | None:
        """What a capture says beside its files; None for all other roots and for captures without a statement."""
        if self.mode is not Mode.CAPTURE:
            return None
        from vfiotui.host.capture.statement import statement_of

        return statement_of(self.tree)

    @property
    def origin(self) -> Mode:
        """What kind of root it is, or its capture was taken from: what is absent on it is judged by that."""
        said = self.said
        return self.mode if said is None else said.origin

    @property
    def tells_absence(self) -> bool:
        """Whether what is absent is absent on the host: not so in captures without a statement."""
        return self.origin is not Mode.CAPTURE

    @property
    def is_live(self) -> bool:
        """Whether this is the running system."""
        return self.mode is Mode.LIVE

    @property
    def option(self) -> str:
        """What stands behind `vfiotui` for a shell to mean this machine, with a blank before it; empty for the live."""
        import shlex

        return "" if self.is_live else f" --root {shlex.quote(self.label)}"

    @property
    def moves(self) -> bool:
        """Whether its figures change while they are looked at: a disk and a capture hold none that do."""
        return self.mode in (Mode.LIVE, Mode.DEMO)

    def through(self, tree: Callable[[Tree, Mapping[str, Callable[[], Data]]], Tree]) -> Root:
        """The same machine, read through another tree that is made of its tree and of what moves."""
        return Root(tree(self.tree, self._moving), self.mode, self.label, keep=self)

    def has(self, top: str) -> bool:
        """Whether a top directory such as "sys" is there and holds something: a mounted disk has no runtime."""
        names = self.names(f"/{top}")
        return not isinstance(names, Unread) and bool(names)

    def noted(self, use: Callable[[], T]) -> tuple[T, tuple[Unread, ...]]:
        """What `use` makes of this root, and every input that it could not read meanwhile, by its path.

        A rule passes only on what was read: a reader that goes on without an input hides nothing. A link that is
        absent is an answer, and no input that is missing.
        """
        before = getattr(self._noted, "found", None)
        found: dict[str, Unread] = {}
        self._noted.found = found
        try:
            value = use()
        finally:
            self._noted.found = before
        return value, tuple(found.values())

    def missed(self, what: Unread) -> Unread:
        """Notes an input that could not be read, or whose content makes no sense; returns it."""
        found = getattr(self._noted, "found", None)
        if found is not None:
            found.setdefault(what.path, what)
        return what

    def _try(self, path: str, use: Callable[[], T], absent_is_answer: bool = False) -> Reading[T]:
        try:
            return use()
        except (OSError, ValueError) as error:
            found = unread(error, path)
            return found if absent_is_answer and found.why is Why.ABSENT else self.missed(found)

    def bytes(self, path: str, limit: int = TEXT_LIMIT) -> Reading[Data]:
        """The whole content of a regular file, or Unread where it is longer than `limit`."""
        if path in self._moving:
            return self._moving[path]()
        data = self._try(path, lambda: self.tree.read(path, limit))
        if isinstance(data, bytes) and len(data) > limit:
            return self.missed(Unread(f"is longer than {limit} bytes", Why.TOO_BIG, path))
        return data

    def peek(self, path: str, limit: int = 4096) -> Reading[Data]:
        """The beginning of a file, for short ones of /proc that are read by the hundred: with no more than one read."""
        if path in self._moving:
            return self._moving[path]()[:limit]
        try:
            fd = self.tree.open(path)
            try:
                return os.pread(fd, limit, 0)
            finally:
                os.close(fd)
        except (OSError, ValueError) as error:
            return self.missed(unread(error, path))

    def decoded(self, path: str, limit: int = TEXT_LIMIT) -> Reading[str]:
        """A file as text without the NULs at its end (sysfs and old firmware pad with them), and otherwise as it is.

        Bytes that are no UTF-8 appear as U+FFFD. What holds NULs before its end is no text: a crash leaves such files.
        """
        data = self.bytes(path, limit)
        if isinstance(data, Unread):
            return data
        if b"\0" in data:
            content = data.rstrip(b"\0\r\n")
            if not content or b"\0" in content:
                return self.missed(Unread("holds NUL bytes and is no text", Why.DAMAGED, path))
        return data.decode("utf-8", "replace").replace("\0", "")

    def text(self, path: str, limit: int = TEXT_LIMIT) -> Reading[str]:
        """Like `decoded`, without CRs and the final newlines."""
        text = self.decoded(path, limit)
        return text if isinstance(text, Unread) else text.replace("\r", "").rstrip("\n")

    def lines(self, path: str, limit: int = TEXT_LIMIT) -> Reading[tuple[str, ...]]:
        """The lines of a text file."""
        text = self.text(path, limit)
        return text if isinstance(text, Unread) else tuple(text.split("\n")) if text else ()

    def table(self, path: str, fits: Callable[[str], object], limit: int = TEXT_LIMIT) -> Reading[tuple[str, ...]]:
        """The lines of a table that the kernel writes, each with its newline.

        Unread where a line does not fit, or the last one breaks off: what is left of a damaged table shows too little.
        """
        data = self.bytes(path, limit)
        if isinstance(data, Unread):
            return data
        lines = data.decode("utf-8", "replace").split("\n")
        if lines.pop():
            return self.missed(Unread("breaks off in the middle of a line", Why.DAMAGED, path))
        for number, line in enumerate(lines, 1):
            if not fits(line):
                return self.missed(Unread(f"line {number} is none of this table", Why.DAMAGED, path))
        return tuple(lines)

    def integer(self, path: str, base: int = 0) -> Reading[int]:
        """A file that holds one number; base 0 reads 0x… as hexadecimal, else decimal."""
        text = self.text(path, 4096)
        if isinstance(text, Unread):
            return text
        word = text.strip()
        try:
            return int(word, 10 if base == 0 and not word.lower().startswith(("0x", "-0x")) else base or 16)
        except ValueError:
            return self.missed(Unread(f"holds no number but {word[:40]!r}", Why.DAMAGED, path))

    def names(self, path: str) -> Reading[tuple[str, ...]]:
        """The names in a directory, sorted."""
        return self._try(path, lambda: tuple(sorted(self.tree.names(path))))

    def link(self, path: str) -> Reading[str]:
        """The text of a symbolic link; it may dangle."""
        return self._try(path, lambda: self.tree.readlink(path), absent_is_answer=True)

    def real(self, path: str) -> Reading[str]:
        """The path inside the root with every link followed; absent where it dangles."""
        return self._try(path, lambda: self.tree.real(path), absent_is_answer=True)

    def stat(self, path: str, follow: bool = True) -> Reading[Stat]:
        """What a name is: kind, size, mode, time of its last change."""
        return self._try(path, lambda: self.tree.stat(path, follow), absent_is_answer=True)

    def exists(self, path: str) -> Reading[bool]:
        """Whether a name is there; Unread where that cannot be seen."""
        if path in self._moving:
            return True
        found = self.stat(path)
        if isinstance(found, Unread):
            return False if found.why is Why.ABSENT else found
        return True

    def has_acl(self, path: str) -> Reading[bool]:
        """Whether a name has an access list besides its mode."""
        said = self.said
        if said is not None:
            return path in said.acl
        if self.mode is Mode.CAPTURE and isinstance(self.tree, FolderTree):
            return Unread("a copy of a host keeps no access lists", Why.NOT_HERE, path)
        if not self.is_live and not isinstance(self.tree, FolderTree):
            return False
        return self._try(path, lambda: ACL in os.listxattr(self.tree.where(path)))

    def acl(self, path: str) -> Reading[Data | None]:
        """The access list of a name, as formats.posix_acl reads it; None where it has none."""
        has = self.has_acl(path)
        if isinstance(has, Unread) or not has:
            return has if isinstance(has, Unread) else None
        if self.said is not None:
            return Unread("has an access list, of which the capture keeps no entries", Why.NOT_HERE, path)
        return self._try(path, lambda: os.getxattr(self.tree.where(path), ACL))

    def read_within(self, path: str, seconds: float = 2.0, limit: int = TEXT_LIMIT) -> Reading[Data]:
        """Like `bytes`, for files behind which a sick device may hang: gives up after some seconds."""
        return self.within(lambda: self.bytes(path, limit), seconds, path)

    def read_at(
        self, path: str, use: Callable[[Callable[[int, int], Data], int], Reading[T]], limit: int = TEXT_LIMIT
    ) -> Reading[T]:
        """What `use` makes of a file that it reads in pieces: it is handed a function of place and size, and the size
        of the file; where the file breaks off meanwhile the whole is Unread. What is held in memory anyway is cut
        behind `limit` bytes."""

        def pieces() -> Reading[T]:
            if not isinstance(self.tree, LiveTree | FolderTree):
                data = self.tree.read(path, limit)
                return use(lambda place, size: data[place : place + size], len(data))
            fd = self.tree.open(path)
            try:
                return use(lambda place, size: os.pread(fd, size, place), regular_size(fd))
            finally:
                os.close(fd)

        return self._try(path, pieces)

    def within(self, use: Callable[[], Reading[T]], seconds: float, path: str = "") -> Reading[T]:
        """Does `use` in a worker; Unread when it gives no answer in time. The worker is left behind."""
        answer: list[tuple[Reading[T], tuple[Unread, ...]]] = []
        worker = threading.Thread(target=lambda: answer.append(self.noted(use)), daemon=True, name="slow-read")
        worker.start()
        worker.join(seconds)
        if not answer:
            return self.missed(Unread(f"no answer in {seconds:g} s", Why.TIMED_OUT, path))
        reading, noted = answer[0]
        for gap in noted:
            self.missed(gap)
        return reading

    def keep_open(self, path: str) -> KeptFile:
        """A file for repeated reading with one system call each."""
        return KeptFile(self, path, self._moving.get(path))

    def keep_folder(self, path: str) -> KeptFolder:
        """A directory for repeated listing without opening it again."""
        return KeptFolder(self, path)


PIECE = 2048
"""The kernel hands a long file of /proc out in pieces of up to a page, and never in a piece shorter than this: a
record that did not fit into the rest of the page is at most as long as what is in it (fs/seq_file.c)."""


def read_from_start(fd: int, limit: int) -> bytes:
    """Everything that an open file holds, up to `limit` bytes: one system call for short files."""
    data = os.pread(fd, limit, 0)
    if len(data) < PIECE:
        return data
    pieces = [data]
    have = len(data)
    while data and have < limit:
        data = os.pread(fd, limit - have, have)
        pieces.append(data)
        have += len(data)
    return b"".join(pieces)


class KeptFile:
    """A file that stays open: reading it again costs one pread, and it is opened again when it went stale."""

    def __init__(self, root: Root, path: str, moving: Callable[[], bytes] | None) -> None:
        self.path = path
        self._root = root
        self._moving = moving
        self._fd = -1

    def read(self, limit: int = 1 << 20) -> Reading[Data]:
        """What the file holds now."""
        if self._moving is not None:
            return self._moving()
        for again in (False, True):
            try:
                if self._fd < 0:
                    self._fd = self._root.tree.open(self.path)
                data = read_from_start(self._fd, limit)
                if data or again:
                    return data
                self.close()
            except (OSError, ValueError) as error:
                stale = self._fd >= 0
                self.close()
                if not stale or again:
                    return unread(error, self.path)
        return Unread("vanished while it was read", Why.VANISHED, self.path)

    def read_same(self, limit: int = 1 << 16) -> Reading[Data]:
        """Like `read`, but what has vanished stays so: an id may have been given to another process meanwhile."""
        if self._fd < 0 or self._moving is not None:
            return self.read(limit)
        try:
            data = os.pread(self._fd, limit, 0)
            return data if 0 < len(data) < PIECE else read_from_start(self._fd, limit)
        except OSError as error:
            return unread(error, self.path)

    def close(self) -> None:
        """Lets the descriptor go; the next reading opens it again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class KeptFolder:
    """A directory that stays open; in a tree that has no descriptors it is listed by its path."""

    def __init__(self, root: Root, path: str) -> None:
        self.path = path
        self._root = root
        self._fd = -1

    def names(self) -> Reading[tuple[str, ...]]:
        """The names in it now, sorted."""
        tree = self._root.tree
        if not isinstance(tree, LiveTree | FolderTree):
            return self._root.names(self.path)
        try:
            if self._fd < 0:
                self._fd = tree.open_folder(self.path)
            return tuple(sorted(os.listdir(self._fd)))
        except (OSError, ValueError) as error:
            self.close()
            return unread(error, self.path)

    def close(self) -> None:
        """Lets the descriptor go."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
