"""A lasting link to libvirt on the event loop: events, re-reading, reconnection.

An event says which guest changed: what that one is now is refresh, and no other. libvirt's calls block and run in
one worker thread, in order. A dead daemon is a state: the guests live on, the last known ones stay shown.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from vfiotui.model.base.reading import Unread
from vfiotui.model.base.value import replace
from vfiotui.model.guest.domain import Virt
from vfiotui.virt.connect import DEFAULT_URI, NoConnection, load, not_connected, open_connection
from vfiotui.virt.events import LoopEvents
from vfiotui.virt.read_connection import ConnectionReader

BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between tries to reach a daemon."""
DEADLINE = 10.0
"""Seconds after which a call that gives no answer counts as a lost connection."""
KEEPALIVE = (5, 3)
"""Seconds between questions to the daemon, and how many may stay unanswered."""

GATHER = 0.1
"""Seconds after an event within which others are read together with it: a start alone makes a handful."""
WHOLE_SECONDS = 300.0
"""libvirt sends no event for some changes of a definition (autostart, vcpupin --config): the first event after so long
has all guests read."""

_events: LoopEvents | None = None


def use_loop_for_events(loop: asyncio.AbstractEventLoop) -> None:
    """Lets libvirt deliver events on this loop, which must be the running one; must come before connecting.

    libvirt takes one event implementation in the life of a process: it moves to the loop of the latest link.
    """
    global _events
    if _events is None:
        _events = LoopEvents(load())
    _events.move_to(loop)


def _worker() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="libvirt")


def _close(connection: Any, callbacks: list[int]) -> None:
    """Closes a connection; blocks. Every callback holds a reference: one that is left keeps the connection alive."""
    for number in callbacks:
        with contextlib.suppress(Exception):  # It is forgotten here, whatever the daemon answers.
            connection.domainEventDeregisterAny(number)
    with contextlib.suppress(Exception):
        connection.unregisterCloseCallback()
    with contextlib.suppress(Exception):
        connection.close()


class LibvirtConnection:
    """Keeps a Virt up to date and hands every new one to `on_virt`, on the loop."""

    def __init__(self, uri: str | None, on_virt: Callable[[Virt], None]) -> None:
        self.uri = uri or DEFAULT_URI
        self._on_virt = on_virt
        self._last: Virt | None = None
        self._changed = asyncio.Event()
        self._all_stale = True
        """Whether all guests are to be read, and not only those that events named."""
        self._stale: set[str] = set()
        """UUIDs of the guests that events named."""
        self._reader: ConnectionReader | None = None
        self._lost = asyncio.Event()
        self._why_lost = ""
        self._connection: Any = None
        self._loop: asyncio.AbstractEventLoop
        self._callbacks: list[int] = []
        self._pool = _worker()

    async def run(self) -> None:
        """Connects, follows events and reconnects until cancelled."""
        try:
            libvirt = load()
        except NoConnection as error:
            self._tell(not_connected(self.uri, str(error)))
            return
        self._loop = asyncio.get_running_loop()
        use_loop_for_events(self._loop)
        tries = 0
        try:
            while True:
                try:
                    await self._connect(libvirt)
                    tries = 0
                    await self._follow(libvirt)
                except (NoConnection, libvirt.libvirtError, TimeoutError) as error:
                    self._tell_lost(str(error) or f"{self.uri} gave no answer in {DEADLINE:g} s")
                await self._disconnect()
                await asyncio.sleep(BACK_OFF[min(tries, len(BACK_OFF) - 1)])
                tries += 1
        finally:
            await self._disconnect()
            self._pool.shutdown(wait=False, cancel_futures=True)

    def read_again(self) -> None:
        """Asks for all guests to be read anew."""
        self._all_stale = True
        self._changed.set()

    async def _call(self, use: Callable[..., Any], *arguments: Any) -> Any:
        """A blocking call in the worker, with the deadline."""
        loop = asyncio.get_running_loop()
        try:
            # Not wait_for: Python 3.11's forgets that it was cancelled where the answer comes at the same moment.
            async with asyncio.timeout(DEADLINE):
                return await loop.run_in_executor(self._pool, use, *arguments)
        except TimeoutError:
            # The worker is stuck inside libvirt: it is left behind, the next call gets a fresh one.
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = _worker()
            raise

    async def _connect(self, libvirt: Any) -> None:
        self._lost.clear()
        self._connection = await self._call(open_connection, self.uri)
        await self._call(self._register, libvirt)
        self._reader = ConnectionReader(self._connection, self.uri)
        self.read_again()

    def _register(self, libvirt: Any) -> None:
        """Registers for every event that changes what is shown; those a driver lacks are left out."""
        connection = self._connection
        with contextlib.suppress(libvirt.libvirtError):
            connection.setKeepAlive(*KEEPALIVE)
        connection.registerCloseCallback(self._on_close, None)
        for name in ("LIFECYCLE", "TUNABLE", "DEVICE_ADDED", "DEVICE_REMOVED", "REBOOT", "METADATA_CHANGE"):
            event = getattr(libvirt, f"VIR_DOMAIN_EVENT_ID_{name}")
            with contextlib.suppress(libvirt.libvirtError):
                self._callbacks.append(connection.domainEventRegisterAny(None, event, self._on_event, None))

    def _on_event(self, connection: Any, domain: Any, *_: Any) -> None:
        self._stale.add(domain.UUIDString())
        self._changed.set()

    def _on_close(self, connection: Any, reason: int, opaque: Any) -> None:
        """libvirt calls this from the thread that noticed: the loop's or a worker."""
        words = ("of an error", "the daemon ended it", "it stopped answering", "it was closed here")
        why = f"the connection to {self.uri} is lost because {words[reason] if reason < 4 else 'it broke'}"
        with contextlib.suppress(RuntimeError):  # The loop is closed: there is no console any more.
            self._loop.call_soon_threadsafe(self._lose, connection, why)

    def _lose(self, connection: Any, why: str) -> None:
        if connection is self._connection:
            self._why_lost = why
            self._lost.set()
            self._changed.set()

    async def _follow(self, libvirt: Any) -> None:
        """Reads the guests that events named, those of a burst together, until the connection is lost."""
        reader = self._reader
        assert reader is not None
        whole_at = self._loop.time()
        while True:
            await self._changed.wait()
            if not self._all_stale and not self._lost.is_set():
                await asyncio.sleep(GATHER)
            self._changed.clear()
            if self._lost.is_set():
                raise NoConnection(self._why_lost)
            stale, self._stale = self._stale, set()
            everything = self._all_stale or self._loop.time() - whole_at > WHOLE_SECONDS
            self._all_stale = False
            whole_at = self._loop.time() if everything else whole_at
            self._tell(await (self._call(reader.read_all) if everything else self._call(reader.read, stale)))

    async def _disconnect(self) -> None:
        connection, callbacks = self._connection, self._callbacks
        self._connection, self._callbacks = None, []
        if connection is not None:
            with contextlib.suppress(TimeoutError):
                await self._call(_close, connection, callbacks)

    def _tell(self, virt: Virt) -> None:
        self._last = virt
        self._on_virt(virt)

    def _tell_lost(self, sentence: str) -> None:
        """Without a connection the last known guests stay: QEMU does not die with the daemon."""
        sentence = f"{sentence}; it is tried again"
        last = self._last
        if last is None or isinstance(last.domains, Unread):
            self._tell(not_connected(self.uri, sentence))
        else:
            self._tell(replace(last, connected=False, detail=sentence))
