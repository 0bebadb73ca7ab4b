"""Counts the branches of any modules that some tests take: a plugin for pytest, which prints what is left.

    VFIOTUI_BRANCHES="plan host/boot/path" .venv/bin/python -m pytest -n 0 -p tests.rules.measured tests/plan

counts those of vfiotui/plan and vfiotui/host/boot/path. What runs in other processes and threads is not seen.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator

import pytest

from tests.rules.branches import TOP, Watch

FOLDERS = os.environ.get("VFIOTUI_BRANCHES", "plan host/boot/path host/boot/makers").split()
WATCH = Watch(sorted({file for folder in FOLDERS for file in (TOP / folder).rglob("*.py")}))
COUNTS = Counter(way.file.rpartition("/")[0] for ways in WATCH.open.values() for way in ways)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, object, object]:
    """The lines of each test's call are followed."""
    with WATCH.watching():
        return (yield)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Each way that nothing took, then the figure of each folder and of all."""
    left = WATCH.left()
    for way in left:
        terminalreporter.write_line(way.name)
    missed = Counter(way.file.rpartition("/")[0] for way in left)
    for folder, count in sorted(COUNTS.items()):
        terminalreporter.write_line(f"{folder}: {count - missed[folder]} of {count} ways are taken")
    terminalreporter.write_line(f"all: {WATCH.count - len(left)} of {WATCH.count} ways are taken")
