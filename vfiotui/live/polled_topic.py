"""Reads what costs more than a live figure: only while somebody asks for it, in a worker, and seldom."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Protocol

from vfiotui.model.base.reading import Unread, Why
from vfiotui.state.store import Store
from vfiotui.state.topics import Topic


class Reader(Protocol):
    """Reads over and over, and holds files or connections meanwhile."""

    def read(self) -> Any:
        """One value; blocks."""

    def close(self) -> None:
        """Lets everything go; blocks."""


class PolledTopic:
    """Feeds one topic while it is wanted; otherwise there is no task, no timer and nothing open."""

    def __init__(self, store: Store, topic: Topic[Any], seconds: float, opened: Callable[[], Reader]) -> None:
        """`opened` makes a reader, in a worker, each time that the topic is wanted anew."""
        self._store = store
        self._topic = topic
        self._seconds = seconds
        self._opened = opened
        self._task: asyncio.Task[None] | None = None
        self._unwanted = asyncio.Event()
        store.on_wanted(self._hear)

    def _hear(self, wanted: frozenset[str]) -> None:
        if self._topic not in wanted:
            self._unwanted.set()
        elif self._task is None:
            self._unwanted.clear()
            self._task = asyncio.get_running_loop().create_task(self._run())
        else:
            self._unwanted.clear()

    async def _run(self) -> None:
        try:
            while not self._unwanted.is_set():
                await self._feed()
        finally:
            self._task = None

    async def _feed(self) -> None:
        reader: Reader | None = None
        try:
            reader = await asyncio.to_thread(self._opened)
            while not self._unwanted.is_set():
                value = await asyncio.to_thread(reader.read)
                if not self._unwanted.is_set():
                    self._store.push(self._topic, value)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._unwanted.wait(), self._seconds)
        except Exception as error:
            self._store.push(self._topic, Unread(f"the reading failed ({type(error).__name__}: {error})", Why.DAMAGED))
            await self._unwanted.wait()
        finally:
            if reader is not None:
                await asyncio.shield(asyncio.to_thread(reader.close))
            if self._unwanted.is_set():
                self._store.push(self._topic, None)

    async def stop(self) -> None:
        """Ends it, and waits until everything is let go."""
        self._unwanted.set()
        task = self._task
        if task is not None:
            with contextlib.suppress(Exception):
                await task
