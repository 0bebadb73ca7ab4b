"""Screen 2: devices chosen for guests, how they are bound, what the next boot does, and what the last one did."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Input

from vfiotui.model.base.reading import Reading, Unread, or_else
from vfiotui.model.boot.guard import Guard
from vfiotui.model.boot.verification import newest_isolation
from vfiotui.model.facts import Facts
from vfiotui.plan.isolate.isolation_view import IsolationView
from vfiotui.plan.isolate.method import Method
from vfiotui.plan.isolate.select import Choice, choose
from vfiotui.plan.service import look_at_isolation
from vfiotui.state.topics import FACTS
from vfiotui.tui.actions import BOOT, HELP, OPEN, PALETTE, QUIT, READ_AGAIN, Action, bindings
from vfiotui.tui.message_box import say
from vfiotui.tui.open_plan import inputs_of, open_goals
from vfiotui.tui.row import row
from vfiotui.tui.screens.base.choice import ChoiceScreen
from vfiotui.tui.screens.base.screen import TALL, ConsoleScreen
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.screens.host.boot_path import boot_rows, boot_title, open_boot_path
from vfiotui.tui.screens.host.groups import device_detail
from vfiotui.tui.screens.isolate import actions
from vfiotui.tui.screens.isolate.view import (
    about_title,
    detail_rows,
    devices_title,
    first_candidate,
    isolate_rows,
    method_rows,
)
from vfiotui.tui.text import clean
from vfiotui.tui.undo import open_undo
from vfiotui.tui.widgets.rows import Rows


class IsolateScreen(ConsoleScreen):
    """One table of devices; below it the one under the cursor with the choice, and what the next boot starts."""

    MODE = "isolate"
    TOPICS = (FACTS,)
    PAGE = actions.ISOLATE
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def __init__(self) -> None:
        super().__init__()
        self._filter = ""
        self._seen: Facts | None = None
        self._view: Reading[IsolationView] | None = None
        self._wanted: set[str] = set()
        self._method: Method | None = None

    def compose_body(self) -> ComposeResult:
        """The table, the filter, the words about the cursor's device and the choice, the next boot."""
        devices = Rows(id="devices")
        devices.add_class("pane")
        yield devices
        yield Input(id="filter", placeholder="filter: any text; esc clears", compact=True)
        with Container(id="below"):
            for name in ("about", "boot"):
                pane = Rows(id=name, cursor=False)
                pane.add_class("pane")
                yield pane

    def on_mount(self) -> None:
        """Keys go to the table."""
        super().on_mount()
        self.query_one("#devices", Rows).focus()

    @property
    def choice(self) -> Choice | None:
        """What is chosen, with all that goes along."""
        facts = self.facts
        return choose(facts, tuple(sorted(self._wanted))) if facts is not None and self._wanted else None

    def keys(self) -> list[Action]:
        """What can be done with the choice."""
        own = [actions.PLAN, actions.METHOD] if self._wanted else [OPEN]
        more = [actions.TRIAL] if self._wanted else []
        more += [actions.OFF] if self._to_give_back() else []
        more += [actions.UNDO] if self._undoable() else []
        more += [actions.GUARD] if self._guard() is not None else []
        return [actions.CHOOSE, *own, HELP, QUIT, *more, BOOT, actions.FILTER, READ_AGAIN, PALETTE]

    def _undoable(self) -> bool:
        facts = self.facts
        return facts is not None and newest_isolation(or_else(facts.changes, ())) is not None

    def _guard(self) -> Guard | None:
        facts = self.facts
        return None if facts is None or isinstance(facts.boot, Unread) else facts.boot.guard

    def draw(self, topic: str) -> None:
        """The table anew; files and the boot image are looked at beside the screen."""
        facts = self.facts
        if facts is not None and facts is not self._seen:
            self._seen = facts
            self.run_worker(self._look(facts), exclusive=True, group="look")
        self._show()

    async def _look(self, facts: Facts) -> None:
        first = self._view is None
        self._view = await asyncio.to_thread(look_at_isolation, inputs_of(self.console), facts, choices=True)
        if self.is_attached:
            self._show()
            if first and isinstance(self._view, IsolationView):
                self.query_one("#devices", Rows).select(first_candidate(self._view))

    def _show(self) -> None:
        table = self.query_one("#devices", Rows)
        width = (table.size.width or 80) - 1
        table.head(devices_title(self._view))
        table.show(isolate_rows(self.facts, self._view, self.choice, self._wanted, self._filter, width, self._method))
        self._about()
        if self.facts is not None:
            boot = self.query_one("#boot", Rows)
            boot.head(boot_title(self.facts))
            boot.show(boot_rows(self.facts, (boot.size.width or 80) - 1))
        self.draw_frame()

    def _about(self) -> None:
        page = self.query_one("#about", Rows)
        page.head(about_title(self._view, self._bdf()))
        page.show(
            detail_rows(self._view, self._bdf(), self.choice, self._method, (page.size.width or 80) - 1, self._lines)
        )

    @property
    def _lines(self) -> int:
        """Lines for one sentence about a device."""
        return 6 if self.size.height >= TALL else 2

    def _bdf(self) -> str:
        return self.query_one("#devices", Rows).key.removeprefix("device ")

    @on(Rows.Moved, "#devices")
    def _moved(self) -> None:
        self._about()

    @on(Rows.Chosen, "#devices")
    def _open(self) -> None:
        if self._wanted:
            self.action_plan()
            return
        bdf, facts = self._bdf(), self.facts
        if facts is not None and bdf:
            title = row((" device ", "reverse"), f" {clean(bdf)}")
            self.app.push_screen(TextScreen(title, lambda width: device_detail(facts, bdf, width)))

    def action_give(self) -> None:
        """Chooses the device under the cursor, or not any more; one that must stay is told why."""
        if self.query_one("#filter", Input).has_focus:
            self.query_one("#filter", Input).insert_text_at_cursor(" ")
            return
        bdf, view = self._bdf(), self._view
        alone = view.choices.get(bdf) if isinstance(view, IsolationView) else None
        if alone is None:
            return
        present = self.choice
        if present is not None and any(d.bdf == bdf for d in present.devices):
            # Whatever brought it along goes too.
            views = view.choices if isinstance(view, IsolationView) else {}
            self._wanted = {w for w in self._wanted if all(d.bdf != bdf for d in views[w].devices)}
        elif alone.refusals:
            say(self.console, "it stays with the host", *(f"{r}." for r in alone.refusals))
            return
        else:
            self._wanted.add(bdf)
        self._method = None
        self._show()

    def action_method(self) -> None:
        """Shows the ways to bind with their reasons."""
        view, choice = self._view, self.choice
        if isinstance(view, IsolationView) and choice is not None:
            methods = view.methods(choice)
            title = row((" method ", "reverse"), " how the devices are bound")
            self.app.push_screen(ChoiceScreen(title, lambda width: method_rows(methods, width)), self._take)

    def _take(self, key: str | None) -> None:
        if key:
            self._method = Method(key.removeprefix("method "))
            self._show()

    def action_plan(self) -> None:
        """Has the plan made and shown."""
        self._plan()

    def action_trial(self) -> None:
        """The plan, with a trial boot."""
        self._plan(("boot.trial", "yes"))

    def _plan(self, *more: tuple[str, str]) -> None:
        if self._wanted:
            goal = (f"isolate.{self._method or 'auto'}", ",".join(sorted(self._wanted)))
            open_goals(self.console, (goal, *more))

    def action_boot(self) -> None:
        """The whole path from the firmware to the kernel's words."""
        open_boot_path(self.console, self.facts)

    def _to_give_back(self) -> tuple[str, ...]:
        """The chosen devices with what goes along, else that of the line: those of which anything is bound."""
        view, choice = self._view, self.choice
        if not isinstance(view, IsolationView):
            return ()
        meant = [d.bdf for d in choice.devices] if choice is not None else [self._bdf()]
        return tuple(bdf for bdf in meant if view.is_bound(bdf))

    def action_off(self) -> None:
        """Has the plan made that gives devices back."""
        meant = self._to_give_back()
        if meant:
            open_goals(self.console, (("isolate.off", ",".join(meant)),))
        else:
            say(self.console, "give back", "Nothing binds this device to vfio-pci, now or at the next boot.")

    def action_undo(self) -> None:
        """Shows what taking the newest isolation back would do."""
        facts = self.facts
        record = newest_isolation(or_else(facts.changes, ())) if facts is not None else None
        if record is None:
            say(self.console, "undo", "No change that isolates devices is in force.")
        else:
            open_undo(self.console, record)

    def action_guard(self) -> None:
        """Has the plan made that turns the guard on, or off where it is on and whole."""
        guard = self._guard()
        if guard is not None:
            open_goals(self.console, (("guard.off" if guard.is_whole else "guard.on", "yes"),))

    def action_filter(self) -> None:
        """Opens the filter."""
        box = self.query_one("#filter", Input)
        box.add_class("-open")
        box.focus()

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        self._filter = event.value
        self._show()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        self.query_one("#devices", Rows).focus()

    def action_clear(self) -> None:
        """Closes and empties the filter."""
        box = self.query_one("#filter", Input)
        box.value = ""
        box.remove_class("-open")
        self.query_one("#devices", Rows).focus()
