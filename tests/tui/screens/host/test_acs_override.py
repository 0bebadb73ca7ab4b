"""The question of the ACS override stands above the groups, where one holds several slots, and leads to its answer."""

from __future__ import annotations

import pytest

from tests.hosts import HOSTS
from tests.machines import known_facts, root_of
from tests.tui.consoles import SIZES, console
from vfiotui.demo.tower import TOWER
from vfiotui.tui.screens.host.groups import OVERRIDE_KEY, override_detail, override_row
from vfiotui.tui.widgets.rows import Rows


@pytest.mark.parametrize("size", SIZES)
async def test_enter_opens_the_answer(size: tuple[int, int]) -> None:
    async with console(root_of(TOWER), size) as found:
        await found.shows("groups")
        groups = found.app.screen.query_one("#groups", Rows)
        groups.focus()
        groups.select(OVERRIDE_KEY)
        await found.press("enter")
        await found.shows("pcie_acs_override=downstream", "needs multifunction too")


def test_a_host_whose_groups_hold_one_slot_is_not_asked() -> None:
    facts = known_facts("clean")
    assert list(override_row(facts.iommu.groups, "")) == []  # type: ignore[union-attr,arg-type]


def test_the_filter_keeps_it_where_it_fits() -> None:
    groups = known_facts("tower").iommu.groups  # type: ignore[union-attr]
    assert len(list(override_row(groups, "acs"))) == 1  # type: ignore[arg-type]
    assert list(override_row(groups, "nvme")) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("name", HOSTS)
def test_every_host_has_an_answer(name: str) -> None:
    rows = override_detail(known_facts(name), 60)
    assert rows and all(sum(len(run[0]) for run in r.runs) <= 60 for r in rows)
