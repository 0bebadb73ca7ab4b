"""Device events of the running kernel."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
import pyudev

from vfiotui.host.pci import udev

TRIGGER = Path("/sys/devices/system/cpu/cpu0/uevent")
"""Writing "change" here makes the kernel send an event about a CPU (ABI/testing/sysfs-uevent); nothing changes."""


async def test_an_event_names_the_part_that_changed_once_for_a_burst() -> None:
    if not os.access(TRIGGER, os.W_OK):
        sentence = f"{TRIGGER} cannot be written: run the tests as root to make a device event"
        pytest.fail(sentence) if os.environ.get("CI") else pytest.skip(sentence)
    told: asyncio.Queue[frozenset[str]] = asyncio.Queue()
    stop = udev.watch(asyncio.get_running_loop(), told.put_nowait, pytest.fail)
    try:
        for _ in range(3):
            TRIGGER.write_text("change")
        # Other devices of this host may come and go meanwhile.
        while "cpu" not in await asyncio.wait_for(told.get(), 60):
            pass
        assert told.empty(), "three events in a moment are one change"
    finally:
        stop()


@pytest.fixture
def monitors(monkeypatch: pytest.MonkeyPatch) -> list[pyudev.Monitor]:
    """The monitors that are made from now on."""
    made: list[pyudev.Monitor] = []
    real = pyudev.Monitor.from_netlink.__func__

    def from_netlink(kind: type[pyudev.Monitor], context: pyudev.Context, source: str) -> pyudev.Monitor:
        made.append(real(kind, context, source))
        return made[-1]

    monkeypatch.setattr(pyudev.Monitor, "from_netlink", classmethod(from_netlink))
    return made


async def test_more_events_than_the_kernel_keeps_mean_that_every_part_may_have_changed(
    monitors: list[pyudev.Monitor],
) -> None:
    if not os.access(TRIGGER, os.W_OK):
        sentence = f"{TRIGGER} cannot be written: run the tests as root to make a device event"
        pytest.fail(sentence) if os.environ.get("CI") else pytest.skip(sentence)
    told: asyncio.Queue[frozenset[str]] = asyncio.Queue()
    stop = udev.watch(asyncio.get_running_loop(), told.put_nowait, pytest.fail)
    try:
        monitors[0].set_receive_buffer_size(4096)
        # The loop does not turn meanwhile, so that the socket's buffer overflows.
        for _ in range(200):
            TRIGGER.write_text("change")
        assert await asyncio.wait_for(told.get(), 60) >= udev.PARTS
        TRIGGER.write_text("change")
        assert "cpu" in await asyncio.wait_for(told.get(), 60), "later events still come"
    finally:
        stop()


async def test_a_monitor_that_breaks_says_so_and_is_not_watched_any_more(monitors: list[pyudev.Monitor]) -> None:
    said: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    stop = udev.watch(loop, lambda parts: None, said.put_nowait)
    try:
        fd = monitors[0].fileno()
        readable = loop._selector.get_key(fd).data[0]  # type: ignore[attr-defined]
        with open("/dev/null", "rb") as other:
            os.dup2(other.fileno(), fd)
            readable._run()
        assert "not followed any more" in (sentence := said.get_nowait()) and "r reads the devices again" in sentence
        assert not loop.remove_reader(fd)
    finally:
        stop()


async def test_without_pyudev_a_sentence_says_that_events_do_not_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyudev", None)
    said: list[str] = []
    udev.watch(asyncio.get_running_loop(), lambda parts: None, said.append)()
    assert len(said) == 1 and "pyudev cannot be loaded" in said[0]
