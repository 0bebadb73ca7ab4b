"""Kernel device events on the event loop: which part of the facts they touch.

The kernel's own events are taken, not udev's: they come in a rescue system without udevd too.
"""

from __future__ import annotations

import asyncio
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
QUIET = 0.2
"""Seconds without an event after which a burst is over."""


def watch(loop: asyncio.AbstractEventLoop, on_change: Callable[[frozenset[str]], None]) -> Callable[[], None] | str:
    """Calls back with the parts that changed, once for a burst; returns how to stop, or why there are no events."""
    try:
        import pyudev
    except ImportError as error:
        return f"device events are not followed: pyudev cannot be loaded ({error})"
    try:
        monitor = pyudev.Monitor.from_netlink(pyudev.Context(), source="kernel")
        for subsystem in SUBSYSTEMS:
            monitor.filter_by(subsystem)
        monitor.start()
    except (OSError, ValueError) as error:
        return f"device events are not followed: {error}"
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
        while (device := monitor.poll(timeout=0)) is not None:
            part = SUBSYSTEMS.get(device.subsystem or "")
            if part is not None:
                parts.add(part)
                if part == "pci":
                    parts.add("iommu")
        if parts and timer is None:
            timer = loop.call_later(QUIET, tell)

    loop.add_reader(monitor.fileno(), readable)

    def stop() -> None:
        loop.remove_reader(monitor.fileno())
        if timer is not None:
            timer.cancel()

    return stop
