"""Which modules could claim a device: the kernel's own table, modules.alias, matched as modprobe does."""

from __future__ import annotations

import re
from fnmatch import translate

from vfiotui.host.root import Root
from vfiotui.model.reading import Reading, Unread, or_else

VENDOR = re.compile(r"pci:v([0-9A-F]{8}|\*)")
ALIAS_LIMIT = 16 << 20


def kernel_release(root: Root) -> Reading[str]:
    """The running kernel's release; on a root without a running kernel the newest below /lib/modules."""
    running = root.text("/proc/sys/kernel/osrelease", 4096)
    if not isinstance(running, Unread) and running.strip():
        return running.strip()
    version = root.text("/proc/version", 4096)
    told = None if isinstance(version, Unread) else re.match(r"Linux version (\S+)", version)
    if told:
        return told[1]
    installed = root.names("/lib/modules")
    if isinstance(installed, Unread):
        return installed
    if not installed:
        return Unread("holds no kernel", path="/lib/modules")
    return max(installed, key=natural)


def natural(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts 6.9 before 6.12."""
    return [(1, int(p), "") if p.isdigit() and len(p) < 12 else (0, 0, p) for p in re.split(r"(\d+)", text)]


class AliasTable:
    """The PCI lines of modules.alias by vendor."""

    def __init__(self, text: str | Unread) -> None:
        self.missing = text if isinstance(text, Unread) else None
        self._by_vendor: dict[str, list[tuple[str, str]]] = {}
        self._compiled: dict[str, re.Pattern[str]] = {}
        for line in or_else(text, "").split("\n"):
            if line.startswith("alias pci:"):
                words = line.split()
                match = VENDOR.match(words[1])
                if len(words) == 3 and match:
                    self._by_vendor.setdefault(match[1], []).append((words[1], words[2]))

    def modules(self, modalias: str) -> tuple[str, ...]:
        """Modules whose pattern matches, in the table's order, without repetition."""
        match = VENDOR.match(modalias)
        if not match:
            return ()
        found: dict[str, None] = {}
        for vendor in (match[1], "*"):
            for pattern, module in self._by_vendor.get(vendor, ()):
                if module in found:
                    continue
                compiled = self._compiled.get(pattern)
                if compiled is None:
                    compiled = self._compiled[pattern] = re.compile(translate(pattern))
                if compiled.match(modalias):
                    found[module] = None
        return tuple(found)


def read_aliases(root: Root) -> AliasTable:
    """The table of the running or newest kernel."""
    release = kernel_release(root)
    if isinstance(release, Unread):
        return AliasTable(release)
    return AliasTable(root.text(f"/lib/modules/{release}/modules.alias", ALIAS_LIMIT))
