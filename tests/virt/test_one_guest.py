"""An event has that guest read which it names, and those of a burst together: libvirt's own test driver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest

from vfiotui.model.base.reading import Unread
from vfiotui.model.guest.domain import Domain, Virt
from vfiotui.virt import link, read_connection
from vfiotui.virt.link import LibvirtConnection

URI = "test:///default"
"""All connections of a process to it share one host."""
GUEST = """<domain type='test'><name>{name}</name><memory>1024</memory><vcpu>1</vcpu><os><type>hvm</type></os>
<devices>{devices}</devices></domain>"""
NETWORK = "<network><name>shared</name><uuid>4a3d1b6e-0000-4000-8000-00000000000a</uuid></network>"
COUNT = 20


class Followed:
    """A link, a second connection that changes its guests, and what was read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.virts: list[Virt] = []
        self.read: list[str] = []
        self.told = asyncio.Event()
        self.link = LibvirtConnection(URI, self._take)
        real = read_connection.guest_of

        def guest_of(handle: Any, uri: str) -> Any:
            self.read.append(handle.name())
            return real(handle, uri)

        monkeypatch.setattr(read_connection, "guest_of", guest_of)

    def _take(self, virt: Virt) -> None:
        self.virts.append(virt)
        self.told.set()

    async def until(self, true: Callable[[], Any]) -> None:
        async def wait() -> None:
            while not true():
                self.told.clear()
                await self.told.wait()

        await asyncio.wait_for(wait(), 60)

    def guest(self, name: str) -> Domain | None:
        domains = self.virts[-1].domains if self.virts else ()
        return None if isinstance(domains, Unread) else next((d for d in domains if d.name == name), None)


@pytest.fixture
async def followed(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Followed, Any]]:
    libvirt = pytest.importorskip("libvirt")
    found = Followed(monkeypatch)
    task = asyncio.create_task(found.link.run())
    await found.until(lambda: found.virts)
    host = libvirt.open(URI)
    guests = [host.defineXML(GUEST.format(name=f"g{i:02}", devices="")) for i in range(COUNT)]
    await found.until(lambda: found.guest(f"g{COUNT - 1:02}"))
    found.virts, found.read = found.virts[-1:], []
    yield found, host
    for guest in guests:
        with suppress(libvirt.libvirtError):
            guest.destroy()
        with suppress(libvirt.libvirtError):
            guest.undefine()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    host.close()


async def test_an_event_reads_the_guest_that_it_names_and_no_other(followed: tuple[Followed, Any]) -> None:
    found, host = followed
    before = {d.name: d for d in found.virts[-1].domains}  # type: ignore[union-attr]
    host.lookupByName("g07").create()
    await found.until(lambda: (g := found.guest("g07")) and g.state == "running")
    assert set(found.read) == {"g07"}
    after = {d.name: d for d in found.virts[-1].domains}  # type: ignore[union-attr]
    assert list(after) == sorted(before), "all guests are still there, in their order"
    assert [n for n in after if after[n] is not before[n]] == ["g07"], "the others are the same objects"


async def test_a_guest_that_comes_and_one_that_goes_are_seen_without_the_others(followed: tuple[Followed, Any]) -> None:
    found, host = followed
    host.lookupByName("g03").undefine()
    await found.until(lambda: found.guest("g03") is None)
    host.defineXML(GUEST.format(name="a-new-one", devices=""))
    try:
        await found.until(lambda: found.guest("a-new-one"))
        assert set(found.read) <= {"g03", "a-new-one"}
        assert found.virts[-1].domains[0].name == "a-new-one", "sorted by name"  # type: ignore[union-attr]
    finally:
        host.lookupByName("a-new-one").undefine()


async def test_a_burst_is_read_once(followed: tuple[Followed, Any]) -> None:
    found, host = followed
    for _ in range(5):
        for name in ("g01", "g02", "g11"):
            host.lookupByName(name).create()
            host.lookupByName(name).destroy()
    host.lookupByName("g11").create()
    await found.until(lambda: (g := found.guest("g11")) and g.state == "running")
    # All of these events were made before the loop turned: they come together.
    assert len(found.virts) == 2 and sorted(found.read) == ["g01", "g02", "g11"]


async def test_an_event_waits_a_little_for_those_that_come_with_it(
    followed: tuple[Followed, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, host = followed
    monkeypatch.setattr(link, "GATHER", 1.0)
    async with asyncio.timeout(60):
        for name in ("g01", "g02", "g11"):
            guest = host.lookupByName(name)
            guest.create()
            while guest.UUIDString() not in found.link._stale:
                await asyncio.sleep(0)
                assert not found.read, "an event is in hand, and others come"
    await found.until(lambda: len(found.virts) > 1)
    assert sorted(found.read) == ["g01", "g02", "g11"]


async def test_what_a_person_asks_for_reads_all(followed: tuple[Followed, Any]) -> None:
    found, _ = followed
    found.link.read_again()
    await found.until(lambda: len(found.virts) > 1)
    assert len(found.read) >= COUNT


async def test_a_network_that_has_changed_is_seen_by_every_guest_that_names_it(followed: tuple[Followed, Any]) -> None:
    found, host = followed
    card = "<interface type='network'><source network='shared'/></interface>"
    network = host.networkDefineXML(NETWORK)
    try:
        for name in ("g05", "g06"):
            uuid = f"</name><uuid>{host.lookupByName(name).UUIDString()}</uuid>"
            host.defineXML(GUEST.format(name=name, devices=card).replace("</name>", uuid))
        await found.until(lambda: all((g := found.guest(n)) and g.networks for n in ("g05", "g06")))
        network.undefine()
        found.read.clear()
        host.lookupByName("g05").create()
        await found.until(lambda: (g := found.guest("g05")) and g.state == "running")
        assert set(found.read) == {"g05"}
        kinds = {n: found.guest(n).networks[0].network for n in ("g05", "g06")}  # type: ignore[union-attr]
        assert isinstance(kinds["g05"], Unread) and kinds["g06"] == kinds["g05"]
    finally:
        with suppress(Exception):
            network.undefine()


async def test_what_no_event_tells_of_is_seen_with_the_first_event_after_a_while(
    followed: tuple[Followed, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, host = followed
    host.lookupByName("g09").setAutostart(1)
    host.lookupByName("g01").create()
    await found.until(lambda: (g := found.guest("g01")) and g.state == "running")
    assert found.read == ["g01"] and not found.guest("g09").autostart  # type: ignore[union-attr]
    monkeypatch.setattr(link, "WHOLE_SECONDS", -1.0)
    host.lookupByName("g01").destroy()
    await found.until(lambda: (g := found.guest("g01")) and g.state == "shut off")
    assert found.guest("g09").autostart  # type: ignore[union-attr]
