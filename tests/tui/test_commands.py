"""The palette finds what people type for it, on one line each, and opens it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import DiscoveryHit, Hit

from tests.hosts import TOWER
from tests.machines import root_of
from tests.tui.consoles import Console, console
from tests.tui.screens.changes.test_changes_screen import changed
from vfiotui.demo.machine import machine
from vfiotui.model.base.mode import Mode
from vfiotui.state.topics import CHANGES
from vfiotui.tui.actions import TABS, actions_of
from vfiotui.tui.commands import Commands
from vfiotui.tui.entries import entries
from vfiotui.tui.screens.changes.change import ChangeScreen
from vfiotui.tui.screens.guests.guest import GuestScreen
from vfiotui.tui.screens.host.finding import FindingScreen
from vfiotui.tui.screens.host.screen import HostScreen
from vfiotui.tui.screens.pin.screen import PinScreen


async def found_by(app: Console, query: str) -> list[Hit]:
    """What the palette shows for a text, the best first."""
    provider = Commands(app.app.screen)
    hits = [h async for h in provider.search(query) if isinstance(h, Hit)]
    return sorted(hits, key=lambda h: -h.score)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("propose", "propose"),
        ("pin win10", "pin win10"),
        ("hugepages", "go to Memory"),
        ("apply", "apply"),
        ("win10", "guest win10"),
        ("0b:00", "device 0000:0b:00.0 Navi 23"),
        ("severity", "Host: severity"),
        ("record", "Live: record"),
        ("gtx 970", "device 0000:08:00.0 GM204 [GeForce GTX 970]"),
        ("amd_iommu", "warning CMDLINE-AMD-IOMMU-ON"),
        ("rollback", "go to Changes"),
        ("passthrough", "go to Isolate"),
        ("code 43", "symptom: code-43"),
        ("black screen", "symptom: black-host"),
        ("stutter", "symptom: stutter"),
        ("quit", "quit"),
        ("drpcch", "Memory: drop caches"),
        ("explain group-foreign", "explain GROUP-FOREIGN"),
    ],
)
async def test_what_people_type_is_found_first(typed: str, first: str) -> None:
    async with console(root_of(machine("tower"), Mode.DEMO), (100, 30)) as app:
        await app.shows("1 failed")
        await app.press("3")
        await app.shows("score")
        hits = await found_by(app, typed)
        assert hits and str(hits[0].match_display).startswith(first), [str(h.match_display) for h in hits[:5]]
        assert all(len(str(h.match_display)) <= 100 and "\n" not in str(h.match_display) for h in hits)
        assert await found_by(app, "no such thing at all, ever") == []


async def test_every_action_of_every_screen_is_there() -> None:
    async with console(root_of(TOWER), (100, 30)) as app:
        await app.shows("1 failed")
        texts = {h.text for h in await found_by(app, "e")} | {h.text for h in await found_by(app, "a")}
        texts |= {h.text for h in await found_by(app, "o")} | {h.text for h in await found_by(app, "i")}
        for _, mode, word in TABS[1:]:
            await app.press(next(key for key, m, _ in TABS if m == mode))
            page = app.app.screen.PAGE  # type: ignore[attr-defined]
            missing = [a.word for a in actions_of(page) if a.keys and a.word and not a.sometimes and not a.moves]
            assert [w for w in missing if f"{word}: {w}" not in texts and any(v in w for v in "eaoi")] == []


MOVING = {"left", "right", "up", "down", "tab", "shift+tab", "home", "end", "pageup", "pagedown", "backspace"}


async def test_keys_that_only_move_are_in_no_palette() -> None:
    async with console(root_of(machine("tower"), Mode.DEMO), (100, 30)) as app:
        await app.shows("1 failed")
        moving = set()
        for key, mode, _ in TABS:
            await app.press(key)
            await app.until(lambda mode=mode: app.app.current_mode == mode, mode)  # type: ignore[misc]
            screen = app.app.screen
            actions = actions_of(screen.PAGE)  # type: ignore[attr-defined]
            moving |= {a.word for a in actions if a.moves}
            assert not [a for a in actions if MOVING.intersection(a.keys.split(",")) and not a.moves]
            offered = {e.name for e in entries(app.app, screen)}  # type: ignore[arg-type]
            assert not offered & {a.word for a in actions if a.moves}
            assert not offered & {f"{word}: {a.word}" for _, _, word in TABS for a in actions if a.moves}
        assert {"right", "thread", "thread after", "time", "forth", "far back", "back"} <= moving


async def choose(app: Console, typed: str) -> None:
    await app.press("colon")
    await app.shows("type a part")
    await app.press(*("space" if c == " " else "minus" if c == "-" else "full_stop" if c == "." else c for c in typed))
    await app.shows(typed)
    await app.until(lambda: len(app.text.split(typed)) > 2, "a line of the palette")
    await app.press("enter")


async def test_what_is_chosen_opens() -> None:
    async with console(root_of(machine("tower"), Mode.DEMO), (120, 40)) as app:
        await app.shows("1 failed")
        await choose(app, "guest macos")
        await app.until(lambda: isinstance(app.app.screen, GuestScreen), "the guest")
        await app.shows("macos")
        await app.press("escape")
        await app.until(lambda: not isinstance(app.app.screen, GuestScreen), "the list of guests")
        await choose(app, "pin macos")
        await app.until(lambda: isinstance(app.app.screen, PinScreen), "its pins")
        await app.until(lambda: app.app.screen.desk.domain.name == "macos", "that guest")  # type: ignore[attr-defined]
        await choose(app, "device 0000")
        await app.until(lambda: isinstance(app.app.screen, HostScreen), "the device")
        await choose(app, "failed group-foreign".upper().replace("FAILED", "failed"))
        await app.until(lambda: isinstance(app.app.screen, FindingScreen), "the finding")
        await app.press("escape")
        await app.until(lambda: not isinstance(app.app.screen, FindingScreen), "the findings")
        await choose(app, "Isolate")
        await app.until(lambda: app.app.current_mode == "isolate", "another screen")


async def test_a_change_is_found_by_its_title_and_by_undo(tmp_path: Path) -> None:
    async with console(changed(tmp_path), (100, 30)) as app:
        await app.until(lambda: app.app.store.get(CHANGES), "the journal")
        title = app.app.store.get(CHANGES)[0].title
        for typed in ("undo", title):
            assert f"change 1: {title}" in [h.text for h in await found_by(app, typed)][:4]
        await choose(app, "change 1")
        await app.until(lambda: isinstance(app.app.screen, ChangeScreen), "the change")


async def test_names_of_hardware_are_no_markup() -> None:
    async with console(root_of(machine("hostile"), Mode.DEMO), (80, 24)) as app:
        await app.shows("failed")
        hits = await found_by(app, "[")
        assert any("[/dev/vfio/1] [AMD] \\x1b[2J" in str(h.match_display) for h in hits)
        provider = Commands(app.app.screen)
        first = [h async for h in provider.discover()]
        assert first and all(isinstance(h, DiscoveryHit) for h in first)
