"""Values from another thread reach the loop whole, in order, and not after the end; a topic is drawn once."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from vfiotui.state.bridge import Bridge
from vfiotui.state.topics import COST, LIVE, MEMORY


async def test_values_of_a_thread_come_in_order_whatever_one_of_them_does() -> None:
    found: list[int] = []
    failed: list[Exception] = []
    done = asyncio.Event()

    def take(topic: str, value: int, keep: bool) -> None:
        assert topic == LIVE and keep
        if value == 7:
            raise ValueError(value)
        found.append(value)
        if value == 999:
            done.set()

    bridge = Bridge(take, lambda topic: None, failed.append)
    bridge.open()
    thread = threading.Thread(target=lambda: [bridge.post(LIVE, i, True) for i in range(1000)])
    thread.start()
    await asyncio.wait_for(done.wait(), 30)
    thread.join()
    bridge.close()
    assert found == [i for i in range(1000) if i != 7]
    assert [str(e) for e in failed] == ["7"]


async def test_what_comes_before_the_beginning_and_after_the_end_is_dropped() -> None:
    found: list[Any] = []
    bridge = Bridge(lambda *value: found.append(value), found.append, found.append)
    bridge.post(LIVE, 1, True)
    bridge.open()
    bridge.close()
    bridge.close()
    bridge.post(LIVE, 2, True)
    await asyncio.sleep(0)
    assert found == []


async def test_what_waits_is_taken_in_at_once_and_each_topic_is_drawn_once() -> None:
    done: list[Any] = []
    drawn = asyncio.Event()

    def take(topic: Any, value: int, keep: bool) -> None:
        done.append(value)
        bridge.tell(topic)

    def draw(topic: str) -> None:
        done.append(topic)
        drawn.set()

    bridge = Bridge(take, draw, done.append)
    bridge.open()
    for value, topic in enumerate((LIVE, MEMORY, LIVE, COST, LIVE)):
        bridge.post(topic, value, False)
    await asyncio.wait_for(drawn.wait(), 30)
    await asyncio.sleep(0)
    assert done == [0, 1, 2, 3, 4, LIVE, MEMORY, COST]
    bridge.close()


async def test_a_topic_that_cannot_be_drawn_holds_up_no_other() -> None:
    drawn: list[str] = []
    failed: list[Exception] = []

    def draw(topic: str) -> None:
        if topic == LIVE:
            raise ValueError(topic)
        drawn.append(topic)

    bridge = Bridge(lambda *value: None, draw, failed.append)
    for topic in (LIVE, COST, LIVE, COST):
        bridge.tell(topic)
    await asyncio.sleep(0)
    assert drawn == [COST] and [str(e) for e in failed] == [LIVE]
