"""q and ctrl+q: what was edited and is not applied is asked about before the console ends."""

from __future__ import annotations

import pytest

from tests.machines import root_of
from tests.tui.consoles import Console, console
from vfiotui.demo.machine import machine
from vfiotui.model.base.mode import Mode


async def edit(app: Console) -> None:
    """Frees the first vCPU of the guest on Pin."""
    await app.press("3")
    await app.shows("score")
    await app.press("space")
    await app.shows("edited")


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_edited_pins_are_asked_about(key: str) -> None:
    async with console(root_of(machine("tower"), Mode.DEMO), (80, 24)) as app:
        await edit(app)
        await app.press("1", key)
        await app.shows("The pins of", "are not applied", "leave without it? type y")
        await app.press("n")
        await app.until(lambda: "leave without it" not in app.text)
        assert app.app._exit is False
        await app.press(key)
        await app.shows("leave without it? type y")
        await app.press("y")
        await app.until(lambda: app.app._exit)


async def test_a_second_ctrl_q_leaves() -> None:
    async with console(root_of(machine("tower"), Mode.DEMO), (80, 24)) as app:
        await edit(app)
        await app.press("ctrl+q")
        await app.shows("leave without it")
        await app.press("ctrl+q")
        await app.until(lambda: app.app._exit)


async def test_nothing_edited_nothing_asked() -> None:
    async with console(root_of(machine("tower"), Mode.DEMO), (80, 24)) as app:
        await edit(app)
        await app.press("u")
        await app.until(lambda: "edited" not in app.text)
        await app.press("q")
        await app.until(lambda: app.app._exit)
