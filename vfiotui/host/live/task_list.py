"""Which tasks there are: all of them once, then those whose ids were given out since.

The kernel gives ids out in turn, to threads too, and /proc/loadavg tells the last one (proc(5)). So whoever has been
born since is found by trying the ids in between; the list of /proc, which grows with the host, is not read for that.
"""

from __future__ import annotations

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, or_else


class Births:
    """Remembers the last id that was given out."""

    def __init__(self, root: Root) -> None:
        self._load = root.keep_open("/proc/loadavg")
        self._last = -1

    def born(self, most: int) -> range | None:
        """The ids given out since the last call; None where they are unknown or more than `most`."""
        data = self._load.read_same(256)
        words = [] if isinstance(data, Unread) else data.split()
        last = int(words[4]) if len(words) > 4 and words[4].isdigit() and len(words[4]) < 10 else -1
        before, self._last = self._last, last
        if before < 0 or not 0 <= last - before <= most:
            return None
        return range(before + 1, last + 1)

    def close(self) -> None:
        """Lets the file go."""
        self._load.close()


class TaskList:
    """All processes and their threads."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._processes = root.keep_folder("/proc")

    def processes(self) -> tuple[int, ...]:
        """The ids of all processes."""
        return _numbers(or_else(self._processes.names(), ()))

    def threads(self, pid: int) -> tuple[int, ...]:
        """The ids of a process's threads."""
        return _numbers(or_else(self._root.names(f"/proc/{pid}/task"), ()))

    def close(self) -> None:
        """Lets the folder go."""
        self._processes.close()


def _numbers(names: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(int(n) for n in names if n.isdigit() and len(n) < 10)
