"""Takes what was asked of a root into nodes, each file reduced as the list of captures says."""

from __future__ import annotations

import errno
from collections.abc import Iterable

from vfiotui.host.capture.allow_list import rom_rule, rule_for
from vfiotui.host.capture.allowed import Allowed
from vfiotui.host.capture.recorder import RecordingTree
from vfiotui.host.capture.reduce_script import PROGRAM
from vfiotui.host.capture.scrub import Scrubber, Senseless
from vfiotui.host.root.root import Root
from vfiotui.host.root.tree import Stat
from vfiotui.model.base.nodes import File, Folder, Node, Symlink
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass, field

NO_RULE = "no field of it is needed"
NO_SENSE = "it could not be parsed"
PUBLIC_DATA = ("/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids", "/var/lib/pciutils/pci.ids")
"""Lists that every computer has: only the lines of the models that are there are taken."""
OWN = "/proc/self"
KERNEL_MADE = ("/sys/", "/proc/")


@dataclass(slots=True)
class Capture:
    """What leaves a host."""

    nodes: dict[str, Node] = field(default_factory=dict)
    kept: dict[str, tuple[str, int]] = field(default_factory=dict)
    """File → what stays of it, in words, and its bytes in the capture."""
    left_out: dict[str, str] = field(default_factory=dict)
    """File that was looked at → why nothing of it leaves."""
    scrub: Scrubber = field(default_factory=Scrubber)


class Collector:
    """Takes what was asked of a root into nodes; a link is kept as a link and what it leads to as itself."""

    def __init__(self, root: Root, asked: RecordingTree, scrub: Scrubber, roms: frozenset[str]) -> None:
        self._root = root
        self._asked = asked
        self._scrub = scrub
        self._roms = roms
        self._reals: dict[str, str] = {"": ""}
        self.out = Capture(scrub=scrub)
        self.errors: dict[str, int] = {}
        self.stats: dict[str, Stat] = {}
        self.listed: dict[str, tuple[str, ...]] = {}
        self.acl: set[str] = set()
        self.left_out: dict[str, str] = {}
        self.damaged: dict[str, str] = {}

    def _kept(self, path: str) -> str:
        return self._scrub.path(path) or "/"

    def _real(self, path: str) -> str:
        """The path of a folder without links; every link on the way is taken along."""
        if path in self._reals:
            return self._reals[path]
        above, _, name = path.rpartition("/")
        step = f"{self._real(above)}/{name}"
        target = self._root.link(step) if step != OWN else Unread("stands for who reads it")
        if isinstance(target, str):
            self.out.nodes[self._kept(step)] = Symlink(self._scrub.link(target, step))
            real = self._end(step, target)
            step = self._real(real.rstrip("/")) if isinstance(real, str) else step
        self._reals[path] = step
        return step

    def _end(self, place: str, target: str) -> Reading[str]:
        """Where a link leads in the end; below the reader's own process the path says so and not its number."""
        return (
            f"/proc/{target}" if place.startswith("/proc/") and target.startswith("self/") else self._root.real(place)
        )

    def take(self, path: str) -> None:
        """Adds a path as it was asked for."""
        above, _, name = path.rpartition("/")
        place = f"{self._real(above)}/{name}"
        found = self._root.stat(place, follow=False)
        if isinstance(found, Unread):
            self._note_missing(path)
            return
        if found.kind == "link":
            self._real(path)
            real = self._end(place, or_else(self._root.link(place), ""))
            if isinstance(real, str):
                self._take_node(path, self._real(real.rstrip("/")))
            else:
                self._note_missing(path)
        else:
            self._take_node(path, place)

    def _take_node(self, asked: str, place: str) -> None:
        found = self._root.stat(place or "/")
        if isinstance(found, Unread):
            return
        kept = self._kept(place)
        if found.kind == "directory":
            if place:
                self.out.nodes.setdefault(kept, Folder())
        elif found.kind == "file":
            self._take_file(asked, place, kept, found)
        else:
            self.out.nodes.setdefault(kept, File(b"", found.mode & 0o7777))
        if not f"{place}/".startswith(KERNEL_MADE):
            self.stats[kept] = found
            if self._root.has_acl(place) is True:
                self.acl.add(kept)

    def _take_file(self, asked: str, place: str, kept: str, found: Stat) -> None:
        number = self._asked.read_paths.get(asked)
        node = self.out.nodes.get(kept)
        if number is None:
            if node is None:
                self.out.nodes[kept] = File(b"", found.mode & 0o7777, found.mtime)
                self.left_out[kept] = NO_RULE
            return
        if kept in self.damaged or (isinstance(node, File) and kept not in self.left_out):
            return
        self.left_out.pop(kept, None)
        self.out.nodes[kept] = File(b"", found.mode & 0o7777, found.mtime)
        if number:
            self.errors[kept] = number
            return
        if asked in PUBLIC_DATA:
            return
        rule = rom_rule() if asked in self._roms else rule_for(asked)
        if rule is None:
            self._leave_out(asked, kept, NO_RULE)
            return
        data = self._data(asked, rule)
        if isinstance(data, Unread):
            self.errors[kept] = errno.EFBIG if data.why is Why.TOO_BIG else errno.EIO
            return
        try:
            made = self._reduced(rule, data)
        except Senseless as error:
            self.damaged[kept] = str(error)
            self.out.left_out[asked] = f"{NO_SENSE}: {error}"
            return
        if made is None:
            self._leave_out(asked, kept, NO_SENSE)
            return
        self.out.nodes[kept] = File(made, found.mode & 0o7777 | 0o444, found.mtime)
        self.out.kept[kept] = (rule.fields, len(made))

    def _reduced(self, rule: Allowed, data: bytes) -> bytes | None:
        try:
            return rule.reduce(data, self._scrub)
        except Senseless:
            raise
        except (ValueError, IndexError, KeyError, RecursionError, OverflowError):
            # A reduction is no reader that every input was made for: what it cannot follow stays at home.
            return None

    def _data(self, path: str, rule: Allowed) -> Reading[bytes]:
        data = self._root.read_within(path, limit=rule.limit) if rule.slow else self._root.bytes(path, rule.limit)
        if isinstance(data, Unread) and data.why is Why.TOO_BIG:
            head = self._root.peek(path, rule.limit)
            # Of a program all that is read is that it is one.
            is_program = isinstance(head, bytes) and (head.startswith(PROGRAM) or b"\0" in head)
            return PROGRAM if is_program else data
        return data

    def _leave_out(self, asked: str, kept: str, why: str) -> None:
        self.left_out[kept] = why
        self.out.left_out[asked] = why

    def _note_missing(self, path: str) -> None:
        """Notes the first part of a path that is not there, or may not be looked at."""
        parts = path.split("/")[1:]
        for depth in range(1, len(parts) + 1):
            step = "/" + "/".join(parts[:depth])
            above, _, name = step.rpartition("/")
            place = f"{self._real(above)}/{name}"
            try:
                self._root.tree.stat(place, False)
                self._root.tree.stat(place, True)
            except OSError as error:
                real = place
                target = self._root.link(place)
                if isinstance(target, str):
                    self.out.nodes[self._kept(place)] = Symlink(self._scrub.link(target, place))
                    return
                self.errors[self._kept(real)] = error.errno or errno.EIO
                self._keep_folder(above)
                return
            except ValueError:
                return

    def _keep_folder(self, path: str) -> None:
        real = self._real(path)
        if real:
            self.out.nodes.setdefault(self._kept(real), Folder())

    def take_listing(self, path: str, names: Iterable[str]) -> None:
        """Adds that a folder is known whole: those of its names that the capture holds nothing of are only named."""
        path = path.rstrip("/")
        self._keep_folder(path)
        real = self._real(path)
        kept = self._kept(real)
        known = [self._kept(f"{real}/{n}") for n in names]
        self.listed[kept] = tuple(known)

    def names_left(self) -> dict[str, tuple[str, ...]]:
        """The folders that are known whole, each with the names of which the capture holds nothing."""
        return {
            folder: tuple(k.rpartition("/")[2] for k in known if k not in self.out.nodes)
            for folder, known in self.listed.items()
        }

    def note_unlisted(self, path: str, number: int) -> None:
        """Adds that a folder could not be listed."""
        path = path.rstrip("/")
        found = self._root.stat(path or "/")
        if isinstance(found, Unread):
            self._note_missing(path)
            return
        self._take_node(path, self._real(path))
        self.errors[f"{self._kept(self._real(path)).rstrip('/')}/"] = number

    def put(self, path: str, data: bytes, fields: str) -> None:
        """Adds a file that stands for what only the running host shows it."""
        self.out.nodes[path] = File(data, 0o644)
        self.out.kept[path] = (fields, len(data))
        for noted in (self.errors, self.left_out, self.damaged, self.stats):
            noted.pop(path, None)
