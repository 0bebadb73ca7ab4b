"""The Host screen says above its findings what an odd host is and what is possible there, and copies it with them."""

from __future__ import annotations

import pytest

from tests.hosts import HOSTS
from tests.machines import known_facts, root_of
from tests.tui.consoles import SIZES, console
from vfiotui.rules import judge
from vfiotui.tui.screens.host.forum import forum_post
from vfiotui.tui.widgets.rows import Rows


@pytest.mark.parametrize("size", SIZES)
async def test_an_odd_host_is_named_above_the_findings(size: tuple[int, int]) -> None:
    async with console(root_of(HOSTS["vm-no-iommu"]), size) as found:
        await found.shows("Virtual machine (QEMU)", "The firmware")
        findings = found.app.screen.query_one("#findings", Rows)
        assert findings.key.startswith("finding IOMMU-"), "the cursor is on the first finding, not on the line above it"
        place = found.text.index("Virtual machine (QEMU)")
        assert place < found.text.index("The firmware")


async def test_an_ordinary_host_has_no_such_line() -> None:
    async with console(root_of(HOSTS["clean"])) as found:
        await found.shows("0 failed")
        assert "Physical machine" not in found.text


def test_what_is_copied_for_a_forum_says_it_too() -> None:
    facts = known_facts("container-lxc")
    assert "Container (LXC): no PCI passthrough here" in forum_post(facts, judge(facts)[:1])
    assert "Physical machine" not in forum_post(known_facts("clean"), ())
