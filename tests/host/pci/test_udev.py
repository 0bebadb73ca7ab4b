"""Device events of the running kernel."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from vfiotui.host.pci import udev

TRIGGER = Path("/sys/devices/system/cpu/cpu0/uevent")
"""Writing "change" here makes the kernel send an event about a CPU (ABI/testing/sysfs-uevent); nothing changes."""


async def test_an_event_names_the_part_that_changed_once_for_a_burst() -> None:
    if not os.access(TRIGGER, os.W_OK):
        sentence = f"{TRIGGER} cannot be written: run the tests as root to make a device event"
        pytest.fail(sentence) if os.environ.get("CI") else pytest.skip(sentence)
    told: asyncio.Queue[frozenset[str]] = asyncio.Queue()
    stop = udev.watch(asyncio.get_running_loop(), told.put_nowait)
    assert not isinstance(stop, str), stop
    try:
        for _ in range(3):
            TRIGGER.write_text("change")
        # Other devices of this host may come and go meanwhile.
        while "cpu" not in await asyncio.wait_for(told.get(), 60):
            pass
        assert told.empty(), "three events in a moment are one change"
    finally:
        stop()
