"""Messages of the journal, asked of journalctl with a deadline (journalctl(1), systemd.journal-fields(7))."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Reading, Unread, Why, or_else
from vfiotui.model.boot.boot import LogLine

PROGRAM = "journalctl"
SECONDS = 3.0
LINES = 4000
OUTPUT_LIMIT = 64 << 20
FOLDER = "/var/log/journal"
STOPPED = "d93fb3c9c24d451a97cea615ce59c00b"
"""MESSAGE_ID of the journal's last word in an orderly shutdown (SD_MESSAGE_JOURNAL_STOP)."""


def command(root: Root, boot: int, *matches: str, lines: int = LINES) -> Reading[tuple[str, ...]]:
    """The argument list for some messages of a boot: 0 is the last one, -1 the one before."""
    program = next((p for folder in os.get_exec_path() if os.access(p := f"{folder}/{PROGRAM}", os.X_OK)), None)
    if program is None:
        return Unread("journalctl is not installed", Why.ABSENT, FOLDER)
    if boot < 0 and root.is_live and not or_else(root.names(FOLDER), ()):
        return Unread("the journal is kept in memory only: earlier boots are gone", Why.ABSENT, FOLDER)
    where: tuple[str, ...] = ()
    if root.mode is Mode.ROOT:
        if root.exists(FOLDER) is not True:
            return Unread("keeps no journal", Why.ABSENT, FOLDER)
        link = _link_below(root, FOLDER)
        if link is not None:
            return Unread("is a symbolic link, which journalctl would follow out of the root", Why.DAMAGED, link)
        where = (f"--directory={root.tree.where(FOLDER)}",)
    elif not root.is_live:
        return Unread("a capture keeps no journal", Why.NOT_HERE, FOLDER)
    return (
        program,
        *where,
        "--output=json",
        "--output-fields=MESSAGE",
        "--no-pager",
        "--quiet",
        f"--boot={boot}",
        f"--lines={lines}",
        *matches,
    )


def _link_below(root: Root, folder: str) -> str | None:
    """The first link among the files of a journal and their folders; None where there is none."""
    for name in or_else(root.names(folder), ()):
        path = f"{folder}/{name}"
        found = root.stat(path, follow=False)
        kind = "" if isinstance(found, Unread) else found.kind
        if kind == "link":
            return path
        below = _link_below(root, path) if kind == "directory" and folder == FOLDER else None
        if below is not None:
            return below
    return None


def ask(arguments: Sequence[str], seconds: float = SECONDS) -> Reading[tuple[LogLine, ...]]:
    """What journalctl prints; its children end with it when the time is up."""
    # Most commands never ask the journal: they need not pay for the import.
    import subprocess

    try:
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return Unread(f"the journal gave no answer in {seconds:g} s", Why.TIMED_OUT, FOLDER)
    except OSError as error:
        return Unread(f"journalctl cannot be run: {error.strerror}", Why.DAMAGED, FOLDER)
    if done.returncode:
        words = done.stderr[:200].decode("utf-8", "replace").strip().replace("\n", "; ")
        return Unread(words or f"journalctl ended with {done.returncode}", Why.ABSENT, FOLDER)
    if len(done.stdout) > OUTPUT_LIMIT:
        return Unread(f"the journal holds more than {OUTPUT_LIMIT >> 20} MiB of kernel messages", Why.TOO_BIG, FOLDER)
    return parse(done.stdout)


def parse(output: bytes) -> tuple[LogLine, ...]:
    """The messages of `--output=json`, one object a line; a message that is no text is a list of bytes."""
    found = []
    for line in output.split(b"\n"):
        try:
            record = json.loads(line)
            message = record["MESSAGE"]
            text = bytes(message).decode("utf-8", "replace") if isinstance(message, list) else str(message)
            stamp = record.get("__MONOTONIC_TIMESTAMP")
        except (ValueError, KeyError, TypeError):
            continue
        at = int(stamp) / 1e6 if isinstance(stamp, str) and stamp.isdigit() and len(stamp) < 19 else None
        found.append(LogLine(at, text.split("\n", 1)[0]))
    return tuple(found)


def kernel_lines(root: Root, boot: int) -> Reading[tuple[LogLine, ...]]:
    """Kernel messages of a boot, oldest first."""
    arguments = command(root, boot, "--dmesg")
    return arguments if isinstance(arguments, Unread) else ask(arguments)


def was_shut_down(root: Root, boot: int) -> Reading[bool]:
    """Whether a boot ended with an orderly shutdown, by the journal's own last word."""
    arguments = command(root, boot, f"MESSAGE_ID={STOPPED}", lines=1)
    found = arguments if isinstance(arguments, Unread) else ask(arguments)
    return found if isinstance(found, Unread) else bool(found)
