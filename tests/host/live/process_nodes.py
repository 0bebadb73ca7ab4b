"""Processes as nodes, for tests of how guests are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File, Folder, Node, Symlink


def process(
    pid: int, argv: Sequence[str], comm: str, threads: Sequence[str] = (), links: Mapping[int, str] | None = None
) -> dict[str, Node]:
    """A process with its arguments, its name, the names of its other threads, and what it has open."""
    nodes: dict[str, Node] = {
        f"/proc/{pid}/comm": File(f"{comm}\n".encode()),
        f"/proc/{pid}/cmdline": File("".join(f"{w}\0" for w in argv).encode()),
        f"/proc/{pid}/fd": Folder(),
    }
    for tid, name in enumerate([comm, *threads], pid):
        nodes |= {
            f"/proc/{pid}/task/{tid}/comm": File(f"{name}\n".encode()),
            f"/proc/{pid}/task/{tid}/schedstat": File(b"10 20 3\n"),
            f"/proc/{pid}/task/{tid}/stat": File(f"{tid} ({name}) S {'0 ' * 50}\n".encode()),
            f"/proc/{pid}/task/{tid}/status": File(b"Name:\tx\nCpus_allowed_list:\t2-3\n"),
        }
    return nodes | {f"/proc/{pid}/fd/{fd}": Symlink(target) for fd, target in (links or {}).items()}


def root_of(nodes: Mapping[str, Node]) -> Root:
    """A machine that is nothing but these nodes."""
    return Root(MemoryTree(dict(nodes)), Mode.CAPTURE)
