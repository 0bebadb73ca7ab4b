"""Who holds graphics, sound and vfio nodes open: a walk over /proc/*/fd that ends when its time is up."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

from vfiotui.host.live.processes import describe
from vfiotui.host.live.visibility import hidden_processes
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.base.value import dataclass, replace
from vfiotui.model.pci.functions import BDF
from vfiotui.model.pci.holders import Holder, Holders

SECONDS = 1.0
"""How long the walk may take; a desktop with 500 processes needs some 50 ms."""
HOLDERS = 500
NODE = re.compile(
    r"/dev/(?:dri/((?:card|renderD)\d+)|nvidia(\d+)|snd/\D+?C(\d+)(?:D\d+[pc])?|vfio/(\d+)|vfio/devices/(vfio\d+))$"
)
NVIDIA = "/proc/driver/nvidia/gpus"


@dataclass(slots=True)
class Nodes:
    """From a node to its function, each looked up once."""

    root: Root
    known: dict[str, tuple[str, int | None]]

    def of(self, node: str, match: re.Match[str]) -> tuple[str, int | None]:
        """The address behind a node, or the group of a vfio node."""
        if node not in self.known:
            self.known[node] = self._find(match)
        return self.known[node]

    def _find(self, match: re.Match[str]) -> tuple[str, int | None]:
        drm, nvidia, sound, group, device = match.groups()
        if group is not None:
            return "", int(group) if len(group) < 10 else None
        if nvidia is not None:
            return self._nvidia(nvidia), None
        path = (
            f"/sys/class/drm/{drm}/device"
            if drm
            else f"/sys/class/sound/card{sound}/device"
            if sound
            else f"/sys/class/vfio-dev/{device}/device"
        )
        real = self.root.real(path)
        name = "" if isinstance(real, Unread) else real.rpartition("/")[2]
        return (name if BDF.fullmatch(name) else ""), None

    def _nvidia(self, minor: str) -> str:
        for bdf in or_else(self.root.names(NVIDIA), ()):
            text = or_else(self.root.text(f"{NVIDIA}/{bdf}/information", 1 << 16), "")
            if re.search(rf"^Device Minor:\s*{minor}$", text, re.MULTILINE):
                return bdf.lower()
        return ""


def open_nodes(root: Root, pid: str) -> Reading[tuple[tuple[str, re.Match[str]], ...]]:
    """The device nodes that a process holds open, each once."""
    folder = f"/proc/{pid}/fd"
    numbers = root.names(folder)
    if isinstance(numbers, Unread):
        return numbers
    found: dict[str, re.Match[str]] = {}
    for number in numbers:
        target = root.link(f"{folder}/{number}")
        if isinstance(target, Unread) and target.why is Why.FORBIDDEN:
            return target
        if isinstance(target, str) and target.startswith("/dev/") and (match := NODE.fullmatch(target)):
            found[target] = match
    return tuple(found.items())


def _walk(root: Root, pids: list[str], until: float, hidden: list[str]) -> Iterator[Holder | None]:
    """Every holder; None stands for the end of the time."""
    nodes = Nodes(root, {})
    for pid in pids:
        if time.monotonic() > until:
            yield None
            return
        held = open_nodes(root, pid)
        if isinstance(held, Unread):
            # A process that has ended meanwhile holds nothing.
            if held.why is Why.FORBIDDEN or root.exists(f"/proc/{pid}") is not False:
                hidden.append(pid)
            continue
        for node, match in held:
            bdf, group = nodes.of(node, match)
            name = or_else(root.text(f"/proc/{pid}/comm", 4096), "?")
            yield Holder(int(pid), name, node, bdf, group)


def read(root: Root, seconds: float = SECONDS) -> Reading[Holders]:
    """Everybody with an open node; processes that ended meanwhile are left out."""
    names = root.names("/proc")
    pids = [n for n in or_else(names, ()) if n.isdigit() and len(n) < 10]
    if not pids:
        return Unread("processes are those of a running system", Why.NOT_HERE, "/proc")
    found: list[Holder] = []
    hidden: list[str] = []
    complete = True
    for holder in _walk(root, pids, time.monotonic() + seconds, hidden):
        if holder is None or len(found) >= HOLDERS:
            complete = False
            break
        found.append(holder)
    known = describe(root, (holder.pid for holder in found))
    named = tuple(replace(h, process=known[h.pid]) for h in found)
    return Holders(named, len(hidden), complete, hidden_processes(root))
