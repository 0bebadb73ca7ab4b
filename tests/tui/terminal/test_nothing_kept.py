"""What lay over a screen is gone when it is left: the drawn lines of removed widgets are not kept."""

from __future__ import annotations

import gc

from textual._styles_cache import StylesCache
from textual.widget import Widget

from tests.hosts import TOWER
from tests.machines import root_of
from tests.tui.consoles import console
from vfiotui.model.base.mode import Mode

VISITS = 6


def kept() -> int:
    """Drawn lines of widgets that are no more; what is frozen is not asked for."""
    gc.collect()
    alive = {id(o._styles_cache) for o in gc.get_objects() if isinstance(o, Widget)}
    return sum(isinstance(o, StylesCache) and id(o) not in alive for o in gc.get_objects())


async def test_help_and_palette_leave_no_drawn_lines_behind() -> None:
    async with console(root_of(TOWER, Mode.DEMO)) as found:
        before = kept()
        for key in ("question_mark", "colon") * VISITS:
            await found.press(key)
            assert len(found.app.screen_stack) > 1
            await found.press("escape")
            assert len(found.app.screen_stack) == 1
        assert kept() - before < VISITS
