"""Screen 7: what was changed on this machine, from its journal."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType

from vfiotui.model.base.reading import Reading
from vfiotui.model.change.journal import ChangeRecord
from vfiotui.state.topics import CHANGES
from vfiotui.tui.actions import COPY, HELP, MOVE, OPEN, PALETTE, QUIT, READ_AGAIN, Action, bindings
from vfiotui.tui.screens.base.screen import ConsoleScreen
from vfiotui.tui.screens.changes.change import RESUME, UNDO, ChangeScreen
from vfiotui.tui.screens.changes.view import change_rows, record_text
from vfiotui.tui.undo import RESUMABLE, open_undo, resume, undoable
from vfiotui.tui.widgets.rows import Rows

COPY_CHANGE = COPY._replace(help="copies it", sometimes=True)


class ChangesScreen(ConsoleScreen):
    """The journal, newest first."""

    MODE = "changes"
    TOPICS = (CHANGES,)
    PAGE = (
        "Every change of this machine that went through the journal, newest first, with its state. Under --root the "
        "journal is that of the mounted system.",
        "",
        OPEN._replace(
            help="shows its steps with their differences, how far each came, and its log, also while it runs: "
            "whichever console started it"
        ),
        UNDO,
        RESUME,
        COPY_CHANGE,
        "",
        "Where a file was changed since, the undo shows the three sides (kept, ours, now) and touches nothing "
        "unless it is forced (f). Where this program does not run, each change's folder has an undo.sh that needs a "
        "shell only.",
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(PAGE)

    def compose_body(self) -> ComposeResult:
        """The list."""
        yield Rows(id="changes")

    def on_mount(self) -> None:
        """Keys go to the list."""
        super().on_mount()
        self.query_one(Rows).focus()

    def on_screen_resume(self) -> None:
        """Another console may have begun something meanwhile."""
        super().on_screen_resume()
        self.console.follow.look()

    @property
    def records(self) -> Reading[tuple[ChangeRecord, ...]] | None:
        """The journal as it was read last."""
        return self.store.get(CHANGES)

    @property
    def record(self) -> ChangeRecord | None:
        """The change under the cursor."""
        key = self.query_one("#changes", Rows).key
        records = self.records
        return next((r for r in records if r.path == key), None) if isinstance(records, tuple) else None

    def draw(self, topic: str) -> None:
        """The list anew."""
        page = self.query_one("#changes", Rows)
        page.show(change_rows(self.records, (page.size.width or 80) - 1, self.console.root_.option))
        self.draw_frame()

    def keys(self) -> list[Action]:
        """What can be done with the change under the cursor."""
        record = self.record if self.is_mounted else None
        own = [OPEN] if record is not None else []
        own += [UNDO] if undoable(record) else []
        own += [RESUME] if record is not None and record.state in RESUMABLE else []
        more = [COPY_CHANGE] if record is not None else []
        return [*own, HELP, QUIT, *more, MOVE, READ_AGAIN, PALETTE]

    @on(Rows.Moved)
    def _moved(self) -> None:
        self.draw_frame()

    @on(Rows.Chosen)
    def _open(self) -> None:
        record = self.record
        if record is not None:
            self.app.push_screen(ChangeScreen(self.caps.glyphs, name=record.name))

    def action_undo(self) -> None:
        """Shows what an undo would do."""
        open_undo(self.console, self.record)

    def action_resume(self) -> None:
        """Goes on with an interrupted change."""
        resume(self.console, self.record)

    def action_copy(self) -> None:
        """Puts the change into the clipboard, for a person who helps."""
        record = self.record
        if record is not None:
            self.app.copy_to_clipboard(record_text(record, ""))
            self.app.notify("copied, if this terminal allows it", markup=False, timeout=2)
