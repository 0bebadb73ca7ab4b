"""Messages for the system's log, which journald or a syslog daemon takes at /dev/log (syslog(3))."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterable

SOCKET = "/dev/log"
WARNING = 3 << 3 | 4
"""The facility daemon, with the severity warning (RFC 3164)."""
LONGEST = 2000
"""Bytes of one message: what every daemon takes."""


def warn(program: str, sentences: Iterable[str], path: str = SOCKET) -> None:
    """Each sentence as one warning; never waits, and says nothing where no daemon listens."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.setblocking(False)
        log.connect(path)
        for sentence in sentences:
            words = " ".join(sentence.split())
            head = f"<{WARNING}>{program}[{os.getpid()}]: "
            log.send(f"{head}{words}".encode("utf-8", "replace")[:LONGEST])
