"""The Host screen asked: for an area, a guest, a symptom; and where a finding leads."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from tests.hosts import TOWER
from tests.machines import known_facts, root_of
from tests.tui.consoles import SIZES, console
from vfiotui.model.areas import AREAS
from vfiotui.model.finding import Evidence, Finding, Severity, Verdict
from vfiotui.model.reading import Unread
from vfiotui.rules import catalogue, judge
from vfiotui.rules.symptoms import symptoms
from vfiotui.tui.screens.answer import AnswerScreen
from vfiotui.tui.screens.file import FileScreen, file_rows
from vfiotui.tui.screens.finding import FindingScreen
from vfiotui.tui.views.host_filter import HostFilter, area_rows, guest_choice_rows
from vfiotui.tui.views.places import Place, places_of, split_line
from vfiotui.tui.widgets.rows import Rows

HOSTILE = "x [/dev/vfio/1] [AMD] \x1b[2J"


def finding(subject: str, *paths: str, sentence: str = "It is so.") -> Finding:
    evidence = tuple(Evidence(p, "read") for p in paths)
    return Finding("X", "x", Verdict.FAILS, Severity.WARN, subject, sentence, evidence, area="H5")


def test_every_area_of_the_catalogue_has_words() -> None:
    assert {r.area for r in catalogue()} <= AREAS.keys()


def test_the_filter_keeps_by_area_and_guest_and_severity() -> None:
    facts = known_facts("tower")
    findings = judge(facts)
    assert {f.area for f in HostFilter("all", area="H7").keep(findings, facts)} == {"H7"}
    win10 = HostFilter("all", guest="win10").keep(findings, facts)
    assert {"0000:08:00.0"} <= {f.subject for f in win10} and not {f.subject for f in win10} & {"host", "0000:04:00.0"}
    assert HostFilter("all", guest="gone").keep(findings, facts) == []
    assert HostFilter("all", area="H7", guest="win10").title() == "all checks · reset · win10 · "
    assert HostFilter(guest=HOSTILE).title().isprintable()


def test_choices_count_what_they_lead_to() -> None:
    facts = known_facts("tower")
    findings = judge(facts)
    areas = area_rows(findings, 78)
    assert areas[0].key == "area " and f"{len(findings)} in all" in areas[0].text
    assert "area G2" in [r.key for r in areas][-1:]
    guests = guest_choice_rows(findings, facts, 78)
    assert [r.key for r in guests] == ["guest ", "guest arch-test", "guest macos", "guest win10"]


def test_a_finding_leads_to_its_device_its_guest_and_its_files() -> None:
    facts = known_facts("tower")
    found = places_of(
        finding("0000:08:00.0", "/sys/bus/pci/devices/0000:08:00.0/reset", "/etc/vfio.conf:3", "log"), facts
    )
    assert [p.key for p in found] == [
        "device 0000:08:00.0",
        "guest win10",
        "file /sys/bus/pci/devices/0000:08:00.0/reset",
        "file /etc/vfio.conf",
    ]
    assert found[-1] == Place("file", "/etc/vfio.conf", 3)
    assert places_of(finding("0000:77:00.0"), facts) == (), "a device that is not here is no place"
    assert places_of(finding("win10 vda"), facts) == (Place("guest", "win10"),)
    assert places_of(finding(HOSTILE), facts) == ()


def test_a_line_number_is_told_from_an_address() -> None:
    assert split_line("/sys/devices/pci0000:00") == ("/sys/devices/pci0000:00", 0)
    assert split_line("/a:b:12") == ("/a:b", 12)


def test_files_are_shown_with_numbers_and_without_orders_to_the_terminal() -> None:
    rows = file_rows(f"one\n{HOSTILE}\n", 2, 40)
    assert rows[1].runs[0][0].strip() == "2" and rows[1].runs[1][1] == "mark" and "\x1b" not in rows[1].text
    assert "needs root" in file_rows(Unread("needs root"), 0, 40)[0].text
    assert "empty" in file_rows("", 0, 40)[0].text


@pytest.mark.parametrize("size", SIZES)
async def test_a_finding_jumps_to_its_device(size: tuple[int, int]) -> None:
    async with console(root_of(TOWER), size) as found:
        await found.press("enter")
        await found.shows("Enter goes there:", "0000:04:00.0")
        await found.press("enter")
        groups = found.app.screen.query_one("#groups", Rows)
        await found.until(lambda: groups.has_focus and groups.key == "device 0000:04:00.0")


async def test_a_finding_jumps_to_its_guest_and_its_file() -> None:
    async with console(root_of(TOWER), (120, 40)) as found:
        await found.press("slash", *"emulator may", "enter", "enter")
        await found.until(lambda: isinstance(found.app.screen, FindingScreen))
        rows = found.app.screen.query_one(Rows)
        assert rows.key == "guest macos"
        await found.press("enter")
        await found.until(lambda: found.app.current_mode == "guests")
        await found.until(lambda: found.app.screen.query_one("#guests", Rows).key == "guest macos")
        await found.press("1", "escape", "slash", *"virqfd", "enter", "enter")
        await found.until(lambda: isinstance(found.app.screen, FindingScreen))
        await found.press("enter")
        await found.until(lambda: isinstance(found.app.screen, FileScreen))
        await found.shows(" file ", "vfio_virqfd")
        await found.press("escape")


async def test_an_area_and_a_guest_are_chosen_and_escape_wants_all_again() -> None:
    async with console(root_of(TOWER), (80, 24)) as found:
        await found.press("a")
        await found.shows("all areas", "old advice")
        await found.press("end", "enter")
        await found.shows("─ guests · ")
        await found.press("escape", "g")
        await found.shows("macos", "shut off")
        await found.press("down", "down", "enter")
        await found.shows("─ macos · ")
        await found.press("escape")
        await found.until(lambda: "macos · " not in found.text.split("\n")[2])


async def test_escape_in_a_choice_changes_nothing() -> None:
    async with console(root_of(TOWER), (80, 24)) as found:
        before = found.lines[1:]
        await found.press("a", "down", "escape", "g", "escape", "w", "escape")
        assert found.lines[1:] == before
        await found.press("a", "2")
        await found.until(lambda: found.app.current_mode == "isolate")


async def test_what_is_wrong_leads_from_a_symptom_to_the_finding_behind_it() -> None:
    async with console(root_of(TOWER), (80, 24)) as found:
        await found.press("w")
        await found.shows(*(s.name for s in symptoms()[:10]))
        await found.press("enter")
        await found.until(lambda: isinstance(found.app.screen, AnswerScreen))
        await found.shows("look yourself")
        await found.press("y", "escape")


async def test_a_forum_post_is_copied_as_markdown() -> None:
    async with console(root_of(TOWER), (120, 40)) as found:
        await found.press("y")
        assert found.app.clipboard.startswith("- **fail** `GROUP-FOREIGN` `0000:04:00.0: Group 14")
        await found.press("enter")
        await found.until(lambda: isinstance(found.app.screen, FindingScreen))
        await found.press("y", "escape")
        assert "/sys/kernel/iommu_groups/14" in found.app.clipboard
        assert not found.app.screen.query_one("#filter", Input).has_focus
