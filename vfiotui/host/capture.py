"""Collects a host into nodes that open as the same machine elsewhere, without what identifies its owner."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from vfiotui.host.capture_paths import ALL, LEFT_OUT, PRESENCE_ONLY, SLOW
from vfiotui.host.guest_files import ONLY_LIVE, named_paths
from vfiotui.host.root import Root
from vfiotui.host.scrub import Scrubber
from vfiotui.model.domain import Virt
from vfiotui.model.nodes import File, Folder, Node, Nodes, Symlink
from vfiotui.model.reading import Reading, Unread, Why, or_else

FILE_LIMIT = 8 << 20
SCRIPT_LIMIT = 64 << 10
"""Larger files of the local bin folder are programs, not start scripts."""


class Collector:
    """Takes paths of a root into nodes; a link is kept as a link and what it leads to as itself."""

    def __init__(self, root: Root, scrubber: Scrubber) -> None:
        self.root = root
        self.nodes: dict[str, Node] = {}
        self._scrub = scrubber
        self._reals: dict[str, str] = {"": ""}
        self._seen: set[str] = set()

    def expand(self, pattern: str) -> Iterator[str]:
        """The paths that a pattern with shell wildcards names; folders that were searched are kept, even empty ones.

        An empty folder is a fact: no IOMMU group, no guest.
        """
        known = [""]
        for part in pattern.split("/")[1:]:
            if any(c in part for c in "*?["):
                for above in known:
                    self._keep_folder(above)
                known = [
                    f"{above}/{name}"
                    for above in known
                    for name in or_else(self.root.names(above or "/"), ())
                    if fnmatchcase(name, part)
                ]
            else:
                known = [f"{above}/{part}" for above in known]
        yield from known

    def _keep_folder(self, path: str) -> None:
        """Takes along that a folder is there."""
        if path in self._seen:
            return
        self._seen.add(path)
        found = self.root.stat(path)
        if not isinstance(found, Unread) and found.kind == "directory":
            self.nodes.setdefault(self._scrub.path(self._real_folder(path)), Folder())

    def _real_folder(self, path: str) -> str:
        """The path of a folder without links; every link on the way is taken along."""
        if path in self._reals:
            return self._reals[path]
        above, _, name = path.rpartition("/")
        step = f"{self._real_folder(above)}/{name}"
        target = self.root.link(step)
        if isinstance(target, str):
            self.nodes[self._scrub.path(step)] = Symlink(self._scrub.path(target))
            real = self.root.real(step)
            step = real if isinstance(real, str) else step
            if isinstance(real, str):
                step = self._real_folder(real)
        self._reals[path] = step
        return step

    def take(self, path: str) -> None:
        """Adds a path, if it is there."""
        above, _, name = path.rpartition("/")
        place = f"{self._real_folder(above)}/{name}"
        found = self.root.stat(place, follow=False)
        if isinstance(found, Unread):
            self._keep_folder(above)
            return
        kept = self._scrub.path(place)
        if kept in self.nodes:
            return
        if found.kind == "link":
            target = self.root.link(place)
            if isinstance(target, str):
                self.nodes[kept] = Symlink(self._scrub.path(target))
                real = self.root.real(place)
                if isinstance(real, str):
                    self._take_target(real)
        elif found.kind == "directory":
            self.nodes[kept] = Folder()
        else:
            self._take_file(place, kept, found.mode & 0o7777, found.mtime)

    def _take_target(self, real: str) -> None:
        """What a link leads to: a file as it is, a folder by its name only (its files have patterns of their own)."""
        found = self.root.stat(real)
        if not isinstance(found, Unread) and found.kind == "file":
            self.take(real)
        else:
            self._real_folder(real)
            self.nodes.setdefault(self._scrub.path(real), Folder())

    def _take_file(self, place: str, kept: str, mode: int, mtime: float) -> None:
        limit = SCRIPT_LIMIT if place.startswith(PRESENCE_ONLY) else FILE_LIMIT
        if place.endswith(LEFT_OUT) or not mode & 0o444:
            self.nodes[kept] = File(b"", mode & 0o222)
            return
        data = self.root.slow_bytes(place, limit=limit) if place.endswith(SLOW) else self.root.bytes(place, limit)
        match data:
            case Unread(why=Why.FORBIDDEN):
                # Without reading rights the capture says "needs root" too.
                self.nodes[kept] = File(b"", 0)
            case Unread(why=Why.TOO_BIG | Why.NOT_A_FILE):
                self.nodes[kept] = File(b"", mode, mtime)
            case bytes() if _is_program(place, data):
                self.nodes[kept] = File(b"", mode, mtime)
            case bytes():
                self.nodes[kept] = File(self._scrub.data(data), mode, mtime)

    def take_presence(self, path: str) -> None:
        """Adds that a path is there, without what it holds; where it is not, the folder in which it is missing."""
        above, _, name = path.rpartition("/")
        found = self.root.stat(path)
        if isinstance(found, Unread):
            self._keep_folder(above)
        else:
            kept = self._scrub.path(f"{self._real_folder(above)}/{name}")
            node = Folder() if found.kind == "directory" else File(b"", found.mode & 0o222)
            self.nodes.setdefault(kept, node)

    def add_guests(self, virt: Reading[Virt]) -> None:
        """The guests as libvirt told them, where their files could not be read, and which of their files are there."""
        if isinstance(virt, Unread) or isinstance(virt.domains, Unread):
            return
        for domain in virt.domains:
            for path in named_paths(domain):
                if not path.startswith(ONLY_LIVE):
                    self.take_presence(path)
            name = self._scrub.text(domain.name).replace("/", "_")
            xml = self._scrub.text(domain.xml)
            defined = f"/etc/libvirt/qemu/{name}.xml"
            if domain.persistent and not _has_text(self.nodes.get(defined)):
                self.nodes[defined] = File(xml.encode(), 0o600)
            running = f"/run/libvirt/qemu/{name}.xml"
            if domain.running and not _has_text(self.nodes.get(running)):
                state = "paused" if domain.state == "paused" else "running"
                pid = f" pid='{domain.pid}'" if domain.pid else ""
                self.nodes[running] = File(f"<domstatus state='{state}'{pid}>\n{xml}\n</domstatus>\n".encode(), 0o600)


def _is_program(place: str, data: bytes) -> bool:
    """Whether only its presence matters: machine code, and local scripts that start no guest."""
    return data.startswith(b"\x7fELF") or (place.startswith(PRESENCE_ONLY) and b"qemu" not in data)


def _has_text(node: Node | None) -> bool:
    return isinstance(node, File) and bool(node.data)


def collect(root: Root, virt: Reading[Virt], kernel_log: Reading[tuple[str, ...]]) -> Nodes:
    """The scrubbed nodes of a host.

    `kernel_log` are lines as dmesg prints them; they are kept as /var/log/dmesg.
    """
    names = [or_else(root.text(p), "").strip() for p in ("/etc/hostname", "/proc/sys/kernel/hostname")]
    short = [n.partition(".")[0] for n in names]
    scrubber = Scrubber(tuple(n for n in (*names, *short) if n))
    collector = Collector(root, scrubber)
    for pattern in ALL:
        for path in collector.expand(pattern):
            collector.take(path)
    collector.add_guests(virt)
    if not isinstance(kernel_log, Unread):
        text = "".join(f"{scrubber.text(line)}\n" for line in kernel_log)
        collector.nodes["/var/log/dmesg"] = File(text.encode())
    return collector.nodes
