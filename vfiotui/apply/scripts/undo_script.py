"""undo.sh: the way back of one change for a shell without Python."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from importlib.resources import files

from vfiotui.apply.record.again import adds_kernel
from vfiotui.apply.record.backup import ABSENT, DONE, digest
from vfiotui.apply.record.command_notes import CommandNotes
from vfiotui.apply.steps import kind_of
from vfiotui.apply.steps.step import SOURCES, StepContext, quoted
from vfiotui.apply.writes.mount_checks import boot_mounts


def _whole(steps: tuple[StepContext, ...]) -> Iterator[str]:
    """The lines that compare what was kept for each step with the list of it."""
    numbers = {str(work.step) for work in steps}
    commands = {work.step: CommandNotes(work) for work in steps if work.change.kind == "command"}
    unused = {name for notes in commands.values() for name in notes.unused}
    for name, kept in steps[0].keep.listed().items() if steps else ():
        step = name.partition(".")[0]
        if step in numbers and name not in unused:
            yield f"whole {step} {quoted(name)} {quoted(kept.digest)}"
    for work in steps:
        note = f"{work.step}{DONE}"
        # Before the command ended well its note is written anew, without this script.
        ended = work.step in commands and commands[work.step].after is not None
        word = digest(work.keep.path(note)) if ended else ABSENT
        if word != ABSENT:
            yield f"whole {work.step} {note} {word}"


def _made_again(steps: tuple[StepContext, ...]) -> Iterator[str]:
    """The lines that run the generators of stale products; see again.py."""
    adders = [work for work in steps if adds_kernel(work.change)]
    for work in steps:
        change = work.change
        if change.kind != "command" or not change.products or change.back:
            continue
        if not adds_kernel(change):
            yield f"made_again {work.step} {shlex.join(change.argv)}"
            continue
        if work is adders[-1]:
            yield f"new_kernels {work.step} {shlex.join(w.change.argv[2] for w in adders)}"
        yield f"kernel_again {work.step} {shlex.join(change.argv[2:4])}"


def undo_script(title: str, number: int, works: Iterable[StepContext]) -> str:
    """The script for the steps of a change, each of which was prepared; the last step is taken back first."""
    steps = tuple(works)
    checks = [f"mounted {quoted(p)}" for p in dict.fromkeys(p for w in steps for p in boot_mounts(w.target, w.change))]
    backs: list[str] = []
    for work in reversed(steps):
        check, back = kind_of(work.change.kind).undo_script(work)
        checks += check
        backs += back
    backs += _made_again(steps)
    backs += [f"run_back {work.step} {shlex.join(work.change.argv)}" for work in steps if work.change.again]
    parts = {
        "STEPS": str(len(steps)),
        "SOURCES": "1" if any(work.change.kind in SOURCES for work in steps) else "''",
        "WHOLE": "\n".join(_whole(steps)),
        "NUMBER": f"{number:04d}",
        "TITLE": shlex.quote(" ".join(title.split())),
        "CHECKS": "\n".join(checks),
        "BACKS": "\n".join(backs),
    }
    template = (files("vfiotui.apply.scripts") / "undo.sh").read_text(encoding="utf-8")
    return re.sub(r"@([A-Z]+)@", lambda match: parts[match[1]], template)
