"""What is asked for is read while it is asked for: nothing is open before and after."""

from __future__ import annotations

import asyncio

import pytest

from vfiotui.live.polled_topic import PolledTopic
from vfiotui.model.base.reading import Unread
from vfiotui.state.store import Store


class Counting:
    """Tells how often it was read; notes its end."""

    def __init__(self, log: list[str]) -> None:
        self._log = log
        self._reads = 0
        log.append("open")

    def read(self) -> int:
        self._reads += 1
        return self._reads

    def close(self) -> None:
        self._log.append("close")


async def come(store: Store, queue: asyncio.Queue[object], wanted: object) -> None:
    while await asyncio.wait_for(queue.get(), 60) != wanted:
        pass


async def test_it_reads_only_while_it_is_wanted() -> None:
    store, log, seen = Store(), [], asyncio.Queue[object]()  # type: ignore[var-annotated]
    feed = PolledTopic(store, "extra", 0.001, lambda: Counting(log))
    assert log == []
    leave = store.subscribe("extra", lambda topic: seen.put_nowait(store.get(topic)))
    await come(store, seen, 3)
    keep = store.subscribe("extra", lambda topic: None)
    leave()
    keep()
    await feed.stop()
    assert log == ["open", "close"]
    assert store.get("extra") is None, "an old value is no answer to a later question"


async def test_who_asks_again_at_once_is_answered_anew() -> None:
    store, log, seen = Store(), [], asyncio.Queue[object]()  # type: ignore[var-annotated]
    feed = PolledTopic(store, "extra", 0.001, lambda: Counting(log))
    for _ in range(3):
        leave = store.subscribe("extra", lambda topic: seen.put_nowait(store.get(topic)))
        await come(store, seen, 2)
        leave()
        await feed.stop()
    assert log == ["open", "close"] * 3


async def test_a_fault_is_a_sentence() -> None:
    store, seen = Store(), asyncio.Queue[object]()

    def broken() -> Counting:
        raise OSError("no such thing")

    feed = PolledTopic(store, "extra", 0.001, broken)
    leave = store.subscribe("extra", lambda topic: seen.put_nowait(store.get(topic)))
    told = await asyncio.wait_for(seen.get(), 60)
    assert isinstance(told, Unread) and "no such thing" in str(told)
    leave()
    await feed.stop()


async def test_nothing_runs_before_somebody_asks() -> None:
    before = asyncio.all_tasks()
    feed = PolledTopic(Store(), "extra", 0.001, lambda: pytest.fail("nobody asked"))
    assert asyncio.all_tasks() == before
    await feed.stop()
