"""What Live shows when it is asked: figures stay apart, whatever their size."""

from __future__ import annotations

from vfiotui.model.live.exits import GuestExits, VcpuExits
from vfiotui.model.live.rates import FIRST
from vfiotui.tui.screens.live.details_view import exit_rows


def test_exits_by_the_million_stay_apart_in_80_columns() -> None:
    figures = (1_380_966.0, 32_900.0, 61_123.0, 99_000.0, 1_380_966.0, 999.9, 1000.0)
    look = GuestExits("g", 10.0, 5.0, (VcpuExits(0, *figures),), 2.0)
    head, line, cost = (r.text for r in exit_rows(look, 80))
    assert line.split() == ["v0", *(f"{f:,.0f}" for f in figures[:5]), "999.9", "1,000.0"]
    assert max(map(len, (head, line, cost))) <= 80 and head.rstrip().endswith("lost ms/s")


def test_the_first_look_says_that_rates_come_with_the_next() -> None:
    look = GuestExits("g", 10.0, 0.0, (VcpuExits(0, *[FIRST] * 7),), 70.0)
    assert "next look" in exit_rows(look, 80)[-1].text
