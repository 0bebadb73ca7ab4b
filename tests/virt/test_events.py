"""libvirt's events on asyncio: nothing is called or freed inside libvirt's own calls, nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.virt.eager import eager_factory
from tests.virt.kills import figures
from tests.virt.libvirtd import Daemon, lone_daemon
from vfiotui.virt import link


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with lone_daemon() as real:
        yield real


@pytest.mark.needs_libvirtd
def test_a_link_outlives_its_daemons_and_keeps_nothing_of_them(daemon: Daemon) -> None:
    """Under the eager task factory that Textual sets from Python 3.12 on."""
    connected, left, code = figures(daemon, 4)
    assert code == 0
    assert left == {"handles": 0, "timers": 0, "to_free": 0}
    # The first connection loads modules; from then on each leaves what it found.
    assert len({said["descriptors"] for said in connected[1:]}) == 1, connected


@pytest.fixture
async def libvirt() -> Any:
    """libvirt with our events on the test's own loop, under the eager task factory."""
    module = pytest.importorskip("libvirt")
    loop = asyncio.get_running_loop()
    loop.set_task_factory(eager_factory())
    link.use_loop_for_events(loop)
    return module


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.001)


async def test_a_descriptor_is_heard_while_it_is_wanted(libvirt: Any) -> None:
    out, into = os.pipe()
    heard: list[tuple[int, int, Any]] = []

    def take(watch: int, fd: int, events: int, opaque: Any) -> None:
        heard.append((watch, events, opaque))
        os.read(fd, 100)

    watch = libvirt.virEventAddHandle(out, libvirt.VIR_EVENT_HANDLE_READABLE, take, "first")
    os.write(into, b"1")
    await until(lambda: heard)
    assert heard == [(watch, libvirt.VIR_EVENT_HANDLE_READABLE, "first")]

    libvirt.virEventUpdateHandle(watch, 0)
    os.write(into, b"2")
    await asyncio.sleep(0.02)
    assert len(heard) == 1, "it is not wanted now"

    # As libvirt does it: a worker changes what is waited for while the loop waits.
    await asyncio.to_thread(libvirt.virEventUpdateHandle, watch, libvirt.VIR_EVENT_HANDLE_READABLE)
    await until(lambda: len(heard) == 2)
    libvirt.virEventRemoveHandle(watch)
    os.close(into)
    os.close(out)


async def test_a_number_that_the_kernel_gives_again_is_heard(libvirt: Any) -> None:
    """A worker closes a descriptor that is watched; its number comes back with the next file."""
    heard: list[int] = []
    for _ in range(3):
        out, into = os.pipe()
        watch = libvirt.virEventAddHandle(out, 1, lambda *_: None, None)
        os.close(out)
        again, into_again = os.pipe()
        assert again == out
        second = libvirt.virEventAddHandle(again, 1, lambda w, fd, e, o: heard.append(len(os.read(fd, 9))), None)
        before = len(heard)
        os.write(into_again, b"12")
        await until(lambda before=before: len(heard) > before)
        for number in (watch, second):
            libvirt.virEventRemoveHandle(number)
        for fd in (into, again, into_again):
            os.close(fd)


async def test_a_hangup_is_reported_and_does_not_spin(libvirt: Any) -> None:
    out, into = os.pipe()
    heard: list[int] = []
    watch = libvirt.virEventAddHandle(out, 1, lambda w, fd, e, o: heard.append(e), None)
    os.close(into)
    await until(lambda: heard)
    assert heard[0] & libvirt.VIR_EVENT_HANDLE_HANGUP
    libvirt.virEventUpdateHandle(watch, 0)
    await asyncio.sleep(0)
    calls = len(heard)
    await asyncio.sleep(0.02)
    assert len(heard) == calls
    libvirt.virEventRemoveHandle(watch)
    os.close(out)


async def test_what_cannot_be_watched_is_refused(libvirt: Any, tmp_path: Any) -> None:
    with open(tmp_path / "plain", "w") as file, pytest.raises(libvirt.libvirtError):
        libvirt.virEventAddHandle(file.fileno(), 1, print, None)
    events = link._events
    assert events is not None and not events._handles


async def test_timers_repeat_stop_and_follow_the_loop_that_is_there(libvirt: Any) -> None:
    rings: list[int] = []
    timer = libvirt.virEventAddTimeout(0, lambda number, opaque: rings.append(number), None)
    await until(lambda: len(rings) >= 3)
    libvirt.virEventUpdateTimeout(timer, -1)
    await asyncio.sleep(0)
    stopped = len(rings)
    await asyncio.sleep(0.02)
    assert len(rings) == stopped

    libvirt.virEventUpdateTimeout(timer, 1)

    def elsewhere() -> None:
        """A second loop takes the events over, and ends."""

        async def there() -> None:
            link.use_loop_for_events(asyncio.get_running_loop())
            before = len(rings)
            await until(lambda: len(rings) > before)

        asyncio.run(there())

    await asyncio.to_thread(elsewhere)
    libvirt.virEventRemoveTimeout(timer)
    # What the closed loop could not free is freed by the next one.
    events = link._events
    assert events is not None
    link.use_loop_for_events(asyncio.get_running_loop())
    assert not events._timers and not events._to_free


async def test_nothing_is_freed_inside_a_call_of_libvirt(libvirt: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    events = link._events
    assert events is not None
    inside = threading.local()
    wrong: list[str] = []
    freed: list[Any] = []
    free = libvirt.virEventInvokeFreeCallback

    def noted(opaque: Any) -> None:
        if getattr(inside, "call", False):
            wrong.append("freed inside a call")
        freed.append(opaque)
        free(opaque)

    monkeypatch.setattr(libvirt, "virEventInvokeFreeCallback", noted)
    out, into = os.pipe()

    def add_and_remove() -> None:
        inside.call = True
        watch = libvirt.virEventAddHandle(out, 1, print, None)
        timer = libvirt.virEventAddTimeout(5, print, None)
        libvirt.virEventRemoveHandle(watch)
        libvirt.virEventRemoveTimeout(timer)
        inside.call = False

    add_and_remove()
    await asyncio.to_thread(add_and_remove)
    await until(lambda: len(freed) == 4)
    assert not wrong and not events._to_free
    os.close(out)
    os.close(into)
