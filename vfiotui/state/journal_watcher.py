"""Follows the journal of changes while somebody works at one; nothing is polled otherwise.

Everything here runs on the event loop; the reading is done in a worker.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.change.journal_folder import JOURNAL
from vfiotui.state.store import Store
from vfiotui.state.topics import CHANGES, LOG, READING

if TYPE_CHECKING:
    from vfiotui.model.change.journal import ChangeRecord

INTERVAL = 0.5
"""Seconds between two looks at a change that is at work: a file system does not announce another system's writes."""
Journal: TypeAlias = "Reading[tuple[ChangeRecord, ...]]"


def busy(journal: Journal | None) -> bool:
    """Whether a process is at work at one of the changes."""
    if not journal or isinstance(journal, Unread):
        return False
    from vfiotui.model.change.journal import BUSY

    return any(r.state in BUSY for r in journal)


class JournalWatcher:
    """Pushes the topics "changes", the journal, and "log", the pair of a change's folder and its log."""

    def __init__(self, root: Root, store: Store, ended: Callable[[], None]) -> None:
        """`ended` is called when the last change at work has come to its end."""
        self._root = root
        self._store = store
        self._ended = ended
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._awaited: set[int] = set()
        self._worked = False
        self._logged = ""

    def start(self) -> None:
        """Reads the journal whenever the host was read, and goes on while a change is at work."""
        self._task = asyncio.create_task(self._keep_true())
        self._store.subscribe(READING, self._host_was_read)

    def _host_was_read(self, _: str) -> None:
        if not self._store.get(READING):
            self.look()

    async def stop(self) -> None:
        """Ends it; the changes at work go on."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._task

    def look(self) -> None:
        """Reads the journal soon."""
        self._wake.set()

    def follow_log(self, folder: str) -> None:
        """The log of the change in this folder is wanted from now on; "" for none."""
        self._logged = folder
        self.look()

    def expect(self, pid: int) -> None:
        """A process was started that will write into the journal: looks until it has ended."""
        self._awaited.add(pid)
        # It may have ended before anybody looks.
        self._worked = True
        self.look()

    def settle(self, pid: int) -> None:
        """An expected process has ended."""
        self._awaited.discard(pid)
        self.look()

    def _read(self) -> tuple[Journal, str, Reading[str]]:
        """The journal and the wanted log; the log last, so that all words of an ended change are in it."""
        names = self._root.names(JOURNAL)
        if names == () or (isinstance(names, Unread) and names.why is Why.ABSENT):
            # Most hosts, at most times: what reads plans need not be loaded.
            return (), self._logged, ""
        from vfiotui.host import changes

        found = changes.read(self._root)
        folder = self._logged
        return found, folder, changes.read_log(self._root, folder) if folder else ""

    async def _keep_true(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            found, folder, log = await asyncio.to_thread(self._read)
            self._store.push(CHANGES, found)
            self._store.push(LOG, (folder, log))
            works = busy(found) or bool(self._awaited)
            if self._worked and not works:
                self._ended()
            self._worked = works
            if works:
                # Not wait_for: Python 3.11's forgets that it was cancelled where the event comes at the same moment.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(INTERVAL):
                        await self._wake.wait()
                self._wake.set()
