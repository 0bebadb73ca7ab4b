"""Somebody edits a subject at every instant of an apply and of an undo: the edit is never lost.

An audit hook of the interpreter (sys.addaudithook) stands before every open, rename, removal and change of metadata of
this process; at one of them the edit is made, as another program would make it. The hook cannot be taken out again, so
this runs in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from itertools import product
from pathlib import Path

from tests.apply.systems import FILES, disk, plan, quiet, system
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.host.root.root import Root

EVENTS = frozenset(
    "open os.rename os.remove os.mkdir os.rmdir os.symlink os.link os.chmod os.chown os.utime os.setxattr".split()
)
SUBJECTS = (
    "etc/default/grub.real",
    "etc/modprobe.d/old.conf",
    "etc/dracut.conf.d/deep/vfio.conf",
    "etc/current",
    "etc/new/link",
)
AFTER = {name: step.after for name, step in zip(SUBJECTS, FILES, strict=True)}
"""An edit that does what the change does is no other one."""
NEVER = 1 << 60
MINE = b"HOURS OF MY WORK\n"


def write_in_place(path: Path) -> None:
    if path.parent.is_dir() and not path.is_symlink():
        path.write_bytes(MINE)


def write_anew(path: Path) -> None:
    if path.parent.is_dir():
        other = path.with_name("other-name")
        other.write_bytes(MINE)
        other.rename(path)


def point_elsewhere(path: Path) -> None:
    if path.parent.is_dir():
        path.unlink(missing_ok=True)
        path.symlink_to("/mine")


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)


EDITS: tuple[Callable[[Path], None], ...] = (write_in_place, write_anew, point_elsewhere, remove)


class Clock:
    """Counts the events, and does something at one of them."""

    def __init__(self) -> None:
        self.count = -1
        self.at = -1
        self.last = 0
        self.then: Callable[[], None] | None = None
        sys.addaudithook(self.hear)

    def hear(self, event: str, args: tuple[object, ...]) -> None:
        if self.count < 0 or event not in EVENTS:
            return
        self.count += 1
        if self.count == self.at and self.then is not None:
            then, self.then = self.then, None
            then()

    def run(self, at: int, then: Callable[[], None], work: Callable[[], object]) -> str:
        """How the work ended; how many events it had stands in `last`."""
        self.at, self.then, self.count = at, then, 0
        try:
            return str(work())
        except ApplyError as error:
            return f"refused: {error}"
        finally:
            self.last, self.count = self.count, -1


def state(folder: Path, without: str) -> dict[str, tuple[object, ...]]:
    """The other subjects, by content."""
    found = disk(folder)
    return {name: found.get(name, ("absent",))[-1:] for name in SUBJECTS if name != without}


def seen(path: Path) -> object:
    """What lies at a path, links not followed."""
    if path.is_symlink():
        return os.readlink(path)
    return path.read_bytes() if path.is_file() else None


def trial(clock: Clock, model: Path, top: Path, way: str, number: int, subject: str, edit: int) -> str:
    """One edit at one instant; what is wrong afterwards, "" for nothing."""
    folder = Path(tempfile.mkdtemp(dir=top))
    subprocess.run(["cp", "-a", f"{model}/.", str(folder)], check=True)
    target, path = Target(Root.mounted(str(folder))), folder / subject
    whole = plan(*FILES)
    if way == "undo":
        apply(target, whole, quiet)
    before, made = state(folder, subject), []

    def then() -> None:
        was = seen(path)
        EDITS[edit](path)
        made.append((was, seen(path)))

    work = (lambda: apply(target, whole, quiet)) if way == "apply" else (lambda: undo(target, "1", quiet))
    ended = clock.run(number, then, work)
    was, mine = made[0] if made else (None, None)
    now, others, word = seen(path), state(folder, subject), ""
    if was != mine != AFTER[subject] and now != mine:
        word = f"the edit is lost: {mine!r} became {now!r}"
    done = "DONE" in ended or "UNDONE" in ended
    if not done and others != before and way == "apply":
        word = f"{word} the others are neither as before nor changed: {ended}"
    if done and others == before:
        word = f"{word} it says {ended} and changed nothing"
    if list(folder.rglob(".vfiotui-*")):
        word = f"{word} half a file is left"
    shutil.rmtree(folder)
    return f"{way} event {number} {subject} {EDITS[edit].__name__}: {word} ({ended})" if word else ""


def main() -> int:
    """Prints a tally and what went wrong."""
    parser = argparse.ArgumentParser(prog="edits", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try every Nth only")
    every = parser.parse_args().every
    clock, tried, wrong = Clock(), Counter[str](), 0
    with tempfile.TemporaryDirectory(prefix="vft-") as name:
        top = Path(name)
        model = top / "model"
        model.mkdir()
        system(model)
        for way in ("apply", "undo"):
            trial(clock, model, top, way, NEVER, SUBJECTS[0], 0)
            instants = range(1, clock.last + 1)
            for number, subject, edit in list(product(instants, SUBJECTS, range(len(EDITS))))[::every]:
                word = trial(clock, model, top, way, number, subject, edit)
                tried[way] += 1
                if word:
                    wrong += 1
                    print(word, flush=True)
    print(f"edits: {sum(tried.values())} trials {dict(tried)}, {wrong} lost or half done")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
