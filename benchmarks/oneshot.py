"""CPU time and memory of commands that answer and end."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians over the runs."""

    cpu_ms: float
    rss_kib: int
    """The largest of all runs."""
    exit_code: int


def cost(command: Sequence[str], runs: int = 5) -> Cost:
    """The median CPU time of a command and its children, after one run that is not counted."""
    times, code, peak = [], 0, 0
    # An installed program has its byte code on disk: pip writes it.
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")}
    for run in range(runs + 1):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = code = os.waitstatus_to_exitcode(status)
        if run:
            times.append((usage.ru_utime + usage.ru_stime) * 1e3)
            peak = max(peak, usage.ru_maxrss)
    return Cost(statistics.median(times), peak, code)


def python_floor() -> float:
    """CPU milliseconds of a loop that is the same everywhere, to compare figures of unlike machines by."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    total = 0
    for i in range(1_000_000):
        total += i & 3
    after = resource.getrusage(resource.RUSAGE_SELF)
    return (after.ru_utime - before.ru_utime) * 1e3
