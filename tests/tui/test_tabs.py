"""Tabs say what is on the other screens, open by a click, and never grow beyond the terminal."""

from __future__ import annotations

import pytest

from tests.hosts import TOWER
from tests.machines import known_facts, root_of
from tests.tui.consoles import console
from tests.tui.screens.changes.test_changes_screen import record
from vfiotui.live.history import LiveHistory
from vfiotui.live.sampler import Readers
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.journal import State
from vfiotui.model.finding.finding import Verdict
from vfiotui.rules import judge
from vfiotui.tui.actions import TABS
from vfiotui.tui.tabs import ALARM_SECONDS, badges, tab_at, tab_row
from vfiotui.tui.terminal.capabilities import ASCII, UNICODE


def history(*seconds: float) -> LiveHistory:
    """Samples at these moments."""
    found = LiveHistory()
    moment = Readers(root_of(TOWER, Mode.DEMO)).live()
    for at in seconds:
        found.append(moment._replace(at=at))
    return found


def test_the_tab_of_host_counts_what_failed() -> None:
    findings = judge(known_facts("tower"))
    failed = [f for f in findings if f.verdict is Verdict.FAILED and f.severity == "fail"]
    assert badges(findings, None, history(), UNICODE) == {"host": (f"{len(failed)}✗", "fail")}
    assert badges(findings, None, history(), ASCII) == {"host": (f"{len(failed)}x", "fail")}
    assert badges([f for f in findings if f not in failed], None, history(), UNICODE) == {}
    assert badges(None, None, history(), UNICODE) == {}, "nothing was judged"


def test_the_tab_of_live_shows_an_alarm_for_a_minute() -> None:
    samples = history(1.0, 2.0)
    samples.mark("by hand")
    assert badges(None, None, samples, UNICODE) == {}
    samples.mark("v1 waits", alarm=True)
    assert badges(None, None, samples, UNICODE) == {"live": ("!", "warn")}
    assert samples.last is not None
    samples.append(samples.last._replace(at=2.0 + ALARM_SECONDS))
    assert "live" in badges(None, None, samples, UNICODE)
    samples.append(samples.last._replace(at=2.1 + ALARM_SECONDS))
    assert badges(None, None, samples, UNICODE) == {}


@pytest.mark.parametrize(
    ("states", "badge"),
    [
        ((), None),
        ((State.DONE, State.UNDONE), None),
        ((State.DONE, State.WAITING), ("!", "warn")),
        ((State.OUTSTANDING,), ("!", "warn")),
        ((State.WAITING, State.INTERRUPTED), ("✗", "fail")),
        ((State.DAMAGED,), ("✗", "fail")),
    ],
    ids=str,
)
def test_the_tab_of_changes_shows_what_waits_and_what_is_half_done(
    states: tuple[State, ...], badge: tuple[str, str] | None
) -> None:
    journal = tuple(record(s, n) for n, s in enumerate(states, 1))
    assert badges(None, journal, history(), UNICODE).get("changes") == badge
    assert badges(None, Unread("x"), history(), UNICODE) == {}


@pytest.mark.parametrize("width", [80, 79, 77, 60])
def test_every_column_of_a_tab_is_its_own(width: int) -> None:
    told = {"host": ("123✗", "fail"), "live": ("!", "warn"), "changes": ("!", "warn")}
    quiet = tab_row("pin", width, {}).text
    assert [quiet.index(f" {key} ") for key, _, _ in TABS[4:]] == [
        tab_row("pin", width, {"host": ("9✗", "fail"), "live": ("!", "warn")}).text.index(f" {key} ")
        for key, _, _ in TABS[4:]
    ], "no tab moves"
    for current in ("host", "pin"):
        text = tab_row(current, width, told).text
        assert len(text) <= max(width, 75)
        assert ("123✗" in text) is (current != "host"), "a screen shows itself what is on it"
        assert tab_at(len(text), width, told) == ""
        for key, mode, word in TABS:
            start = text.index(f"{key} {word[:5]}")
            assert {tab_at(start + n, width, told) for n in (-1, 0, len(word[:5]) + 2)} == {mode}


async def test_a_click_on_a_tab_opens_its_screen() -> None:
    async with console(root_of(TOWER), (80, 24)) as found:
        await found.shows("1 failed")
        await found.press("3")
        await found.shows("1✗")
        for mode in ("memory", "host"):
            column = found.lines[1].index(mode.capitalize())
            await found.pilot.click("#tabs", offset=(column, 0))
            await found.until(lambda mode=mode: found.app.current_mode == mode, mode)
        await found.pilot.click("#tabs", offset=(78, 0))
        assert found.app.current_mode == "host"
