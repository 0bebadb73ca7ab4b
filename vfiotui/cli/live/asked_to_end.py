"""Ctrl+C and `systemctl stop` end a command that goes on and on in order: what it has begun is finished first."""

from __future__ import annotations

import signal
import threading


def asked_to_end() -> threading.Event:
    """An event that SIGINT or SIGTERM sets from now on; to be called in the main thread."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    return ended
