"""The journal is followed: whoever is expected is waited for, and the end of a change is told once."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from tests.trees import folder_root
from vfiotui.state.journal_watcher import JournalWatcher
from vfiotui.state.store import Store


async def test_a_change_that_ends_before_anybody_looks_is_told(tmp_path: Path) -> None:
    told = asyncio.Event()
    store = Store()
    follow = JournalWatcher(folder_root(tmp_path, {"/etc/x": ""}), store, told.set)
    follow.start()
    try:
        follow.expect(5)
        follow.settle(5)
        await asyncio.wait_for(told.wait(), 60)
        told.clear()
        read = asyncio.Event()
        store.subscribe("log", lambda _: read.set())
        follow.follow_log("/var/lib/vfiotui/changes/0001-x")
        await asyncio.wait_for(read.wait(), 60)
        assert not told.is_set()
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await follow.stop()
