"""The console tells once of a guest that started without the huge pages it asks for."""

from __future__ import annotations

from tests.machines import root_of
from tests.tui.consoles import console
from vfiotui.demo.machine import machine
from vfiotui.live.monitor import Started
from vfiotui.model.base.mode import Mode


async def test_a_guest_without_its_pages_is_told_of_once_and_marked() -> None:
    async with console(root_of(machine("thp-missing"), Mode.DEMO), (120, 40)) as found:
        await found.press("5")
        await found.until(lambda: len(found.app.history) > 1)
        await found.app.news.judge_pages([Started("win10", 0.0)])
        await found.app.news.judge_pages([Started("win10", 0.0)])
        # The demo machine's own alarms are told, too.
        (told,) = [n for n in found.app._notifications if n.title == "huge pages"]
        assert told.message.startswith("win10") and not told.markup

        def marked() -> int:
            return [mark.text for mark in found.app.history.marks].count(told.message)

        await found.until(marked, "the next sample carries the mark")
        assert marked() == 1
