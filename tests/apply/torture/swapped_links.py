"""A link takes the place of a folder between any two calls of an apply or an undo.

Each trial is a process of its own in which the swap is made just before one of its calls (sys.addaudithook). The link
leads to a copy of the folder that stands for the running system's: nothing there may change. When the folder is back,
an undo leads to the system as it was.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import stat
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.apply.systems import disk, plan, quiet, system
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.host import changes
from vfiotui.host.root.root import Root
from vfiotui.model.change.change import Change
from vfiotui.model.change.journal import State

CALLS = frozenset(
    {"open", "os.listdir", "os.chmod", "os.chown", "os.setxattr", "os.utime"}
    | {f"os.{name}" for name in ("rename", "remove", "mkdir", "rmdir", "symlink", "link")}
)
"""Audit events that stand before a call of the kernel."""
CHANGE = "var/lib/vfiotui/changes/0001-test-the-steps"
FOLDERS = (
    *("etc", "etc/default", "etc/modprobe.d", "etc/dracut.conf.d", "etc/new", "var", "var/lib", "var/lib/vfiotui"),
    *("var/lib/vfiotui/changes", CHANGE, f"{CHANGE}/before", f"{CHANGE}.new", f"{CHANGE}.new/before"),
)
TARGETS = ("{running}", "../../../../../../../../../..{running}", "{was}", "{name}")
"""Absolute, upwards out of the root, to the folder itself beside, and a loop."""
FINE, OUTSIDE, BROKE, NOT_THERE = range(4)
SECONDS = 60


def contents(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Everything below a folder: mode, time of the last change, and content."""
    found = {}
    for place in sorted(folder.rglob("*")):
        info = place.lstat()
        content = os.readlink(place) if place.is_symlink() else ""
        if stat.S_ISREG(info.st_mode):
            content = hashlib.sha256(place.read_bytes()).hexdigest()
        found[str(place.relative_to(folder))] = (info.st_mode, info.st_mtime_ns, content)
    return found


@dataclass(frozen=True)
class Swap:
    """Which folder becomes a link to what, before which call of what."""

    doing: str
    """apply or undo."""
    call: int
    """From 1."""
    folder: str
    target: str


class Systems:
    """Systems of one plan, a new one for every trial."""

    def __init__(self, steps: tuple[Change, ...]) -> None:
        self.top = Path(tempfile.mkdtemp(prefix="vfl-"))
        self.plan = plan(*steps)
        for name in ("before", "after"):
            (self.top / name).mkdir()
            system(self.top / name)
        self.before = disk(self.top / "before")
        assert apply(Target(Root.mounted(str(self.top / "after"))), self.plan, quiet).state is State.DONE
        self.after = disk(self.top / "after")

    def close(self) -> None:
        shutil.rmtree(self.top)

    def fresh(self, doing: str) -> tuple[Path, Path]:
        """A system to do this to, and a folder for what stands for the running one."""
        trial = Path(tempfile.mkdtemp(prefix="t-", dir=self.top))
        root = trial / "root"
        model = self.top / ("before" if doing == "apply" else "after")
        shutil.copytree(model, root, symlinks=True)
        for place in (model, *model.rglob("*")):
            info, copy = place.lstat(), root / place.relative_to(model)
            if os.geteuid() == 0:
                os.chown(copy, info.st_uid, info.st_gid, follow_symlinks=False)
            if not place.is_symlink():
                copy.chmod(stat.S_IMODE(info.st_mode))
        (trial / "running").mkdir()
        return root, trial / "running"

    def do(self, root: Path, doing: str) -> None:
        target = Target(Root.mounted(str(root)))
        if doing == "apply":
            apply(target, self.plan, quiet)
        else:
            undo(target, "1", quiet)

    def count(self, doing: str) -> int:
        """The calls of a run in which nothing is swapped."""
        root, running = self.fresh(doing)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            seen = [0]
            sys.addaudithook(_counted(seen, -1, lambda: None))
            self.do(root, doing)
            os.write(writer, str(seen[0]).encode())
            os._exit(0)
        os.waitpid(child, 0)
        os.close(writer)
        with open(reader) as file:
            calls = int(file.read())
        shutil.rmtree(running.parent)
        return calls

    def trial(self, swap: Swap) -> str | None:
        """What is wrong after one swap; None where all is well, empty where the folder was not there to be swapped."""
        root, running = self.fresh(swap.doing)
        child = os.fork()
        if child == 0:
            signal.alarm(SECONDS)
            os._exit(self._swapped(root, running, swap))
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        wrong = self._judge(root, running, swap, code)
        if not wrong:
            shutil.rmtree(running.parent)
        return wrong

    def _swapped(self, root: Path, running: Path, swap: Swap) -> int:
        place = root / swap.folder
        was = place.with_name(f"was-{place.name}")
        copy = running / "copy"
        outside: list[dict[str, tuple[int, int, str]]] = []

        def make() -> None:
            if place.is_dir() and not place.is_symlink():
                shutil.copytree(place, copy, symlinks=True)
                outside.append(contents(running))
                place.rename(was)
                place.symlink_to(swap.target.format(running=copy, was=was.name, name=place.name))

        sys.addaudithook(_counted([0], swap.call, make))
        try:
            self.do(root, swap.doing)
        except ApplyError:
            pass
        except BaseException as error:
            print(f"{swap}: {error!r}", file=sys.stderr, flush=True)
            return BROKE
        if not outside:
            return NOT_THERE
        return FINE if contents(running) == outside[0] else OUTSIDE

    def _judge(self, root: Path, running: Path, swap: Swap, code: int) -> str | None:
        if code == NOT_THERE:
            return ""
        if code != FINE:
            return {OUTSIDE: "the running system was changed", BROKE: "it broke"}.get(code, f"it ended with {code}")
        said = _undone(root)
        place = root / swap.folder
        was = place.with_name(f"was-{place.name}")
        if place.is_symlink():
            place.unlink()
        if was.exists() and not place.exists():
            was.rename(place)
        said = _undone(root) or said
        # What was missing where the link led inside was made there, and is the journal where it led to that.
        shutil.rmtree(root / running.parts[1], ignore_errors=True)
        for made in ("etc/dracut.conf.d", "etc/new") if swap.target == "{was}" else ():
            # A folder of the change that somebody renamed is not its own any more, but for what is in it.
            if (root / made).is_dir() and not os.listdir(root / made):
                (root / made).rmdir()
        now = disk(root)
        if now == self.before:
            return None
        changed = sorted(k for k in {**now, **self.before} if now.get(k) != self.before.get(k))
        return f"a third state ({said}): {changed[:6]}"


def _undone(root: Path) -> str:
    """Undoes all that is listed; what it said where it refused."""
    said = ""
    found = changes.read(Root.mounted(str(root)))
    for record in found if isinstance(found, tuple) else ():
        if record.state not in (State.UNDONE, State.ROLLED_BACK):
            try:
                undo(Target(Root.mounted(str(root))), str(record.number), quiet)
            except ApplyError as error:
                said = str(error)
    return said


def _counted(seen: list[int], wanted: int, use: Callable[[], None]) -> Callable[[str, tuple[object, ...]], None]:
    """A hook that does something once, before the call of the wanted number; its own calls do not count."""
    busy = [False]

    def hook(event: str, words: tuple[object, ...]) -> None:
        if event in CALLS and not busy[0]:
            seen[0] += 1
            if seen[0] == wanted:
                busy[0] = True
                use()

    return hook


def swaps(calls: dict[str, int], every: int = 1) -> list[Swap]:
    """All swaps, or every Nth."""
    found = [
        Swap(doing, call, folder, target)
        for doing, number in calls.items()
        for call in range(1, number + 1)
        for folder in FOLDERS
        for target in TARGETS
    ]
    return found[::every]
