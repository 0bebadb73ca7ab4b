"""The kernel's messages about passthrough: from the ring buffer of the live host, or a saved dmesg of a root.

/dev/kmsg is the one device that is read: it gives one record with each read and never blocks when
opened so (Documentation/ABI/testing/dev-kmsg).
"""

from __future__ import annotations

import os
import re

from vfiotui.host import journal
from vfiotui.host.reasons import unread
from vfiotui.host.root import Root
from vfiotui.model.boot import LogLine
from vfiotui.model.reading import Reading, Unread, Why, then

KMSG = "/dev/kmsg"
SAVED = ("/var/log/dmesg", "/cmd/dmesg")
TOPICS = (
    "dmar|amd-vi|iommu|vfio|bar |can't reserve|reset|flr|d3cold|power state|aer|pcieport|kvm|split_lock|split lock"
    "|hugepage|hugetlb|efifb|simpledrm|bootfb|x86/pat|invalid pci rom|fell off|fallen off|vgaarb|acs|remapping"
    "|apparmor=|avc: |nvrm|kernel panic|out of memory|soft lockup|hard lockup|blocked for more than"
).split("|")
"""What a line about passthrough holds, in any case: a search for words is ten times as fast as one expression."""
RECORDS = 1 << 20
"""The largest ring buffer (32 MiB) holds fewer; who writes faster than we read must not keep us for ever."""
LOG_LIMIT = 64 << 20
MESSAGE = re.compile(r"^(?:<\d+>)?\[ *\d+\.\d+\]|^[^\s:(][^:]*: ", re.MULTILINE)
"""With a stamp, or with the name of who writes it."""
STAMP = re.compile(r"^(?:<\d+>)?\[\s*(\d{1,9}\.\d{1,9})\]\s?(.*)$")


def touches(line: str) -> bool:
    """Whether a line is about passthrough.

    >>> touches("pci 0000:01:00.0: BAR 1 [mem]: can't reserve"), touches("Linux version 6.18")
    (True, False)
    """
    low = line.lower()
    return any(topic in low for topic in TOPICS)


def parse_record(record: bytes) -> LogLine | None:
    """One record of /dev/kmsg: "priority,sequence,microseconds,flags;text"."""
    head, semicolon, text = record.partition(b";")
    fields = head.split(b",")
    if not semicolon or len(fields) < 3:
        return None
    micros = int(fields[2]) if fields[2].isdigit() and len(fields[2]) < 19 else None
    line = text.split(b"\n", 1)[0].decode("utf-8", "replace")
    return LogLine(None if micros is None else micros / 1e6, line)


def read_ring(root: Root) -> Reading[tuple[LogLine, ...]]:
    """The lines of the ring buffer that touch passthrough."""
    found: list[LogLine] = []
    try:
        fd = os.open(root.tree.where(KMSG), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return unread(error, KMSG)
    try:
        for _ in range(RECORDS):
            try:
                record = os.read(fd, 8192)
            except BlockingIOError:
                break
            except BrokenPipeError:
                # Records were overwritten while we read: the kernel goes on at the oldest one left.
                continue
            if not record:
                break
            line = parse_record(record)
            if line is not None and touches(line.text):
                found.append(line)
        else:
            return Unread(f"is written faster than it is read: {RECORDS} records", Why.TOO_BIG, KMSG)
    except OSError as error:
        return unread(error, KMSG)
    finally:
        os.close(fd)
    return tuple(found)


def parse_dmesg(text: str) -> tuple[LogLine, ...]:
    """The lines of dmesg's output that touch passthrough."""
    found = []
    for line in text.split("\n"):
        match = STAMP.match(line)
        message = match[2] if match else line
        if touches(message):
            found.append(LogLine(float(match[1]) if match else None, message))
    return tuple(found)


def read(root: Root) -> Reading[tuple[LogLine, ...]]:
    """Kernel messages about passthrough, oldest first."""
    if root.is_live:
        ring = read_ring(root)
        if not isinstance(ring, Unread):
            return ring
        # Members of the groups systemd-journal and adm may read in the journal what the ring refuses them.
        kept = journal.kernel_lines(root, 0)
        if isinstance(kept, Unread) or not kept:
            return ring
        return tuple(line for line in kept if touches(line.text))
    said = root.said
    if said is not None:
        if "kernel_log" in said.unread:
            return said.unread["kernel_log"]
        return then(root.text(SAVED[0], LOG_LIMIT), parse_dmesg)
    for path in SAVED:
        text = root.text(path, LOG_LIMIT)
        if not isinstance(text, Unread):
            return saved(text, path)
        if text.why is not Why.ABSENT:
            return text
    return Unread("no saved kernel log is in this root", Why.NOT_HERE, SAVED[0])


def saved(text: str, path: str) -> Reading[tuple[LogLine, ...]]:
    """The lines of a saved log; Unread where it holds no message, as Debian's file that waits for its first boot."""
    if not MESSAGE.search(text):
        return Unread("holds no kernel message", Why.DAMAGED, path)
    return parse_dmesg(text)
