"""A host like most: some hundred processes asleep, and a light uneven load on every CPU."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

PROCESSES = 95
"""On the host on which the goals were set, without what is measured."""
LOAD = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
while True:
    for share in (2, 9, 5, 15, 3, 12):
        until = time.thread_time() + share / 1000
        while time.thread_time() < until:
            pass
        time.sleep(0.1 - share / 1000)
"""
"""Takes 2 to 15 % of one CPU, in turns of a tenth of a second."""


def alone() -> None:
    """Begins anew as the only program of a process namespace, where that is allowed.

    What else runs on the machine is then neither seen nor counted, by us or by a peer, and one run is like another.
    """
    unshare = shutil.which("unshare")
    if os.geteuid() or unshare is None or os.getppid() <= 1:
        return
    # The shell stays as the first process, and buries what a daemon leaves behind.
    words = [sys.executable, "-m", "benchmarks", *sys.argv[1:]]
    os.execv(unshare, [unshare, "--pid", "--fork", "--mount-proc", "sh", "-c", '"$@"; exit $?', "sh", *words])


@contextlib.contextmanager
def running(commands: Sequence[Sequence[str]]) -> Iterator[None]:
    """These processes beside what is measured."""
    started = [subprocess.Popen(list(command)) for command in commands]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


@contextlib.contextmanager
def crowd(count: int = 300) -> Iterator[None]:
    """So many more processes on the host, asleep."""
    with running([["sleep", "100000"]] * count):
        yield


@contextlib.contextmanager
def lived_in() -> Iterator[None]:
    """As many processes as such a host has, and its load."""
    present = sum(place.name.isdigit() for place in Path("/proc").iterdir())
    loads = [[sys.executable, "-S", "-c", LOAD, str(cpu)] for cpu in sorted(os.sched_getaffinity(0))]
    with crowd(max(PROCESSES - present - len(loads), 0)), running(loads):
        yield
