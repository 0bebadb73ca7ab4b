"""What a person can still do where this program must not act: the kept copies, and where each belongs."""

from __future__ import annotations

from vfiotui.apply.errors import ApplyError, Damage
from vfiotui.apply.record.backup import PLAN, digest
from vfiotui.apply.record.journal import Journal
from vfiotui.apply.run_steps import works
from vfiotui.apply.steps.step import quoted
from vfiotui.apply.writes import disk
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan

SHOWN = 4
"""Commands that one sentence names."""


def copies(journal: Journal, plan: Plan) -> list[str]:
    """For each file and link that a change touches, the command that puts the kept copy back; only for copies that
    are there."""
    found = []
    for work in works(journal, plan):
        name, subject = str(work.step), work.change.subject
        if work.change.kind in ("file", "link") and work.change.before is not None:
            copy = work.keep.path(name)
            kind = disk.kind(copy)
            if kind == "link" or (kind == "file" and disk.stat_of(copy).st_size == len(work.change.before)):
                top = "" if journal.target.is_live else journal.target.folder
                found.append(f"cp -a {quoted(journal.target.outside(copy))} {quoted(top + subject)}")
    return found


def by_hand(journal: Journal) -> str:
    """A sentence about the ways that are left."""
    plan = journal.plan()
    commands = [] if isinstance(plan, Unread) else copies(journal, plan)
    if not commands:
        kept = journal.target.outside(journal.keep.folder)
        return f"what was kept lies in {kept}: compare it with what is there now, and copy it by hand"
    more = f" and {len(commands) - SHOWN} more" if len(commands) > SHOWN else ""
    said = ", ".join(f"'{command}'" for command in commands[:SHOWN])
    return f"compare what is there now with what was kept, then by hand: {said}{more}"


def _reason(journal: Journal, plan: Reading[Plan]) -> str:
    """Why a plan cannot be believed, as a sentence fragment; empty where it can."""
    if isinstance(plan, Unread):
        return plan.reason
    wanted = journal.come().kept
    try:
        listed = journal.keep.listed(wanted) if wanted else {}
    except Damage as error:
        return f"cannot be compared: {error}"
    return "is not as it was kept" if listed and digest(journal.folder / PLAN) != listed[PLAN].digest else ""


def trusted(journal: Journal) -> Plan:
    """The plan of a change whose plan and journal are sound; ApplyError says what can be done by hand elsewhere."""
    plan, come = journal.plan(), journal.come()
    if come.state is State.DAMAGED:
        todo = f"{by_hand(journal)}; then move {journal.target.outside(journal.folder)} away"
        raise ApplyError(f"nothing was changed: change {journal.name} is damaged: {come.word}; {todo}")
    reason = _reason(journal, plan)
    if reason or isinstance(plan, Unread):
        todo = f"'sh {quoted(journal.target.outside(journal.script))}' undoes it without the plan"
        if disk.kind(journal.script) != "file":
            todo = f"undo.sh is missing too: {by_hand(journal)}"
        raise ApplyError(f"nothing was changed: the plan of change {journal.name} {reason}: {todo}")
    return plan
