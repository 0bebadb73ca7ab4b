"""The tables with a column for each online CPU: /proc/interrupts and /proc/softirqs (filesystems/proc.rst)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from vfiotui.host.root.root import KeptFile
from vfiotui.model.base.reading import Unread

ROOM = 4 << 20
TRIGGER = re.compile(r"(?:^|\s)(?:\S*-)?(?:edge|level|fasteoi|Edge|Level)\s+(.+)$")
"""How a numbered interrupt is raised stands right before the names of those who take it."""


def source_name(label: str, text: str) -> str:
    """What a row is called: the number with the names behind it, or the words of a row without a number.

    >>> source_name("87", "IR-PCI-MSI 2097152-edge      xhci_hcd")
    '87 xhci_hcd'
    >>> source_name("RES", "Rescheduling interrupts")
    'Rescheduling interrupts'
    """
    if not label.isdigit():
        return " ".join(text.split()) or label
    found = TRIGGER.search(text)
    return " ".join([label, *(found[1].split() if found else text.split()[-1:])])


class CountTable:
    """Remembers the counts of the last reading."""

    def __init__(self, file: KeptFile) -> None:
        self.file = file
        self._lines: dict[bytes, bytes] = {}
        self._counts: dict[tuple[bytes, int], int] = {}

    def growth(self, cpus: frozenset[int]) -> Iterator[tuple[int, str, int]]:
        """CPU, source and how much its count has grown since the last time; only lines that differ are split."""
        data = self.file.read(ROOM)
        if isinstance(data, Unread):
            return
        head, _, body = data.partition(b"\n")
        columns = [int(w[3:]) if w[3:].isdigit() and len(w) < 9 else -1 for w in head.split()]
        for line in body.split(b"\n"):
            row, colon, rest = line.partition(b":")
            if not colon or self._lines.get(row) == line:
                continue
            self._lines[row] = line
            words = rest.split(None, len(columns))
            label = row.strip().decode("ascii", "replace")
            text = words[len(columns)].decode("utf-8", "replace") if len(words) > len(columns) else ""
            for cpu, word in zip(columns, words, strict=False):
                if cpu in cpus and word.isdigit() and len(word) < 20:
                    now = int(word)
                    before = self._counts.get((row, cpu))
                    self._counts[row, cpu] = now
                    if before is not None and now > before:
                        yield cpu, source_name(label, text), now - before
