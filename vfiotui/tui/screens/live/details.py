"""What Live reads only while somebody asks for it: exits, a trace, one host CPU closely."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from vfiotui.host.root.root import Root
from vfiotui.live.polled_topic import PolledTopic, Reader
from vfiotui.model.base.reading import Unread, Why
from vfiotui.state.store import Store
from vfiotui.state.topics import CORE, EXITS, TRACE, Topic

if TYPE_CHECKING:
    from vfiotui.host.live.core import CoreReader

EXITS_SECONDS, TRACE_SECONDS, CORE_SECONDS = 5.0, 1.0, 2.0
"""Seconds between two looks."""
NO_LIBVIRT = Unread("only libvirt on a running host reports exits", Why.NOT_HERE)


class LiveDetails:
    """Feeds the topics "exits", "trace" and "core"; the screen says of what."""

    def __init__(self, root: Root, store: Store, uri: str | None) -> None:
        """`uri` is the libvirt connection that is asked; without one, that of the running host."""
        self._root = root
        self._uri = uri
        self._store = store
        self.guest = ""
        """The guest whose exits are asked for."""
        self.core = 0
        """The host CPU that is looked at closely."""
        self.cpus: frozenset[int] = frozenset()
        self.tids: frozenset[int] = frozenset()
        """What is traced: CPUs, and the threads of the vCPUs on them."""
        self._feeds = (
            PolledTopic(store, EXITS, EXITS_SECONDS, self._exits),
            PolledTopic(store, TRACE, TRACE_SECONDS, self._trace),
            PolledTopic(store, CORE, CORE_SECONDS, lambda: _Core(self._root, lambda: self.core)),
        )

    def ask(self, topic: Topic[Any], tell: Callable[[str], None]) -> Callable[[], None]:
        """Begins to read a topic; the returned function ends it."""
        return self._store.subscribe(topic, tell)

    async def stop(self) -> None:
        """Ends all of it: nothing of a trace is left behind."""
        await asyncio.gather(*(f.stop() for f in self._feeds))

    def _exits(self) -> Reader:
        if not (self._root.is_live or self._uri):
            return _Nothing(NO_LIBVIRT)
        from vfiotui.virt.exits import ExitReader

        return _Given(ExitReader(self._uri), lambda: self.guest)

    def _trace(self) -> Reader:
        from vfiotui.live.tracing import TraceReader

        return TraceReader(self._root, self.cpus, self.tids)


class _Nothing:
    """Has the same answer always."""

    def __init__(self, why: Unread) -> None:
        self._why = why

    def read(self) -> Unread:
        return self._why

    def close(self) -> None:
        pass


class _Given:
    """A reader that wants to be told of what."""

    def __init__(self, reader: Any, what: Callable[[], Any]) -> None:
        self._reader = reader
        self._what = what

    def read(self) -> Any:
        return self._reader.read(self._what())

    def close(self) -> None:
        self._reader.close()


class _Core:
    """Goes along when another CPU is chosen."""

    def __init__(self, root: Root, chosen: Callable[[], int]) -> None:
        self._root = root
        self._chosen = chosen
        self._cpu = -1
        self._reader: CoreReader | None = None

    def read(self) -> Any:
        from vfiotui.host.live.core import CoreReader

        if self._reader is None or self._cpu != self._chosen():
            self.close()
            self._cpu = self._chosen()
            self._reader = CoreReader(self._root, self._cpu)
        return self._reader.read()

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
