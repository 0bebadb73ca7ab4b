"""Kernel device events on the event loop: which part of the facts they touch.

The kernel's own events are taken, not udev's: they come in a rescue system without udevd too.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable

SUBSYSTEMS = {
    "pci": "pci",
    "usb": "usb",
    "iommu": "iommu",
    "cpu": "cpu",
    "node": "memory",
    "memory": "memory",
    "vfio": "pci",
}
"""udev subsystem → part of the facts."""
PARTS = frozenset({*SUBSYSTEMS.values(), "iommu"})
"""What is read anew where events were lost."""
QUIET = 0.2
"""Seconds without an event after which a burst is over."""


def watch(
    loop: asyncio.AbstractEventLoop,
    on_change: Callable[[frozenset[str]], None],
    unfollowed: Callable[[str], None],
) -> Callable[[], None]:
    """Calls `on_change` with the parts that changed, once for a burst; returns how to stop.

    `unfollowed` gets a sentence when no events come, at once or from some time on. Where more events came than the
    kernel kept (netlink(7): ENOBUFS), everything counts as changed.
    """
    try:
        import pyudev
    except ImportError as error:
        unfollowed(f"device events are not followed: pyudev cannot be loaded ({error})")
        return lambda: None
    try:
        monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source="kernel")
        for subsystem in SUBSYSTEMS:
            monitor.filter_by(subsystem)
        monitor.start()
    except (OSError, ValueError) as error:
        unfollowed(f"device events are not followed: {error}")
        return lambda: None
    parts: set[str] = set()
    timer: asyncio.TimerHandle | None = None

    def tell() -> None:
        nonlocal timer
        timer = None
        changed = frozenset(parts)
        parts.clear()
        on_change(changed)

    def readable() -> None:
        nonlocal timer
        try:
            while (device := monitor.poll(timeout=0)) is not None:
                part = SUBSYSTEMS.get(device.subsystem or "")
                if part is not None:
                    parts.add(part)
                    if part == "pci":
                        parts.add("iommu")
        except OSError as error:
            number = _pending_error(monitor.fileno()) or error.errno or 0
            if number == errno.ENOBUFS:
                parts.update(PARTS)
            else:
                loop.remove_reader(monitor.fileno())
                reason = os.strerror(number).lower() if number else str(error)
                unfollowed(f"device events are not followed any more: {reason}; r reads the devices again")
        if parts and timer is None:
            timer = loop.call_later(QUIET, tell)

    loop.add_reader(monitor.fileno(), readable)

    def stop() -> None:
        loop.remove_reader(monitor.fileno())
        if timer is not None:
            timer.cancel()

    return stop


def _pending_error(descriptor: int) -> int:
    """The error that waits in a socket, taken out of it; 0 where there is none or it is no socket any more."""
    try:
        with socket.fromfd(descriptor, socket.AF_NETLINK, socket.SOCK_RAW) as twin:
            return twin.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    except OSError:
        return 0
