"""What sysfs numbers: the entries cpuN and nodeN, and the lists of CPUs.

Apart from `cpu`, because Live needs only this, and shall not load the whole topology for it.
"""

from __future__ import annotations

import re

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, at, or_else, then
from vfiotui.model.cpu.cpuset import parse_list, parse_mask

CPUS = "/sys/devices/system/cpu"
NUMBERED = re.compile(r"(?:cpu|node)(\d{1,6})$")


def numbered(names: Reading[tuple[str, ...]], kind: str) -> tuple[int, ...]:
    """The numbers of the entries cpuN or nodeN, in order."""
    found = (NUMBERED.match(n) for n in or_else(names, ()) if n.startswith(kind))
    return tuple(sorted(int(m[1]) for m in found if m))


def cpu_list(root: Root, path: str) -> Reading[frozenset[int]]:
    """A file that holds a CPU list; the kernel ends an empty one with a line end."""
    data = root.bytes(path, 1 << 16)
    if data == b"":
        return Unread("is empty, without a line end", Why.DAMAGED, path)
    return at(path, then(root.text(path, 1 << 16), parse_list))


def cpu_mask(root: Root, path: str) -> Reading[frozenset[int]]:
    """A file that holds a CPU mask."""
    return at(path, then(root.text(path, 1 << 16), parse_mask))
