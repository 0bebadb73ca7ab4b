"""The kernel's messages about passthrough: from the ring buffer of the live host, or a saved dmesg of a root.

/dev/kmsg is the one device that is read: it gives one record with each read and never blocks when
opened so (Documentation/ABI/testing/dev-kmsg).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from vfiotui.host.boot import system_journal as journal
from vfiotui.host.root.reasons import unread
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, then
from vfiotui.model.boot.boot import LogLine

KMSG = "/dev/kmsg"
SAVED = ("/var/log/dmesg", "/cmd/dmesg")
FIRST_WORDS = ("Linux version ", "Booting Linux on ")
HEAD = 100
"""Messages at most ahead of the kernel's version: early consoles and Arm's firmware have a few."""
CUT = "kernel_log_cut"
"""What a capture says of a log whose beginning was lost, in its facts."""
CUT_REASON = "does not reach back to the beginning of the boot"
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


def is_first(record: bytes) -> bool:
    """Whether a record of /dev/kmsg is the first of its boot: the kernel numbers them from 0 on."""
    fields = record.partition(b";")[0].split(b",")
    return len(fields) > 2 and fields[1] == b"0"


def begins(messages: Iterable[str]) -> bool:
    """Whether messages, oldest first, begin where their boot began: with the kernel's version, or on Arm with its CPU.

    >>> begins(["Linux version 6.12.9-amd64 (build)"]), begins(["usb 1-1: new device"])
    (True, False)
    """
    return any(m.startswith(FIRST_WORDS) for m in islice(messages, HEAD))


def read_ring(root: Root) -> Reading[tuple[tuple[LogLine, ...], bool]]:
    """The lines of the ring buffer that touch passthrough, and whether it still holds all since the boot began."""
    found: list[LogLine] = []
    whole: bool | None = None
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
                whole = False
                continue
            if not record:
                break
            whole = is_first(record) if whole is None else whole
            line = parse_record(record)
            if line is not None and touches(line.text):
                found.append(line)
        else:
            return Unread(f"is written faster than it is read: {RECORDS} records", Why.TOO_BIG, KMSG)
    except OSError as error:
        return unread(error, KMSG)
    finally:
        os.close(fd)
    return tuple(found), whole is True


def parse_dmesg(text: str) -> tuple[LogLine, ...]:
    """The lines of dmesg's output that touch passthrough."""
    found = []
    for line in text.split("\n"):
        match = STAMP.match(line)
        message = match[2] if match else line
        if touches(message):
            found.append(LogLine(float(match[1]) if match else None, message))
    return tuple(found)


def text_messages(text: str) -> Iterator[str]:
    """The first messages of dmesg's output, without their stamps."""
    for line in text.split("\n", HEAD)[:HEAD]:
        match = STAMP.match(line)
        yield match[2] if match else line


def note_cut(root: Root, messages: Iterable[str], path: str) -> None:
    """Notes that a log's beginning was lost, where it was: nothing passes on what is left of it."""
    if not begins(messages):
        root.missed(Unread(CUT_REASON, Why.VANISHED, path))


def _read_live(root: Root) -> Reading[tuple[LogLine, ...]]:
    """The ring buffer where it holds the whole boot, else the journal where that does; what was lost is noted."""
    ring = read_ring(root)
    if not isinstance(ring, Unread) and ring[1]:
        return ring[0]
    # Members of the groups systemd-journal and adm may read in the journal what the ring refuses them.
    kept = journal.kernel_lines(root, 0)
    journaled = () if isinstance(kept, Unread) else kept
    whole = begins(line.text for line in journaled)
    if not whole and (journaled or not isinstance(ring, Unread)):
        root.missed(Unread(CUT_REASON, Why.VANISHED, KMSG))
    if whole or (isinstance(ring, Unread) and journaled):
        return tuple(line for line in journaled if touches(line.text))
    return ring if isinstance(ring, Unread) else ring[0]


def read(root: Root) -> Reading[tuple[LogLine, ...]]:
    """Kernel messages about passthrough, oldest first."""
    if root.is_live:
        return _read_live(root)
    said = root.said
    if said is not None:
        if "kernel_log" in said.unread:
            return said.unread["kernel_log"]
        if reason := str(said.facts.get(CUT, "")):
            root.missed(Unread(reason, Why.VANISHED, SAVED[0]))
        return then(root.text(SAVED[0], LOG_LIMIT), parse_dmesg)
    for path in SAVED:
        text = root.text(path, LOG_LIMIT)
        if not isinstance(text, Unread):
            note_cut(root, text_messages(text), path)
            return saved(text, path)
        if text.why is not Why.ABSENT:
            return text
    return Unread("no saved kernel log is in this root", Why.NOT_HERE, SAVED[0])


def saved(text: str, path: str) -> Reading[tuple[LogLine, ...]]:
    """The lines of a saved log; Unread where it holds no message, as Debian's file that waits for its first boot."""
    if not MESSAGE.search(text):
        return Unread("holds no kernel message", Why.DAMAGED, path)
    return parse_dmesg(text)
