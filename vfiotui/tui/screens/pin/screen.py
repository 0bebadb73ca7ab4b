"""Screen 3: the processors as they are, all guests on them, and an editor for the pins of one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Click

from vfiotui.model.base.reading import Unread
from vfiotui.model.change.plan import Plan
from vfiotui.model.finding.finding import Severity
from vfiotui.model.guest.domain import Domain
from vfiotui.model.live.sample import CpuMoment
from vfiotui.plan.draft import PlanError
from vfiotui.plan.pin.check import Problem
from vfiotui.plan.pin.pin_plan import CONFIG
from vfiotui.plan.pin.score import Score
from vfiotui.plan.service import pinning_ways
from vfiotui.state.topics import FACTS, LIVE, VIRT, Topic
from vfiotui.tui.actions import bindings
from vfiotui.tui.open_plan import inputs_of
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.screens.base.screen import ConsoleScreen
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.screens.pin import actions
from vfiotui.tui.screens.pin.editor_model import PinEditorModel
from vfiotui.tui.screens.pin.map import SIZES, Look, draw, fitting_size
from vfiotui.tui.screens.pin.view import (
    cards_by_node,
    cpu_detail,
    guest_lines,
    headline,
    load_cell,
    owner_cell,
    owners_of,
    problem_rows,
    thread_at,
    thread_row,
    why_rows,
)
from vfiotui.tui.screens.plan.screen import PlanScreen
from vfiotui.tui.screens.plan.view import plan_rows
from vfiotui.tui.text import clean, fit
from vfiotui.tui.widgets.core_map import CoreMap
from vfiotui.tui.widgets.line import Line

VIEWS = ("owners", "busy", "mhz")
TALL = 30
"""Lines from which on two problems are shown above the map."""
ROOM = 8
"""Free lines below the guests from which on the score is shown there."""
ZOOM_WORDS = {
    "cells": "zoom: cores, each CPU a labelled cell",
    "narrow": "zoom: L3 caches, each CPU a narrow cell",
    "dots": "zoom: packages, each CPU one character",
}


class PinScreen(ConsoleScreen):
    """Headline, problems, map, the CPU under the cursor, the threads."""

    MODE = "pin"
    TOPICS: ClassVar[tuple[Topic[Any], ...]] = (FACTS, VIRT)
    KEYS = actions.KEYS
    PAGE = actions.PIN
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def __init__(self) -> None:
        super().__init__()
        self.desk = PinEditorModel()
        self._zoom = ""
        self._view = VIEWS[0]
        self._picked = False
        """Whether a thread was picked by the mouse: then every click places."""
        self._guests_from = 0
        """The row of the first guest below the map."""

    def compose_body(self) -> ComposeResult:
        """Headline, problems, map, CPU, threads."""
        yield Line(id="headline")
        yield Line(id="problem")
        yield Line(id="problem2")
        yield CoreMap(id="map")
        yield Line(id="cpu")
        yield Line(id="threads")

    def on_mount(self) -> None:
        """Keys go to the map."""
        super().on_mount()
        self.console.unsaved[self.MODE] = self._unsaved
        self.query_one(CoreMap).focus()

    def _unsaved(self) -> str:
        names = self.desk.unsaved
        return f"The pins of {', '.join(map(clean, names))} were edited on Pin and are not applied." if names else ""

    def topics(self) -> tuple[Topic[Any], ...]:
        """Live figures are read only while they are shown."""
        return self.TOPICS if self._view == VIEWS[0] else (*self.TOPICS, LIVE)

    def domains(self) -> tuple[Domain, ...]:
        """The guests that are known."""
        virt = self.virt
        return () if virt is None or isinstance(virt.domains, Unread) else virt.domains

    def draw(self, topic: str) -> None:
        """Everything anew; unchanged lines cost nothing."""
        facts = self.facts
        page = self.query_one(CoreMap)
        if facts is None or isinstance(facts.cpu, Unread):
            why = "reading the processors …" if facts is None else f"the processors cannot be seen: {facts.cpu}"
            page.show([row((clean(why), "accent"))], {})
            return
        self.desk.learn(facts, self.domains())
        width, height = self._width, page.size.height or 16
        desk, context, domain = self.desk, self.desk.context, self.desk.domain
        assert context is not None
        edited = desk.editor.present if desk.editor else None
        online = frozenset(c.cpu for c in facts.cpu.online_cpus)
        owners = owners_of(self.domains(), domain.name if domain else "", edited, online)
        size = self._zoom or fitting_size(context, width, height, self.caps.glyphs)
        moments = self._moments()
        isolated = {c.cpu for c in facts.cpu.cpus if c.isolated}

        def cell(cpu: int, room: int) -> tuple[str, str]:
            if self._view == VIEWS[0]:
                return owner_cell(owners, cpu, room, cpu in isolated)
            return load_cell(moments.get(cpu), self._view, room, self.caps.glyphs)

        look = Look(size, width, self.caps.glyphs, cell, cards_by_node(facts), desk.marked(page.number))
        sheet = draw(context, look)
        total, said = desk.score(), desk.problems()
        rows = [
            *sheet.rows,
            row(("guests", "head")),
            *guest_lines(self.domains(), owners, width, self.virt.unread if self.virt else ()),
        ]
        self._guests_from = len(sheet.rows) + 1
        if desk.editor is not None and height - len(rows) > ROOM:
            room = height - len(rows)
            below = [BLANK, *why_rows(total, said, desk.remarks, width)]
            rows += below if len(below) <= room else [*below[: room - 1], row(("w shows the rest", "dim"))]
        page.show(rows, sheet.cells)
        detail = cpu_detail(facts.cpu, page.number, owners, width - 1)
        self.query_one("#cpu", Line).show(row((f" {detail}", "accent")))
        self._draw_words(width, total, said)

    @property
    def _width(self) -> int:
        """Of the map's lines."""
        return (self.query_one(CoreMap).size.width or 80) - 1

    def _draw_words(self, width: int, total: Score, said: Sequence[Problem]) -> None:
        desk = self.desk
        second = self.query_one("#problem2", Line)
        second.display = self.size.height >= TALL
        if desk.domain is None or desk.editor is None or desk.context is None:
            self.query_one("#headline", Line).show(row((" no guest is known", "dim")))
            return
        editor, name = desk.editor, desk.domain.name
        self.query_one("#headline", Line).show(headline(name, editor.present, desk.edited, total, said, desk.context))
        lines = [row((f" {fit(desk.word, min(len(desk.word), width - 1))}", "accent"))] if desk.word else []
        most = (2 if second.display else 1) - len(lines)
        lines += problem_rows(said, self.caps.glyphs, width, most) if most else []
        self.query_one("#problem", Line).show(lines[0])
        second.show(lines[1] if len(lines) > 1 else Row(()))
        self.query_one("#threads", Line).show(thread_row(editor.present, editor.thread, width))

    def _moments(self) -> dict[int, CpuMoment]:
        sample = self.store.get(LIVE) if self._view != VIEWS[0] else None
        moment = None if isinstance(sample, Unread) else sample
        self.desk.watch(moment)
        return {} if moment is None or isinstance(moment.cpus, Unread) else {c.cpu: c for c in moment.cpus}

    @on(CoreMap.Moved)
    def _moved(self, _: CoreMap.Moved) -> None:
        self.draw(FACTS)

    @on(CoreMap.Clicked)
    def _clicked(self, event: CoreMap.Clicked) -> None:
        if event.again or self._picked:
            self.action_edit("place")

    @on(CoreMap.RowClicked)
    def _guest_clicked(self, event: CoreMap.RowClicked) -> None:
        place = event.index - self._guests_from
        if 0 <= place < len(self.domains()):
            self.desk.choose(self.domains()[place].name)
            self.draw(FACTS)

    @on(Click, "#threads")
    def _thread_clicked(self, event: Click) -> None:
        editor = self.desk.editor
        name = thread_at(editor.present, editor.thread, self._width, event.x) if editor is not None else ""
        if editor is not None and name:
            editor.pick(name)
            self._picked = True
            self.desk.word = f"a click on a CPU places {name}"
            self.draw(FACTS)

    def action_right(self) -> None:
        """vi's key for the right arrow."""
        self.query_one(CoreMap).action_step(1, 0)

    def action_next_guest(self) -> None:
        """Another guest."""
        self.desk.next_guest()
        self.draw(FACTS)

    def action_thread(self, step: int) -> None:
        """The thread that is placed next."""
        if self.desk.editor is not None:
            self.desk.editor.choose(step)
            self.draw(FACTS)

    def action_edit(self, verb: str) -> None:
        """One deed of the editor, at the CPU under the cursor, which then goes where the next vCPU belongs."""
        self._picked = self._picked and verb == "place"
        page, desk = self.query_one(CoreMap), self.desk
        alone = verb == "place" and not self._picked and not desk.marked(page.number)
        vcpu = alone and desk.editor is not None and desk.editor.thread.startswith("v")
        desk.do(verb, page.number)
        if vcpu:
            page.go(desk.next_cpu(page.number))
        self.draw(FACTS)

    def action_zoom(self) -> None:
        """The next size; after the last one the size that fits."""
        page = self.query_one(CoreMap)
        if self.desk.context is None:
            return
        fitting = fitting_size(self.desk.context, self._width, page.size.height, self.caps.glyphs)
        self._zoom = SIZES[(SIZES.index(self._zoom or fitting) + 1) % len(SIZES)]
        self.desk.word = ZOOM_WORDS[self._zoom]
        self.draw(FACTS)

    def action_view(self) -> None:
        """Who has the CPUs, how busy they are, how fast they run."""
        self._view = VIEWS[(VIEWS.index(self._view) + 1) % len(VIEWS)]
        for leave in self._leave:
            leave()
        self._leave.clear()
        self._follow()

    def action_why(self) -> None:
        """The score and everything that is wrong."""
        desk = self.desk
        if desk.domain is None:
            return
        total, said, remarks = desk.score(), desk.problems(), desk.remarks
        title = row((" why ", "reverse"), f" pins of {clean(desk.domain.name)}")
        self.app.push_screen(TextScreen(title, lambda width: why_rows(total, said, remarks, width)))

    def action_diff(self) -> None:
        """What the definition would become."""
        self._plan(apply=False)

    def action_apply(self) -> None:
        """Shows the plan, from which it can be applied."""
        self._plan(apply=True)

    @work(exclusive=True, group="pin")
    async def _plan(self, *, apply: bool) -> None:
        """Makes the plans beside the screen, then shows them, or what the definition would become."""
        desk = self.desk
        if desk.domain is None or desk.editor is None:
            return
        name, wanted = desk.domain.name, desk.editor.present
        topology = desk.context.topology if desk.context is not None and desk.editor.tuned else None
        failures = [p.words for p in desk.problems() if p.severity is Severity.FAIL]
        try:
            inputs = inputs_of(self.console)
            ways = await asyncio.to_thread(pinning_ways, inputs, name, wanted, topology, failures)
        except PlanError as error:
            self._say(str(error))
            return
        if apply:
            self._show_plan(ways, len(failures))
        else:
            self._show_diff(name, ways)

    def _show_plan(self, ways: Sequence[tuple[str, Plan]], failures: int) -> None:
        remain = f"{failures} failure{'s' * (failures != 1)} remain{'s' * (failures == 1)}"
        warned = remain if failures else ""
        self.app.push_screen(PlanScreen(ways[0][1], self.console.root_, self.caps.glyphs, ways=ways, warned=warned))

    def _show_diff(self, name: str, ways: Sequence[tuple[str, Plan]]) -> None:
        plan, glyphs = dict(ways).get(CONFIG, ways[0][1]), self.caps.glyphs
        title = row((" diff ", "reverse"), f" {clean(name)}")
        self.app.push_screen(TextScreen(title, lambda width: plan_rows(plan, glyphs, width)))

    def _say(self, words: str) -> None:
        """A sentence above the map, until the next deed."""
        self.desk.word = words
        self.draw(FACTS)
