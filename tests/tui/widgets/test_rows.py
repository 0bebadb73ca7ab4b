"""The list: its cursor, and how little of it is drawn again."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.screen import Screen

from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.widgets.paint import CLASSES
from vfiotui.tui.widgets.rows import Rows


def many(count: int) -> list[Row]:
    """Rows with a key, every fifth one without."""
    return [BLANK if i % 5 == 4 else row(f"row {i}", key=f"k{i}") for i in range(count)]


class Shown(Screen[None]):
    COMPONENT_CLASSES = CLASSES


class ListApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.moved: list[str] = []
        self.chosen: list[str] = []

    def get_default_screen(self) -> Screen[None]:
        return Shown()

    def compose(self) -> ComposeResult:
        yield Rows()

    def on_mount(self) -> None:
        self.query_one(Rows).focus()

    def on_rows_moved(self, event: Rows.Moved) -> None:
        self.moved.append(event.key)

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        self.chosen.append(event.key)


async def test_the_cursor_stands_on_rows_with_a_key_only() -> None:
    app = ListApp()
    async with app.run_test(size=(40, 10)) as pilot:
        rows = app.query_one(Rows)
        rows.show(many(30))
        await pilot.pause()
        assert rows.key == "k0"
        await pilot.press("down", "down", "down", "down")
        assert rows.key == "k5", "k4 is blank and stepped over"
        await pilot.press("up")
        assert rows.key == "k3"
        await pilot.press("end")
        assert rows.key == "k28"
        await pilot.press("home", "pagedown")
        assert rows.key not in ("k0", "")
        await pilot.press("enter")
        await pilot.pause()
        assert app.chosen == [rows.key]


async def test_the_cursor_stays_on_its_key_when_rows_come_before_it() -> None:
    app = ListApp()
    async with app.run_test(size=(40, 10)) as pilot:
        rows = app.query_one(Rows)
        rows.show([row("a", key="a"), row("b", key="b")])
        await pilot.press("down")
        rows.show([row("new", key="new"), row("a", key="a"), row("b", key="b")])
        await pilot.pause()
        assert rows.key == "b"
        rows.show([row("a", key="a")])
        await pilot.pause()
        assert rows.key == "a"
        rows.show([])
        await pilot.pause()
        assert rows.key == ""
        await pilot.press("down", "up", "end", "home", "pageup", "enter")
        assert rows.key == "" and app.chosen == []


async def test_only_changed_lines_are_drawn_again() -> None:
    app = ListApp()
    async with app.run_test(size=(40, 10)) as pilot:
        rows = app.query_one(Rows)
        rows.show(many(8))
        await pilot.pause()
        refreshed: list[Region] = []
        rows.refresh = lambda *regions, **_: refreshed.extend(regions)  # type: ignore[assignment, return-value]
        rows.show(many(8))
        assert refreshed == [], "the same again draws nothing"
        changed = many(8)
        changed[3] = row("another", key="k3")
        rows.show(changed)
        assert [r.y for r in refreshed] == [3]


async def test_a_hundred_thousand_rows_are_shown_at_once() -> None:
    app = ListApp()
    async with app.run_test(size=(40, 10)) as pilot:
        rows = app.query_one(Rows)
        drawn: list[int] = []
        original = rows.render_line
        rows.render_line = lambda y: drawn.append(y) or original(y)  # type: ignore[assignment, func-returns-value]
        rows.show(many(100_000))
        await pilot.pause()
        await pilot.press("end")
        await pilot.pause()
        assert rows.key == "k99998"
        assert 0 < len(drawn) < 200, "only what is seen is drawn"
