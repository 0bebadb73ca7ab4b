"""Which modules could claim a device: the kernel's own table, modules.alias, matched as modprobe does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread

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


def _may_match(modalias: str, pattern: str) -> bool:
    """Whether all that a pattern spells out occurs: to compile every pattern would cost more than all other reading."""
    return "[" in pattern or "?" in pattern or all(piece in modalias for piece in pattern.split("*"))


class AliasTable:
    """The PCI lines of modules.alias, found by vendor; the table of a distribution has fifteen thousand of them."""

    def __init__(self, data: bytes | Unread) -> None:
        self.missing = data if isinstance(data, Unread) else None
        self._data = b"" if isinstance(data, Unread) else b"\n" + data
        self._by_vendor: dict[str, tuple[tuple[str, str], ...]] = {}

    def _lines(self, vendor: str) -> Iterator[tuple[str, str]]:
        wanted = f"\nalias pci:v{vendor}".encode()
        at = self._data.find(wanted)
        while at >= 0:
            end = self._data.find(b"\n", at + 1)
            words = self._data[at + 1 : end if end > 0 else len(self._data)].decode("utf-8", "replace").split()
            if len(words) == 3:
                yield words[1], words[2]
            at = self._data.find(wanted, end) if end > 0 else -1

    def modules(self, modalias: str) -> tuple[str, ...]:
        """Modules whose pattern matches, in the table's order, without repetition."""
        match = VENDOR.match(modalias)
        if not match:
            return ()
        found: dict[str, None] = {}
        for vendor in (match[1], "*"):
            if vendor not in self._by_vendor:
                self._by_vendor[vendor] = tuple(self._lines(vendor))
            for pattern, module in self._by_vendor[vendor]:
                if module not in found and _may_match(modalias, pattern) and fnmatchcase(modalias, pattern):
                    found[module] = None
        return tuple(found)


def read_aliases(root: Root) -> AliasTable:
    """The table of the running or newest kernel."""
    release = kernel_release(root)
    if isinstance(release, Unread):
        return AliasTable(release)
    return AliasTable(root.bytes(f"/lib/modules/{release}/modules.alias", ALIAS_LIMIT))
