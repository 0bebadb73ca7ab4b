"""The Host screen shows what the next boot starts: one line where it is small, every step where there is room."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import TOWER
from tests.machines import known_facts, root_of
from tests.model.boot.test_path import CLOSED, MENU, entry, path_of
from tests.tui.consoles import SIZES, console
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.boot.boot import Boot
from vfiotui.model.boot.cmdline import CommandLine
from vfiotui.model.facts import Facts
from vfiotui.tui.row import Row
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.screens.host.boot_path import boot_detail, boot_rows, boot_title
from vfiotui.tui.screens.host.screen import HostScreen
from vfiotui.tui.widgets.rows import Rows


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_pane_says_what_starts_and_opens_the_whole_path(size: tuple[int, int]) -> None:
    async with console(root_of(TOWER), size) as found:
        await found.shows("next boot", "GRUB starts 'Debian GNU/Linux', kernel 6.12.9-amd64")
        assert ("/boot/initrd.img-6.12.9-amd64" in found.text) is (size[1] > 24)
        found.app.screen.query_one("#boot", Rows).focus()
        await found.press("enter")
        await found.until(lambda: isinstance(found.app.screen, TextScreen))
        await found.shows("in /boot/grub/grub.cfg:4", "in /etc/default/grub", "booted")
        await found.press("escape")
        await found.until(lambda: isinstance(found.app.screen, HostScreen))
        await found.press("b")
        await found.shows("in /boot/grub/grub.cfg:4")


async def test_with_the_cursor_there_the_evidence_shows_it_too() -> None:
    async with console(root_of(TOWER), (160, 50)) as found:
        await found.shows("GRUB starts")
        found.app.screen.query_one("#boot", Rows).focus()
        await found.shows("in /boot/grub/grub.cfg:4")
        assert found.app.screen.query_one("#detail", Rows).border_title == "next boot"


def facts_with(path: object) -> Facts:
    facts = known_facts("tower")
    assert isinstance(facts.boot, Boot)
    return replace(facts, boot=replace(facts.boot, path=path))


def styled(rows: list[Row], words: str) -> str:
    return next(style for r in rows for text, style in r.runs if words in text)


def test_what_is_open_not_read_or_different_is_marked() -> None:
    both = facts_with(path_of(entry(MENU, "a"), entry(MENU, "b"), left_open="a person chooses"))
    assert styled(boot_rows(both, 80), "'a' or 'b': a person chooses") == "warn"
    assert styled(boot_rows(facts_with(CLOSED), 80), "not known: ") == "unknown"
    one = facts_with(path_of(entry(CommandLine("quiet other=1", "/x"))))
    assert styled(boot_rows(one, 80), "the next boot adds other=1") == "accent"
    no_boot = replace(known_facts("tower"), boot=Unread("the disk hangs", Why.NOT_HERE))
    assert "the disk hangs" in boot_rows(no_boot, 80)[0].text and "the disk hangs" in boot_detail(no_boot, 80)[0].text
    assert boot_title(no_boot) == "next boot"


@pytest.mark.parametrize("width", [10, 20, 78, 200])
def test_hostile_and_endless_names_stay_within_the_width(width: int) -> None:
    name = "\x1b[2J\u202e日" * 500
    facts = facts_with(path_of(replace(entry(CommandLine(name, name), name), initrds=(name,) * 50)))
    for rows in (boot_rows(facts, width), boot_detail(facts, max(width, 22))):
        assert not any("\x1b" in r.text or "\u202e" in r.text for r in rows)
    assert len({r.key for r in boot_rows(facts, width)}) == len(boot_rows(facts, width))
