"""The way back: the begun steps of a change, the last one first.

Whether what generators made can be believed is judged by what is in it, not by an exit code: `why_not` says so for
every way back that runs a generator.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from dataclasses import replace

from vfiotui.apply.errors import ApplyError, CommandFailed, Conflict, Damage, os_sentence
from vfiotui.apply.programs.process import end_left_behind, run
from vfiotui.apply.record.again import runs
from vfiotui.apply.record.backup import digest
from vfiotui.apply.record.journal import Journal
from vfiotui.apply.record.menu import missing_of_menu
from vfiotui.apply.record.products import products
from vfiotui.apply.record.whole import must_be_whole
from vfiotui.apply.run_steps import Outcome, Tell, works
from vfiotui.apply.steps import kind_of
from vfiotui.apply.steps.command import KIND as COMMAND
from vfiotui.apply.steps.command import is_recorded
from vfiotui.apply.steps.look import words_left
from vfiotui.apply.steps.step import SOURCES, StepContext, SubjectState
from vfiotui.apply.target import Target
from vfiotui.apply.undo.left_isolated import left_isolated
from vfiotui.apply.writes import disk
from vfiotui.host.boot import boot, image
from vfiotui.model.base.reading import Unread, or_else
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan

IMAGE = re.compile(r"(initrd|initramfs|booster)[^/]*$")


def _image(target: Target, path: str) -> str | None:
    found = image.read(target.root, path)
    if isinstance(found, Unread):
        return f"{path} cannot be read: it {found.reason}"
    return f"{path} cannot be read to its end: {found.fault}" if found.fault else None


def _in_next_boot(target: Target, words: list[str]) -> list[str]:
    """Those of the words that every entry which may start next has; none where the path cannot be followed."""
    found = boot.read(target.root) if words else Unread("nothing is looked for")
    lines = found if isinstance(found, Unread) else found.path if isinstance(found.path, Unread) else found.path.lines
    if isinstance(lines, Unread):
        return []
    return [w for w in words if all(w in line.text.split() for line in lines)]


def why_not(target: Target, plan: Plan, made: Iterable[str]) -> str | None:
    """Why the undo of a plan has not the wanted effect although generators ran again, as a sentence; `made` are the
    paths that they made. None where all is well."""
    for path in made:
        if IMAGE.search(path):
            problem = _image(target, path)
            if problem:
                return problem
        if path.endswith("/grub.cfg"):
            missing = missing_of_menu(target, or_else(target.root.text(path), ""))
            if missing:
                return f"{path} names {missing[0]}, which is not there"
    files = [step for step in plan.steps if step.kind == "file"]
    for step in plan.steps:
        if step.kind == "path":
            old = b"\n".join(f.before or b"" for f in files).decode("utf-8", "replace")
            asked = [w.partition(" ")[2] for w in step.wants if w.startswith("word ")]
            still = _in_next_boot(target, [w for w in asked if w not in old])
            if still:
                return f"the entry that starts next still has {' and '.join(still)}"
        if step.kind == "look":
            old = b"\n".join(f.before or b"" for f in files).decode("utf-8", "replace")
            added = tuple(word for word in step.wants if word not in old)
            left = words_left(target, step.subject, added)
            if left:
                return f"{step.subject} still holds {' and '.join(left)}"
    return left_isolated(target, plan) or None


BY_BYTES = "every file that it wrote is as it was, byte for byte"
LOOKS = frozenset({"look", "image", "path"})
"""Kinds that change nothing."""
LASTING = frozenset({"file", "link", "command"})
"""Kinds whose work outlasts a boot, and is found again without the journal."""
SMALL = 1 << 20
"""Bytes: what was made anew since and is no larger is kept before it is made again; a person may have edited it."""


def begun(journal: Journal, plan: Plan) -> list[StepContext]:
    """The steps that were begun and not undone, in the order in which they were begun."""
    steps = works(journal, plan)
    return [steps[number - 1] for number in journal.come().begun]


def standing(work: StepContext, plan: Plan) -> SubjectState:
    """Where the subject of a step stands; what a command made and somebody made anew is made again only where the plan
    changes what it is made from."""
    found = kind_of(work.change.kind).standing(work)
    has_sources = any(step.kind in SOURCES for step in plan.steps)
    if found is SubjectState.STALE and not has_sources:
        return SubjectState.FOREIGN
    if found is SubjectState.AFTER and has_sources and work.change.kind == "command" and COMMAND.is_outgrown(work):
        return SubjectState.STALE
    return found


def unrecorded(journal: Journal, plan: Plan) -> list[StepContext]:
    """Steps that stand as the change leaves them, and that the journal does not call begun: it has lost its end, or
    somebody did the same by hand."""
    known = set(journal.come().begun)
    found = []
    for work in works(journal, plan):
        if work.step not in known and work.change.kind in LASTING:
            with contextlib.suppress(Damage):
                after = kind_of(work.change.kind).standing(work) is SubjectState.AFTER
                if after and not (work.change.kind == "command" and COMMAND.as_before(work)):
                    found.append(work)
    return found


def foreign(journal: Journal, plan: Plan) -> list[StepContext]:
    """The begun steps whose subjects somebody changed since."""
    return [work for work in begun(journal, plan) if standing(work, plan) is SubjectState.FOREIGN]


def take_back(journal: Journal, plan: Plan, tell: Tell, force: bool) -> str:
    """Takes every begun step back, and says how where it was not byte for byte; Conflict at a subject that somebody
    changed, unless forced.

    A command that must run again does so when everything else is as before; until then it counts as begun, so that a
    way back that was cut short runs it too.
    """
    steps = begun(journal, plan)
    if force:
        steps = sorted((*steps, *unrecorded(journal, plan)), key=lambda work: work.step)
    must_be_whole(journal, steps)
    again: list[StepContext] = []
    remade: list[StepContext] = []
    left: list[str] = []
    stays: list[str] = []
    for work in reversed(steps):
        try:
            stays += filter(None, (kind_of(work.change.kind).stays(work),))
            stale = _undo_step(work, plan, tell, force)
        except Conflict as error:
            # All else goes back: a system that is half changed is worse than one subject that somebody looks after.
            left.append(str(error))
            continue
        if stale:
            remade.append(work)
        if work.change.again or stale:
            again.append(work)
        else:
            journal.write("back", step=work.step)
    before = _made(remade)
    for work in remade:
        _keep_small(work)
    for work, argv in runs(again[::-1], steps):
        tell(f"runs once more: {' '.join(argv)}")
        run(work.target, argv, work.log, work.started)
    after = _made(remade)
    problem = (
        why_not(journal.target, plan, (p for p, word in after.items() if before.get(p) != word)) if remade else None
    )
    if problem:
        raise ApplyError(f"the sources are as before and the generators ran again, but {problem}")
    for work in reversed(again):
        journal.write("back", step=work.step)
    if left:
        raise Conflict("; ".join(left))
    if not remade:
        kept = any(work.change.kind == "command" and work.change.products for work in steps)
        return "; ".join((*((BY_BYTES,) if kept else ()), *stays))
    programs = ", ".join(dict.fromkeys(work.change.subject for work in remade))
    how = f"what {programs} makes was made anew since: the sources are as before, and it ran again with them"
    return "; ".join((how, *stays))


def _keep_small(work: StepContext) -> None:
    for index, place in enumerate(products(work.target, work.change.products).values()):
        if disk.kind(place) == "file" and disk.stat_of(place).st_size <= SMALL:
            work.keep.copy_replaced(place, f"{work.step}.{index}")


def _made(works: list[StepContext]) -> dict[str, str]:
    """What is there now of what these commands make, by path with its digest."""
    places = {p: place for work in works for p, place in products(work.target, work.change.products).items()}
    return {path: digest(place) for path, place in places.items()}


def _undo_step(work: StepContext, plan: Plan, tell: Tell, force: bool) -> bool:
    """Undoes a step; true where its command is to run again instead, when all else is as before."""
    kind = kind_of(work.change.kind)
    kind.tidy(work)
    now = standing(work, plan)
    if now is SubjectState.FOREIGN and not force:
        raise Conflict(f"{work.change.subject} was changed by something else meanwhile: it is left alone")
    if now is SubjectState.STALE:
        # What is still as the change left it goes back to the byte; the generator makes the rest.
        kind.undo(work)
    elif now is not SubjectState.BEFORE and work.change.kind not in LOOKS:
        tell(f"undoes step {work.step}: {work.change.subject}")
        kind.undo(replace(work, forced=force))
    return now is SubjectState.STALE


def _fails_anyway(journal: Journal, work: StepContext, tell: Tell) -> str:
    """Whether a generator that failed fails with everything as before, too, as a half sentence; empty where it does
    not. What it writes then goes back as well; the journal calls the step begun until that is done."""
    if not is_recorded(work.change) or work.change.back:
        return ""
    tell(f"runs once more with everything as before: {work.change.subject}")
    journal.write("begin", step=work.step)
    said = ""
    try:
        run(work.target, work.change.argv, work.log, work.started)
    except CommandFailed as error:
        said = f"it failed already before this change: with everything as it was, {error}"
    COMMAND.undo(work)
    _must_be_as_before([work])
    journal.write("back", step=work.step)
    return said


def _must_be_as_before(commands: list[StepContext]) -> None:
    differing = list(dict.fromkeys(path for work in commands for path in COMMAND.differs(work)))
    if differing:
        raise ApplyError(f"all was put back, and {', '.join(differing)} is not as it was before the change")


def roll_back(journal: Journal, plan: Plan, why: str, tell: Tell, failed: StepContext | None = None) -> Outcome:
    """Takes everything back after a failure; what cannot be taken back leaves the change stuck.

    `failed` is the step whose program failed: it is asked whether it did so before the change too.
    """
    tell(f"failed: {why}")
    try:
        end_left_behind(journal.come().command)
        commands = [work for work in begun(journal, plan) if work.change.kind == "command"]
        take_back(journal, plan, tell, force=False)
        _must_be_as_before(commands)
        why = "; ".join(filter(None, (why, _fails_anyway(journal, failed, tell) if failed else "")))
        journal.write("rolled back", why=why)
    except (ApplyError, OSError) as error:
        sentence = str(error) if isinstance(error, ApplyError) else os_sentence(error, "the way back fails too")
        word = f"{why}; {sentence}"
        try:
            journal.write("stuck", why=word)
        except OSError:
            # A journal that takes no line tells the same by its silence: the change counts as interrupted.
            return Outcome(journal.name, State.INTERRUPTED, word)
        return Outcome(journal.name, State.STUCK, word)
    return Outcome(journal.name, State.ROLLED_BACK, why)
