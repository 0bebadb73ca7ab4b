"""One change of the journal, followed while somebody works at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType

from vfiotui.apply.programs.detached import DetachedRun
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.change.journal import ChangeRecord
from vfiotui.state.topics import CHANGES, LOG
from vfiotui.tui.actions import BACK, COPY, SCROLL, Action, bindings
from vfiotui.tui.row import Row, row
from vfiotui.tui.screens.base.text import TextScreen
from vfiotui.tui.screens.changes.view import log_line, record_rows, record_text
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import wrap
from vfiotui.tui.undo import RESUMABLE, open_undo, resume, undoable

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext

UNDO = Action("u", "undo", "undo", "shows what taking it back would do, and asks", sometimes=True)
RESUME = Action("R", "resume", "resume", "goes on with a change that was interrupted", sometimes=True)
SHOW_LOG = Action("l", "log", "log", sometimes=True)


class ChangeScreen(TextScreen):
    """State, steps and log; redrawn as the journal grows."""

    PAGE = (UNDO, RESUME, SHOW_LOG, *TextScreen.PAGE)
    BINDINGS: ClassVar[list[BindingType]] = bindings((UNDO, RESUME, SHOW_LOG))

    def __init__(self, glyphs: Glyphs, *, name: str = "", work: DetachedRun | None = None) -> None:
        """The change with a name, or the one that a process just started makes."""
        self._glyphs = glyphs
        self._wanted = name
        self._work = work
        self._leave: list[Callable[[], None]] = []
        super().__init__(row((" change ", "reverse"), f" {name}"), self._rows)

    @property
    def console(self) -> ConsoleContext:
        """The app with its store."""
        return cast("ConsoleContext", self.app)

    @property
    def record(self) -> ChangeRecord | None:
        """The change as the journal tells it last, or None before it is begun."""
        records = self.console.store.get(CHANGES)
        for record in records if isinstance(records, tuple) else ():
            process = record.progress.process
            ours = self._work is not None and process is not None and process.pid == self._work.process.pid
            if record.name == self._wanted or (not self._wanted and ours):
                self._wanted = record.name
                return record
        return None

    @property
    def said(self) -> Reading[str]:
        """The log of the change as it was read last."""
        record, told = self.record, self.console.store.get(LOG)
        return told[1] if record is not None and told is not None and told[0] == record.path else ""

    def on_mount(self) -> None:
        """Follows the journal, and the log as soon as there is one."""
        store = self.console.store
        self._leave = [store.subscribe(topic, lambda _: self.redraw()) for topic in (CHANGES, LOG)]
        self.console.follow.look()

    def on_unmount(self) -> None:
        """Nothing is read for a screen that is gone."""
        for leave in self._leave:
            leave()
        self.console.follow.follow_log("")

    def redraw(self) -> None:
        """Shows what is known now."""
        if self.is_attached and self.is_mounted:
            self.lay_out()

    def _rows(self, width: int) -> list[Row]:
        record = self.record
        if record is not None:
            self._title = row((" change ", "reverse"), f" {record.name}")
            self.console.follow.follow_log(record.path)
            return record_rows(record, self.said, self._glyphs, width)
        if self._work is None:
            return [row(("this change is not in the journal any more", "unknown"))]
        if self._work.process.returncode is None:
            return [row(("what must hold is being checked …", "accent"))]
        word = self._work.last_word() or f"it ended with {self._work.process.returncode}"
        return [row((line, "fail")) for line in wrap(word, width)]

    def keys(self) -> list[Action]:
        """What can be done with a change in its state."""
        record = self.record
        more = [UNDO] if undoable(record) else []
        more += [RESUME] if record is not None and record.state in RESUMABLE else []
        return [*more, BACK, SCROLL, *([SHOW_LOG] if self.said else []), COPY]

    def action_undo(self) -> None:
        """Shows what an undo would do."""
        open_undo(self.console, self.record)

    def action_resume(self) -> None:
        """Goes on with an interrupted change."""
        resume(self.console, self.record)

    def action_log(self) -> None:
        """Shows all that its commands said."""
        log, name = self.said, self._wanted

        def lines(width: int) -> list[Row]:
            if isinstance(log, Unread) or not log:
                return [row(str(log) or "no command has said anything")]
            return [r for line in log.split("\n") for r in log_line(line, width)]

        self.app.push_screen(TextScreen(row((" log ", "reverse"), f" {name}"), lines))

    def action_copy(self) -> None:
        """Puts the change into the clipboard, for a person who helps."""
        record = self.record
        if record is not None:
            self.app.copy_to_clipboard(record_text(record, self.said))
            self.app.notify("copied, if this terminal allows it", markup=False, timeout=2)
