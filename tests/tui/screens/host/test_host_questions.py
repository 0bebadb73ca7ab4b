"""The Host screen asked: for an area, a guest, a symptom; and where a finding leads."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from textual.widgets import Input

from tests.hosts import TOWER
from tests.machines import known_facts, root_of
from tests.tui.consoles import SIZES, Console, caps, console
from vfiotui.demo.broken import BROKEN
from vfiotui.host import gather
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.finding.areas import AREAS
from vfiotui.model.finding.finding import Evidence, Finding, Severity, Verdict
from vfiotui.rules import catalogue, judge
from vfiotui.rules.symptoms import symptoms
from vfiotui.tui.app import ConsoleApp
from vfiotui.tui.screens.host.answer import AnswerScreen
from vfiotui.tui.screens.host.file import FileScreen, file_rows
from vfiotui.tui.screens.host.filter import HostFilter, area_rows, guest_choice_rows
from vfiotui.tui.screens.host.finding import FindingScreen
from vfiotui.tui.screens.host.places import Place, places_of, split_line
from vfiotui.tui.screens.host.symptoms import show_answer
from vfiotui.tui.widgets.rows import Rows


def held(read: Callable[[Root], Any], go: Event) -> Callable[[Root], Any]:
    """A reader that waits, as behind a sick device."""

    def wait(root: Root) -> Any:
        go.wait(30)
        return read(root)

    return wait


HOSTILE = "x [/dev/vfio/1] [AMD] \x1b[2J"


def finding(subject: str, *paths: str, sentence: str = "It is so.") -> Finding:
    evidence = tuple(Evidence(p, "read") for p in paths)
    return Finding("X", "x", Verdict.FAILED, Severity.WARN, subject, sentence, evidence, area="Devices")


def test_every_area_of_the_catalogue_has_words() -> None:
    assert {r.area for r in catalogue()} == set(AREAS.values())


def test_the_filter_keeps_by_area_and_guest_and_severity() -> None:
    facts = known_facts("tower")
    findings = judge(facts)
    assert {f.area for f in HostFilter("all", area="Devices").keep(findings, facts)} == {"Devices"}
    win10 = HostFilter("all", guest="win10").keep(findings, facts)
    assert {"0000:08:00.0"} <= {f.subject for f in win10} and not {f.subject for f in win10} & {"host", "0000:04:00.0"}
    assert HostFilter("all", guest="gone").keep(findings, facts) == []
    assert HostFilter("all", area="Devices", guest="win10").title() == "all checks · Devices · win10 · "
    assert HostFilter(guest=HOSTILE).title().isprintable()


def test_choices_count_what_they_lead_to() -> None:
    facts = known_facts("tower")
    findings = judge(facts)
    areas = area_rows(findings, 78)
    assert areas[0].key == "area " and f"of {len(findings)}" in areas[0].text
    assert [r.key for r in areas][1:] == [f"area {a}" for a in AREAS.values() if a in {f.area for f in findings}]
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


async def test_of_a_folder_the_names_are_shown() -> None:
    async with console(root_of(TOWER), (120, 40)) as found:
        await found.press("enter")
        await found.until(lambda: isinstance(found.app.screen, FindingScreen))
        found.app.screen.query_one(Rows).select("file /sys/kernel/iommu_groups/14/devices")
        await found.press("enter")
        await found.until(lambda: isinstance(found.app.screen, FileScreen))
        await found.shows(" file ", "0000:03:05.0", "0000:06:00.0")


async def test_unknowns_of_one_reason_are_one_line_that_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(gather.READERS, "kernel_log", lambda _: Unread("needs root", Why.FORBIDDEN, "/dev/kmsg"))
    async with console(root_of(TOWER), (120, 40)) as found:
        findings = found.app.screen.query_one("#findings", Rows)
        await found.shows("checks: needs root")
        findings.select("fold needs root")
        await found.press("enter")
        await found.until(lambda: findings.key.startswith("finding "))
        assert "checks: needs root" not in found.text and "/dev/kmsg: needs root" in found.text
        await found.press("escape")
        await found.shows("checks: needs root")


async def test_an_area_and_a_guest_are_chosen_and_escape_wants_all_again() -> None:
    async with console(root_of(TOWER), (80, 24)) as found:
        await found.press("a")
        await found.shows("all areas", "Obsolete settings")
        await found.press("end", "enter")
        await found.shows("─ Obsolete settings · ")
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
        await found.until(lambda: found.lines[1:] == before, "the screen as it was")
        await found.press("a", "2")
        await found.until(lambda: found.app.current_mode == "isolate")


async def test_what_is_wrong_leads_from_a_symptom_to_the_finding_behind_it() -> None:
    async with console(root_of(TOWER), (80, 24)) as found:
        await found.press("w")
        await found.shows(*(s.name for s in symptoms()[:10]))
        await found.press("enter")
        await found.until(lambda: isinstance(found.app.screen, AnswerScreen))
        await found.shows("Check by hand")
        await found.press("y", "escape")


async def test_a_symptom_of_the_palette_leads_to_the_finding_behind_it() -> None:
    async with console(root_of(BROKEN["one-core"]), (120, 40)) as found:
        await found.press("colon")
        await found.press(*"one-core")
        await found.shows("symptom: one-core")
        await found.press("down", "enter")
        await found.until(lambda: isinstance(found.app.screen, AnswerScreen))
        await found.shows("1 likely   win10: Windows sees 8 sockets", "confirm")
        await found.press("enter")
        await found.until(lambda: isinstance(found.app.screen, FindingScreen))
        await found.shows("GUEST-CPU-SOCKETS", "guest  win10")


async def test_a_slow_part_holds_up_neither_the_screen_nor_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, first = Event(), Event()
    monkeypatch.setitem(gather.READERS, "pci", held(gather.READERS["pci"], first))
    monkeypatch.setitem(gather.READERS, "holders", held(gather.READERS["holders"], slow))
    app = ConsoleApp(root_of(TOWER), caps())
    async with app.run_test(size=(80, 24)) as pilot:
        found = Console(app, pilot)
        await found.shows("reading this host", "still to come: pci")
        await found.press("4")
        await found.until(lambda: app.current_mode == "memory")
        await found.press("1")
        first.set()
        await found.shows("GROUP-FOREIGN" if app.size.width > 100 else "Group 14", "parts to come")
        await found.press("down", "enter", "escape")
        slow.set()
        await found.until(lambda: "to come" not in found.text)


async def test_a_forum_post_is_copied_as_markdown() -> None:
    async with console(root_of(TOWER), (120, 40)) as found:
        await found.press("y")
        assert "`6.12.9-amd64`" in found.app.clipboard and "tower" not in found.app.clipboard
        assert "- **failed** `GROUP-FOREIGN` `0000:04:00.0: Group 14" in found.app.clipboard
        await found.press("enter")
        await found.until(lambda: isinstance(found.app.screen, FindingScreen))
        await found.press("y", "escape")
        assert "/sys/kernel/iommu_groups/14" in found.app.clipboard
        assert not found.app.screen.query_one("#filter", Input).has_focus


async def test_a_symptom_that_is_asked_for_before_anything_was_judged_is_answered_once_it_is() -> None:
    app = ConsoleApp(root_of(TOWER), caps(), start="live")
    async with app.run_test(size=(120, 40)) as pilot:
        asked = Console(app, pilot)
        await asked.until(lambda: app.store.get("booted") is not None, "the boot")
        assert app.store.get("findings") is None
        show_answer(app, symptoms()[0].name)
        await asked.until(lambda: isinstance(app.screen, AnswerScreen), "the answer")
        assert app.current_mode == "host"
