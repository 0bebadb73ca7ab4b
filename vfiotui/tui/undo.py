"""Undo and resume: looked at in a worker, shown, and asked of the app when a person agrees."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.programs.change_programs import programs_back
from vfiotui.apply.programs.consent import consent_words
from vfiotui.apply.target import Target
from vfiotui.apply.undo.clash import clashes
from vfiotui.apply.undo.preview import undo_preview
from vfiotui.model.change.journal import BUSY, ChangeRecord, State
from vfiotui.tui.message_box import say
from vfiotui.tui.messages import RunRequested
from vfiotui.tui.screens.changes.undo import UndoScreen

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext

RESUMABLE = frozenset({State.INTERRUPTED, State.STUCK, State.OUTSTANDING})


def undoable(record: ChangeRecord | None) -> bool:
    """Whether a part of the change is in force and nobody works at it."""
    return record is not None and record.state not in BUSY | {State.UNDONE, State.ROLLED_BACK, State.DAMAGED}


def open_undo(app: ConsoleContext, record: ChangeRecord | None) -> None:
    """Shows what taking a change back would do."""
    if record is not None and undoable(record):
        app.run_worker(_open(app, record), exclusive=True, group="plan")


async def _open(app: ConsoleContext, record: ChangeRecord) -> None:
    try:
        target = Target(app.root_)
        _, steps = await asyncio.to_thread(undo_preview, target, record.name)
        found = await asyncio.to_thread(clashes, target, record.name)
        programs = await asyncio.to_thread(programs_back, target, record.name)
    except ApplyError as error:
        say(app, "undo", str(error))
        return
    runs = consent_words(target, programs) if programs else ""
    await app.push_screen(UndoScreen(record, steps, found, app.caps.glyphs, runs))


def resume(app: ConsoleContext, record: ChangeRecord | None) -> None:
    """Goes on with an interrupted change: an apply to its end, an undo too."""
    if record is not None and record.state in RESUMABLE:
        app.post_message(RunRequested("apply", "--resume", str(record.number), name=record.name))
