"""Precise culprits: the scheduler's own events, from an instance of tracefs that is nobody else's (trace/ftrace.rst).

It is for root, on request, and costs more than all else: every switch on the guests' CPUs is written into a buffer
by the CPU itself, some tenths of a microsecond each. So it is bounded: a minute, a megabyte for each of these
CPUs, and so many bytes read at each look; what does not fit is counted as lost.

It never outlives this process. The kernel stops it when its free_buffer is closed, however the process ends, and a
shell that waits for the end removes the instance; if that one is killed too, the next look for leftovers removes it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path

from vfiotui.formats.records.ftrace_text import Border, Gap, Switch, read_trace
from vfiotui.host.live.trace_leftovers import PLACES, PREFIX
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, Why, or_else
from vfiotui.model.live.interference import Culprit, Culprits, Traced
from vfiotui.model.live.trace_accounting import TraceAccounting

SECONDS = 60.0
"""How long it traces before it ends by itself."""
GUEST_KIB, OTHER_KIB = 1024, 16
"""Buffer of a CPU of the guest, and of any other one: there only wake-ups of the vCPUs are written."""
MOST_BYTES = 2 << 20
"""Text that is read at one look."""
KERNEL_THREAD = 0x00200000
"""PF_KTHREAD among the flags of stat (include/linux/sched.h)."""
ON_CPU = (
    "sched/sched_switch",
    "irq/irq_handler_entry",
    "irq/irq_handler_exit",
    "irq/softirq_entry",
    "irq/softirq_exit",
)
"""Events that are written where they happen on a CPU of the guest."""
GUARD = 'read -r end; for i in 1 2 3 4 5 6 7 8 9 10; do rmdir "$1" 2>/dev/null; [ -d "$1" ] || exit 0; sleep 0.2; done'
"""Waits until its input ends, which it does when the process is gone; no instance goes while a file of it is open."""


class NoTrace(Exception):
    """A sentence: why nothing can be traced, and what to do."""


def place(root: Root) -> str:
    """The folder of tracefs; raises NoTrace where there is none for us."""
    if not root.is_live:
        raise NoTrace("only a running host can be traced")
    if os.geteuid() != 0:
        raise NoTrace("tracing is for root: start it with sudo")
    for folder in PLACES:
        if root.exists(f"{folder}/instances") is True:
            return folder
    raise NoTrace(f"tracefs is not mounted: 'mount -t tracefs nodev {PLACES[0]}', then again")


class Instance:
    """An own buffer and own events; no other program's tracing is touched."""

    def __init__(self, folder: str, cpus: frozenset[int], tids: frozenset[int]) -> None:
        """Begins to trace these CPUs, and the wake-ups of these threads; raises NoTrace."""
        self.path = Path(folder) / "instances" / f"{PREFIX}{os.getpid()}-{time.monotonic_ns()}"
        self._guard: subprocess.Popen[bytes] | None = None
        self._pipe = self._free = -1
        try:
            self.path.mkdir()
            self._guard = subprocess.Popen(
                ["/bin/sh", "-c", GUARD, "sh", str(self.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._begin(cpus, tids)
        except OSError as error:
            self.close()
            raise NoTrace(
                f"{error.filename or self.path} cannot be used for tracing: {(error.strerror or str(error)).lower()}; "
                "kernel lockdown forbids it, or this kernel lacks the event"
            ) from error

    def _begin(self, cpus: frozenset[int], tids: frozenset[int]) -> None:
        self._write("tracing_on", "0")
        self._write("trace_clock", "mono")
        self._write("options/disable_on_free", "1")
        self._write("options/irq-info", "0")
        self._write("buffer_size_kb", str(OTHER_KIB))
        for cpu in cpus:
            self._write(f"per_cpu/cpu{cpu}/buffer_size_kb", str(GUEST_KIB))
        self._free = os.open(self.path / "free_buffer", os.O_WRONLY | os.O_CLOEXEC)
        self._pipe = os.open(self.path / "trace_pipe", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        here = "||".join(f"CPU=={c}" for c in sorted(cpus))
        for event in ON_CPU:
            self._event(event, here)
        self._event("sched/sched_wakeup", "||".join(f"pid=={t}" for t in sorted(tids)))
        self._write("tracing_on", "1")

    def _event(self, name: str, which: str) -> None:
        self._write(f"events/{name}/filter", which)
        self._write(f"events/{name}/enable", "1")

    def _write(self, name: str, text: str) -> None:
        path = self.path / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, text.encode())
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error
        finally:
            os.close(descriptor)

    def read(self) -> bytes:
        """What was traced since the last reading, as whole pages of text; at most MOST_BYTES."""
        parts, size = [], 0
        while size < MOST_BYTES:
            try:
                part = os.read(self._pipe, 1 << 16)
            except BlockingIOError:
                break
            if not part:
                break
            parts.append(part)
            size += len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Stops tracing and removes the instance."""
        for descriptor in (self._pipe, self._free):
            if descriptor >= 0:
                os.close(descriptor)
        self._pipe = self._free = -1
        guard, self._guard = self._guard, None
        if guard is not None:
            assert guard.stdin is not None
            guard.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                guard.wait(3)
        with contextlib.suppress(OSError):
            self.path.rmdir()


class TraceReader:
    """Traces from the first reading on, for a minute; then every reading says that it is over."""

    def __init__(self, root: Root, cpus: frozenset[int], tids: frozenset[int]) -> None:
        """The CPUs on which the vCPUs with these thread ids run."""
        self._root = root
        self._cpus, self._tids = cpus, tids
        self._instance: Instance | None = None
        self._blame = TraceAccounting(tids)
        self._rest = b""
        self._at = 0.0
        self._until = 0.0
        self._kernel: dict[int, bool] = {}

    def read(self) -> Culprits:
        """Who had the CPUs since the last reading, to the microsecond."""
        began, at = time.thread_time(), time.monotonic()
        if self._instance is None:
            if self._until:
                return _nothing(at, f"the {SECONDS:.0f} s of tracing are over")
            try:
                if not self._cpus or not self._tids:
                    raise NoTrace("there is no vCPU to trace")
                self._instance = Instance(place(self._root), self._cpus, self._tids)
            except NoTrace as error:
                return _nothing(at, str(error))
            self._at, self._until = at, at + SECONDS
            return _nothing(at, "tracing has begun")
        data = self._rest + self._instance.read()
        end = data.rfind(b"\n") + 1
        self._rest = data[end:][-4096:]
        events, lost = self._feed(data[:end])
        seconds, self._at = max(at - self._at, 1e-3), at
        found, waits, count = self._blame.take(at, seconds, self._cpus)
        traced = Traced(waits, count, events, lost, self._until)
        if at >= self._until:
            self.close()
        named = tuple(self._named(c) for c in found)
        tasks = len({c.tid for c in found if c.tid})
        return Culprits(at, seconds, named, tasks, (time.thread_time() - began) * 1e3, traced)

    @property
    def traces(self) -> bool:
        """Whether tracing goes on."""
        return self._instance is not None

    def close(self) -> None:
        """Ends tracing."""
        if self._instance is not None:
            self._instance.close()
            self._instance = None

    def _feed(self, data: bytes) -> tuple[int, int]:
        """How many events there were, and how many were lost."""
        blame, events, lost = self._blame, 0, 0
        for event in read_trace(data):
            events += 1
            if isinstance(event, Switch):
                blame.switch(*event)
            elif isinstance(event, Border):
                blame.border(*event)
            elif isinstance(event, Gap):
                lost += event.lost
                blame.gap(event.cpu)
            else:
                blame.wakeup(*event)
        return events, lost

    def _named(self, culprit: Culprit) -> Culprit:
        """With kernel threads told as what they are."""
        tid = culprit.tid
        if tid and tid not in self._kernel:
            stat = or_else(self._root.bytes(f"/proc/{tid}/stat", 4096), b"")
            flags = stat.rpartition(b")")[2].split()[6:7]
            self._kernel[tid] = bool(flags and flags[0].isdigit() and int(flags[0]) & KERNEL_THREAD)
        return culprit._replace(kind="kernel") if tid and self._kernel[tid] else culprit


def _nothing(at: float, why: str) -> Culprits:
    return Culprits(at, 0.0, Unread(why, Why.NOT_HERE), 0, 0.0)
