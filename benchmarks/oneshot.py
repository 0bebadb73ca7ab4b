"""CPU time of commands that answer and end.

Not their memory: what the kernel books to a child as its peak is never less than what its parent held at the fork.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
from collections.abc import Sequence


def cost(command: Sequence[str], runs: int = 5) -> float:
    """The median CPU milliseconds of a command and its children, after one run that is not counted."""
    times = []
    # An installed program has its byte code on disk: pip writes it.
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")}
    for run in range(runs + 1):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if run:
            times.append((usage.ru_utime + usage.ru_stime) * 1e3)
    return statistics.median(times)


def python_floor() -> float:
    """CPU milliseconds of a loop that is the same everywhere, to compare figures of unlike machines by."""
    before = resource.getrusage(resource.RUSAGE_SELF)
    total = 0
    for i in range(1_000_000):
        total += i & 3
    after = resource.getrusage(resource.RUSAGE_SELF)
    return (after.ru_utime - before.ru_utime) * 1e3
