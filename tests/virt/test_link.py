"""The link against a real libvirtd with real QEMU guests: events, a killed daemon, its return."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.virt.libvirtd import Daemon, lone_daemon
from vfiotui.model.base.reading import Unread
from vfiotui.model.guest.domain import Domain, Virt
from vfiotui.virt import link as link_module
from vfiotui.virt import read_domains as once
from vfiotui.virt.link import LibvirtConnection

pytestmark = pytest.mark.needs_libvirtd


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with lone_daemon() as real:
        yield real


class Seen:
    """What a link told, and a way to wait for it."""

    def __init__(self) -> None:
        self.virt: Virt | None = None
        self._news = asyncio.Condition()
        self._waiting: list[asyncio.Task[None]] = []

    def take(self, virt: Virt) -> None:
        self.virt = virt
        self._waiting.append(asyncio.ensure_future(self._ring()))

    async def _ring(self) -> None:
        async with self._news:
            self._news.notify_all()

    def guest(self, name: str) -> Domain | None:
        if self.virt is None or isinstance(self.virt.domains, Unread):
            return None
        return next((d for d in self.virt.domains if d.name == name), None)

    async def until(self, true: Callable[[], bool], what: str) -> None:
        async def wait() -> None:
            async with self._news:
                await self._news.wait_for(true)

        try:
            await asyncio.wait_for(wait(), 60)
        except TimeoutError:
            pytest.fail(f"not seen in time: {what}; last was {self.virt and self.virt.detail}")


async def blocking(use: Callable[..., object], *words: object) -> None:
    await asyncio.to_thread(use, *words)


async def test_a_guests_whole_life_and_the_daemons_death(daemon: Daemon) -> None:
    """One story in one loop, because libvirt delivers its events to one loop in a process."""
    seen = Seen()
    link = LibvirtConnection(daemon.uri, seen.take)
    task = asyncio.create_task(link.run())
    try:
        await seen.until(lambda: seen.virt is not None and seen.virt.connected, "the connection")
        assert seen.virt is not None and "QEMU" in seen.virt.detail

        await blocking(daemon.define, "game")
        await seen.until(lambda: seen.guest("game") is not None, "the definition")
        guest = seen.guest("game")
        assert guest is not None and guest.state == "shut off" and guest.vcpus == 2 and guest.persistent

        await blocking(daemon.virsh, "start", "game", "--paused")
        await seen.until(lambda: seen.guest("game").state == "paused", "the paused start")  # type: ignore[union-attr]
        await blocking(daemon.virsh, "resume", "game")
        await seen.until(lambda: seen.guest("game").state == "running", "the resume")  # type: ignore[union-attr]

        await blocking(daemon.virsh, "vcpupin", "game", "1", "0", "--live")
        await seen.until(lambda: dict(seen.guest("game").vcpu_pins).get(1) == {0}, "the pin")  # type: ignore[union-attr]

        rng = "<rng model='virtio'><backend model='random'>/dev/urandom</backend><alias name='ua-rng'/></rng>"
        file = daemon.folder / "rng.xml"
        file.write_text(rng)
        attached = daemon.virsh("attach-device", "game", str(file), "--live", check=False)
        if attached.returncode == 0:
            await seen.until(lambda: "ua-rng" in seen.guest("game").xml, "the attached device")  # type: ignore[union-attr]

        await blocking(daemon.kill)
        await seen.until(lambda: seen.virt is not None and not seen.virt.connected, "the loss")
        assert seen.virt is not None and "tried again" in seen.virt.detail
        assert seen.guest("game") is not None, "the last known guests stay"

        await blocking(daemon.start)
        await seen.until(lambda: seen.virt is not None and seen.virt.connected, "the return")
        guest = seen.guest("game")
        assert guest is not None and guest.state == "running", "QEMU outlived the daemon"
        assert dict(guest.vcpu_pins).get(1) == {0}

        await blocking(daemon.virsh, "destroy", "game")
        await seen.until(lambda: seen.guest("game").state == "shut off", "the end, after the return")  # type: ignore[union-attr]
        await blocking(daemon.virsh, "undefine", "game")
        await seen.until(lambda: seen.guest("game") is None, "the undefinition")
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def test_one_look_tells_the_same(daemon: Daemon) -> None:
    daemon.define("other")
    virt = once.read(daemon.uri, seconds=20)
    assert virt.connected, virt.detail
    assert not isinstance(virt.domains, Unread)
    assert [d.name for d in virt.domains if d.name == "other"] == ["other"]


def test_no_daemon_is_a_sentence_with_what_to_do() -> None:
    virt = once.read("qemu+unix:///system?socket=/nowhere/sock", seconds=10)
    assert not virt.connected
    assert isinstance(virt.domains, Unread)
    assert "start the daemon" in virt.detail


@pytest.mark.parametrize("uri", ["nonsense", "qemu+bad:///x"])
def test_a_uri_that_libvirt_does_not_know(uri: str) -> None:
    virt = once.read(uri, seconds=10)
    assert not virt.connected and "--connect" in virt.detail, virt.detail


async def test_a_call_that_is_stuck_in_libvirt_holds_up_no_later_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "DEADLINE", 0.2)
    link = LibvirtConnection("test:///default", lambda virt: None)
    answers, free = threading.Event(), threading.Event()

    def stuck() -> None:
        answers.set()
        free.wait(60)

    try:
        with pytest.raises(TimeoutError):
            await link._call(stuck)
        assert answers.is_set()
        monkeypatch.setattr(link_module, "DEADLINE", 60.0)
        first = await asyncio.wait_for(link._call(threading.current_thread), 30)
        assert not free.is_set() and first is await link._call(threading.current_thread), "one worker, in order"
    finally:
        free.set()
        link._pool.shutdown(wait=True)


@pytest.mark.parametrize("turns", range(5))
async def test_a_call_that_is_cancelled_while_its_answer_arrives_is_cancelled(turns: int) -> None:
    """Else the console waits for ever for a connection that it has ended."""
    link, answer = LibvirtConnection("test:///default", lambda virt: None), threading.Event()
    call = asyncio.create_task(link._call(answer.wait))
    await asyncio.sleep(0)
    answer.set()
    link._pool.submit(int).result()  # The one worker is done with the call; the loop has not turned since.
    for _ in range(turns):
        await asyncio.sleep(0)
    if call.cancel():
        with pytest.raises(asyncio.CancelledError):
            await call
    link._pool.shutdown()
