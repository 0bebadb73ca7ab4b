"""When a process began (/proc/PID/stat, field 22; proc(5))."""

from __future__ import annotations

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why

TICKS = 100
"""USER_HZ: the unit of stat on every Linux architecture that libvirt runs on."""
START_FIELD = 22
MINUTE = 60


def read_start(root: Root, pid: int) -> Reading[float]:
    """Seconds after boot at which a process began; its name, which may hold anything, ends with the last bracket."""
    path = f"/proc/{pid}/stat"
    data = root.peek(path, 4096)
    if isinstance(data, Unread):
        return data
    fields = data.rpartition(b")")[2].split()
    word = fields[START_FIELD - 3] if len(fields) > START_FIELD - 3 else b""
    if not word.isdigit() or len(word) > 20:
        return Unread("shows no start", Why.DAMAGED, path)
    return int(word) / TICKS


def age(started: Reading[float], now: Reading[float]) -> Reading[int]:
    """Seconds from a start to now, both in seconds after boot; whole minutes from the first one on.

    >>> age(50.0, 86400.0), age(50.0, 99.9), age(50.0, 49.9)
    (86340, 49, 0)
    """
    if isinstance(started, Unread):
        return started
    if isinstance(now, Unread):
        return now
    seconds = max(int(now - started), 0)
    return seconds if seconds < MINUTE else seconds // MINUTE * MINUTE
