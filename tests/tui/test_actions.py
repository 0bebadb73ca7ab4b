"""Key line, help, palette and bindings say the same, since all are made of the same actions."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.machines import root_of
from tests.tui.consoles import console
from vfiotui.demo.machine import machine
from vfiotui.tui.actions import APP, EVERYWHERE, SIGNS, TABS, Action, actions_of, help_text, offers
from vfiotui.tui.screens.base.choice import ChoiceScreen
from vfiotui.tui.screens.base.help import help_rows
from vfiotui.tui.screens.base.screen import ConsoleScreen
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.screens.guests.guest import GuestScreen
from vfiotui.tui.screens.host.filter import LEVELS
from vfiotui.tui.screens.host.screen import HostScreen

TUI = Path(__file__).parents[2] / "vfiotui" / "tui"
SCREENS: list[type[ConsoleScreen]] = [
    *(getattr(import_module(f"vfiotui.tui.screens.{m}.screen"), f"{m.capitalize()}Screen") for _, m, _ in TABS),
    GuestScreen,
]


def bound(kind: type) -> set[str]:
    """Textual's names of the keys that a class and its bases bind."""
    bindings = [b for base in kind.__mro__ for b in base.__dict__.get("BINDINGS", ())]
    return {key for b in bindings for key in b.key.split(",")}


@pytest.mark.parametrize("kind", SCREENS, ids=lambda k: k.__name__)
def test_the_help_names_a_key_of_everything_that_is_bound(kind: type[ConsoleScreen]) -> None:
    """A key stands where a line of the help begins, or in its words."""
    shown = " ".join(r.text for r in help_rows(help_text(kind.PAGE), 160))
    words = set(re.findall(r"[^\s,;]+", shown.replace("hjkl", "h j k l")))
    for action in actions_of(kind.PAGE):
        signs = {SIGNS.get(key, key) for key in action.keys.split(",")}
        assert not action.keys or signs & words, action


@pytest.mark.parametrize("kind", SCREENS, ids=lambda k: k.__name__)
def test_what_the_key_line_shows_is_an_action_of_the_screen_or_of_all(kind: type[ConsoleScreen]) -> None:
    own = {(a.keys, a.does, a.word) for a in (*actions_of(kind.PAGE), *actions_of(EVERYWHERE)) if a.keys}
    assert kind.KEYS or kind.keys is not ConsoleScreen.keys
    assert {(a.keys, a.does, a.word) for a in kind.KEYS if a.keys} <= own


@pytest.mark.parametrize("kind", [*SCREENS, TextScreen, ChoiceScreen], ids=lambda k: k.__name__)
def test_every_action_is_bound_and_done_by_a_method(kind: type[ConsoleScreen]) -> None:
    for action in actions_of(kind.PAGE):
        name = action.does.partition("(")[0]
        assert not action.keys or name.startswith("app.") or callable(getattr(kind, f"action_{name}", None)), action
        assert {key for key in action.keys.split(",") if key} <= bound(kind)


def test_keys_are_bound_by_actions_and_widgets_alone() -> None:
    for path in TUI.rglob("*.py"):
        if path.parent.name == "widgets" or path == TUI / "actions.py":
            continue
        called = [ast.unparse(n.func) for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        assert "Binding" not in called, path


async def test_on_every_screen_the_key_line_shows_what_works_and_the_palette_offers_it() -> None:
    async with console(root_of(machine("tower"))) as shown:
        for key, mode, _ in TABS:
            await shown.press(key)
            screen = shown.app.screen
            assert isinstance(screen, ConsoleScreen) and mode == screen.MODE
            works = bound(type(screen)) | {key for a in APP for key in a.keys.split(",")}
            line = screen.keys()
            assert all(isinstance(a, Action) and a.bar_key and a.word for a in line)
            assert {key for a in line for key in a.keys.split(",") if key} <= works
            own = [a for a in actions_of(screen.PAGE) if a.keys and a.word and not a.moves]
            assert set(offers(screen)) == {a for a in own if not a.sometimes or a.keys in {b.keys for b in line}}
            assert {a.keys for a in line if a.keys} <= {a.keys for a in (*offers(screen), *APP, *screen.KEYS)} | {"tab"}


async def test_what_is_chosen_in_the_palette_is_done_on_the_screen_below() -> None:
    async with console(root_of(machine("tower"))) as shown:
        host = shown.app.screen
        assert isinstance(host, HostScreen) and host._filter.level == LEVELS[0]
        await shown.press("colon", *"severity")
        await shown.shows("steps through problems", "key s")
        await shown.press("down", "enter")
        await shown.until(lambda: host._filter.level == LEVELS[1], "the action is done")
        await shown.until(lambda: shown.app.screen is host, "the palette has closed")
        await shown.press("colon", *"go to Memory")
        await shown.shows("go to Memory", "key 4")
        await shown.press("down", "enter")
        await shown.until(lambda: getattr(shown.app.screen, "MODE", "") == "memory", "the screen")
