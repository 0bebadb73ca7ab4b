"""What the store's topics hold where something failed is shown, and ends no screen."""

from __future__ import annotations

import pytest

from tests.hosts import TOWER
from tests.machines import root_of
from tests.tui.consoles import console
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread
from vfiotui.state.topics import CORE, COST, CULPRITS, DEVICE_EVENTS, EXITS, LIVE, MEMORY, TRACE

FAILED = Unread("the reading failed (OSError: boom)")


async def test_device_events_that_do_not_come_are_said_once_and_stay_in_the_status_line() -> None:
    async with console(root_of(TOWER, Mode.DEMO)) as found:
        assert "no device events" not in found.text
        found.app.store.push(DEVICE_EVENTS, "device events are not followed: no [such] socket")
        await found.shows("no device events")
        assert [n.message for n in found.app._notifications] == ["device events are not followed: no [such] socket"]
        await found.press("6")
        assert "no device events" in found.lines[0], "on every screen"
        found.app.store.push(DEVICE_EVENTS, "")
        await found.until(lambda: "no device events" not in found.text)


@pytest.mark.parametrize("topic", [COST, MEMORY, LIVE, CULPRITS, TRACE, EXITS, CORE], ids=str)
async def test_a_reading_that_failed_ends_no_screen(topic: object) -> None:
    async with console(root_of(TOWER, Mode.DEMO), (160, 50)) as found:
        for keys in ("34", "5w", "5W", "5e", "3m"):
            await found.press(*keys)
            found.app.sampler.want(frozenset())
            found.app.store.push(topic, FAILED)  # type: ignore[arg-type]
            found.app.screen.redraw()
            await found.pilot.pause()
        assert found.app.is_running and found.app.return_code is None
