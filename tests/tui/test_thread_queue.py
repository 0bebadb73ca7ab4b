"""Values from another thread reach the loop whole, in order, and not after the end."""

from __future__ import annotations

import asyncio
import threading

from vfiotui.tui.thread_queue import ThreadQueue


async def test_values_of_a_thread_come_in_order_whatever_one_of_them_does() -> None:
    found: list[int] = []
    failed: list[Exception] = []
    done = asyncio.Event()

    def take(value: int) -> None:
        if value == 7:
            raise ValueError(value)
        found.append(value)
        if value == 999:
            done.set()

    inbox = ThreadQueue(take, failed.append)
    thread = threading.Thread(target=lambda: [inbox.put(i) for i in range(1000)])
    thread.start()
    await asyncio.wait_for(done.wait(), 30)
    thread.join()
    inbox.close()
    assert found == [i for i in range(1000) if i != 7]
    assert [str(e) for e in failed] == ["7"]


async def test_what_comes_after_the_end_is_for_nobody() -> None:
    found: list[int] = []
    inbox = ThreadQueue(found.append, lambda error: None)
    inbox.close()
    inbox.close()
    inbox.put(1)
    await asyncio.sleep(0)
    assert found == []
