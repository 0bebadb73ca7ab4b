"""Runs a program in a pseudo terminal and measures it from outside: bytes, CPU time, first screen.

CPU time is what the kernel's scheduler booked (nanoseconds of /proc/PID/task/TID/schedstat) for the
program and all its descendants. The terminal answers the usual queries, so that no program waits.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ANSWERS = (
    (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
    (re.compile(rb"\x1b\[5n"), b"\x1b[0n"),
    (re.compile(rb"\x1b\[0?c"), b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\[>0?c"), b"\x1b[>0;276;0c"),
    (re.compile(rb"\x1b\[\?2026\$p"), b"\x1b[?2026;2$y"),
    (re.compile(rb"\x1b\[\?2048\$p"), b"\x1b[?2048;0$y"),
)
SILENCE = 0.15
"""Seconds without a byte after which a screen counts as full."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run cost."""

    first_byte_ms: float
    useful_ms: float
    """Until the wanted text was written (or the first silence where none was named)."""
    useful_cpu_ms: float
    start_bytes: int
    """Until the first silence after the wanted text."""
    cpu_ms_per_s: float
    bytes_per_s: float
    writes_per_s: float
    wakeups_per_s: float
    """Voluntary switches of all threads: each is one wake-up."""
    rss_kib: int
    pss_kib: int
    tail: bytes
    """The last bytes written, to see what went wrong."""


def descendants(pid: int) -> list[int]:
    """The process and all below it, from /proc/PID/task/TID/children."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found.extend(int(c) for c in (task / "children").read_text().split())
    return found


def cpu_ns(pid: int) -> int:
    """Nanoseconds on a CPU of all living threads below a process."""
    total = 0
    for one in descendants(pid):
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
    return total


def wakeups(pid: int) -> int:
    """Voluntary switches of all living threads below a process."""
    total = 0
    for one in descendants(pid):
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found = re.search(r"^voluntary_ctxt_switches:\s*(\d+)", (task / "status").read_text(), re.MULTILINE)
                total += int(found[1]) if found else 0
    return total


def memory_kib(pid: int, file: str, name: str) -> int:
    """A row of a process's status or smaps_rollup; 0 where it cannot be read."""
    with contextlib.suppress(OSError):
        found = re.search(rf"^{name}:\s*(\d+)", Path(f"/proc/{pid}/{file}").read_text(), re.MULTILINE)
        return int(found[1]) if found else 0
    return 0


class Terminal:
    """One program in a pseudo terminal."""

    def __init__(self, command: Sequence[str], columns: int, lines: int, env: Mapping[str, str]) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), {**os.environ, **env})
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.count = 0
        self.writes = 0
        self.tail = b""
        self.gone = False

    def read(self, seconds: float) -> bytes:
        """What the program writes next, or nothing after some seconds; queries are answered."""
        if not select.select([self._fd], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            self.gone = True
            return b""
        for query, answer in ANSWERS:
            for _ in query.findall(data):
                os.write(self._fd, answer)
        self.count += len(data)
        self.writes += 1
        self.tail = (self.tail + data)[-4000:]
        return data

    @contextlib.contextmanager
    def drained(self) -> Iterator[None]:
        """What the program writes meanwhile is read, and queries are answered, by a thread."""
        ended = threading.Event()
        reader = threading.Thread(target=lambda: [self.read(0.1) for _ in iter(ended.is_set, True)])
        reader.start()
        try:
            yield
        finally:
            ended.set()
            reader.join()

    def send(self, keys: bytes) -> None:
        """Types keys."""
        os.write(self._fd, keys)

    def close(self) -> None:
        """Ends the program, by force where it must be."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            self.read(0.05)
            if os.waitpid(self.pid, os.WNOHANG)[0]:
                break
        else:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._fd)


def measure(
    command: Sequence[str],
    *,
    wanted: bytes = b"",
    columns: int = 120,
    lines: int = 40,
    warm_up: float = 4.0,
    seconds: float = 10.0,
    keys: bytes = b"",
    env: Mapping[str, str] | None = None,
) -> Measured:
    """Starts the program, waits for `wanted` text, types `keys`, warms up, then counts for some seconds."""
    started = time.monotonic()
    terminal = Terminal(command, columns, lines, {"TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})})
    try:
        first = useful = cpu = 0.0
        seen = b""
        last = started
        while not terminal.gone and time.monotonic() - started < 30:
            data = terminal.read(SILENCE)
            now = time.monotonic()
            if data:
                first = first or now - started
                seen = (seen + data)[-(1 << 20) :]
                last = now
                if wanted and not useful and wanted in seen:
                    useful, cpu = now - started, cpu_ns(terminal.pid) / 1e6
            elif terminal.count > 200 and (useful or not wanted):
                break
        useful = useful or last - started
        cpu = cpu or cpu_ns(terminal.pid) / 1e6
        start_bytes = terminal.count
        for key in keys.split(b" ") if keys else ():
            terminal.send(key)
            terminal.read(0.3)
        until = time.monotonic() + warm_up
        while time.monotonic() < until and not terminal.gone:
            terminal.read(max(until - time.monotonic(), 0.0))
        bytes_before, writes_before = terminal.count, terminal.writes
        woken_before = wakeups(terminal.pid)
        began, cpu_before = time.monotonic(), cpu_ns(terminal.pid)
        until = began + seconds
        while time.monotonic() < until and not terminal.gone:
            terminal.read(max(until - time.monotonic(), 0.0))
        took, spent = time.monotonic() - began, cpu_ns(terminal.pid) - cpu_before
        woken = wakeups(terminal.pid) - woken_before
        return Measured(
            first * 1e3,
            useful * 1e3,
            cpu,
            start_bytes,
            spent / 1e6 / took,
            (terminal.count - bytes_before) / took,
            (terminal.writes - writes_before) / took,
            woken / took,
            memory_kib(terminal.pid, "status", "VmRSS"),
            memory_kib(terminal.pid, "smaps_rollup", "Pss"),
            terminal.tail,
        )
    finally:
        terminal.close()


def key_times(command: Sequence[str], keys: Sequence[bytes], *, count: int = 60, wanted: bytes = b"") -> list[float]:
    """Milliseconds from a key to the first byte after it, for so many keys, four a second."""
    terminal = Terminal(command, 120, 40, {"TERM": "xterm-256color", "COLORTERM": "truecolor"})
    found: list[float] = []
    try:
        seen, until = b"", time.monotonic() + 30
        while wanted not in seen and time.monotonic() < until:
            seen += terminal.read(0.2)
        until = time.monotonic() + 3
        while time.monotonic() < until:
            terminal.read(0.2)
        for i in range(count):
            # Bytes of a sample that is painted at this very moment are not the answer: wait for silence first.
            while terminal.read(0.02):
                pass
            sent = time.monotonic()
            terminal.send(keys[i % len(keys)])
            if terminal.read(2.0):
                found.append((time.monotonic() - sent) * 1e3)
            until = sent + 0.25
            while (left := until - time.monotonic()) > 0:
                terminal.read(left)
    finally:
        terminal.close()
    return sorted(found)
