"""Tests run side by side on one host: what it has once belongs to one of them at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

PAGES, GUESTS = "pages", "guests"
"""The kernel's huge pages; and real guests, because Live meets every one of the host and leaves its CPUs alone.

Who wants both takes them in this order.
"""


@contextmanager
def alone_with(what: str) -> Iterator[None]:
    """Waits until no other test has it."""
    with open(f"/tmp/vfiotui-tests-{what}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
