"""Faults on purpose: the console's own command is killed, or its disk refuses, at any system call that writes.

strace counts the calls of one run, and injects into another one at a chosen call (strace(1), -e inject). What is
killed before call n + 1 is what a power cut after call n leaves to the page cache's readers.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.apply.systems import disk, plan, system, with_busybox
from tests.apply.torture.warm import Warm
from tests.requirements import need
from vfiotui.model.change.change import Change
from vfiotui.model.change.plan import to_json

WRITES = (
    "write pwrite64 rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat mkdir mkdirat rmdir fsync "
    "fdatasync fchown fchmod setxattr fsetxattr utimensat ftruncate flock openat"
).split()
AGREED = ("--yes", "--run-its-programs")
ERRORS = ("ENOSPC", "EIO", "EROFS", "EACCES")
HOUSE = Path(__file__).parents[3]
AT_WORK = re.compile(r"another program is at work on this change \(process (\d+)\)")
CALL = re.compile(r"^(?:\d+ +)?(\w+)\(")


@dataclass(frozen=True, slots=True)
class Case:
    """A system and what is done to it."""

    name: str
    steps: tuple[Change, ...]
    enters: bool = False
    """Whether a command runs inside the system."""
    fails: bool = False
    """Whether a command fails, or a look behind it: the change takes itself back."""

    def build(self, folder: Path) -> None:
        """The system as it is before."""
        system(folder)
        if self.enters:
            with_busybox(folder, need("busybox", "busybox-static"))
            for name in ("efi/EFI/arch/initramfs-linux.img", "boot/old.img"):
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text("as it was\n")
        (folder / "plan.json").write_text(to_json(plan(*self.steps)))


@dataclass(frozen=True, slots=True)
class Point:
    """One call of one run."""

    call: str
    number: int
    """Which of the calls of this name, from 1."""
    text: str
    """What it did, for a person."""


def run(argv: list[str], *strace: str, inside: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """A command, traced where options are given; no caches are written, so that calls count the same each time.

    `inside` are the words that lead into other namespaces first.
    """
    traced = [*inside, need("strace", "strace"), *strace, *argv] if strace else [*inside, *argv]
    return subprocess.run(
        traced,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=HOUSE,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"},
    )


class Bench:
    """Systems of one case, made anew for each fault from one kept copy."""

    workers = 2
    """How many trials may run at once."""
    inside: tuple[str, ...] = ()
    forks = False
    """Whether the command runs in forks of a loaded process: thousands of trials are over sooner then."""
    _warm: Warm | None = None

    case: Any
    """A `Case`, or another with its name and whether it fails."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.top = Path(tempfile.mkdtemp(prefix="vft-"))
        self.model = self.top / "model"
        self.model.mkdir()
        case.build(self.model)
        self.look()

    def look(self) -> None:
        """Applies and undoes once: the two states, and every call between them."""
        probe = self.fresh()
        self.before = self.state(probe)
        fails = self.case.fails
        self.points = self.calls(probe, *self.apply_words(probe), code=4 if fails else 0)
        self.after = self.state(probe)
        assert (self.after == self.before) is fails
        assert ("rolled back" in self.changes(probe)) is fails
        self.undo_points = [] if fails else self.calls(probe, "undo", "1", "--yes")
        assert self.state(probe) == self.before
        self.drop(probe)

    def fresh(self) -> Path:
        """A copy of the system, with every attribute."""
        folder = Path(tempfile.mkdtemp(prefix="s-", dir=self.top))
        subprocess.run(["cp", "-a", f"{self.model}/.", str(folder)], check=True)
        return folder

    def drop(self, folder: Path) -> None:
        """Ends a trial."""
        shutil.rmtree(folder)

    def close(self) -> None:
        self.cool()
        shutil.rmtree(self.top)

    def cool(self) -> None:
        """Ends the loaded process."""
        if self._warm is not None:
            self._warm.close()

    def state(self, folder: Path) -> object:
        """All that a change may change."""
        return disk(self.seen(folder))

    def seen(self, folder: Path) -> Path:
        """Where this process sees a system with all that is mounted in it."""
        return folder

    def script(self, folder: Path, script: Path) -> str:
        """The path of an undo.sh for the namespaces in which it runs."""
        return str(script)

    def apply_words(self, folder: Path) -> tuple[str, ...]:
        return ("apply", str(folder / "plan.json"), *AGREED)

    def words(self, folder: Path, *command: str) -> list[str]:
        return [sys.executable, "-m", "vfiotui", "--root", str(folder), *command]

    def vfiotui(self, folder: Path, command: tuple[str, ...], *strace: str) -> subprocess.CompletedProcess[str]:
        """The console's own command over one system."""
        words = self.words(folder, *command)
        if not self.forks:
            return run(words, *strace, inside=self.inside)
        if self._warm is None:
            self._warm = Warm(self.inside)
        return self._warm.run(words[words.index("vfiotui") + 1 :], *strace)

    def undo(self, folder: Path) -> subprocess.CompletedProcess[str]:
        return self.vfiotui(folder, ("undo", "1", "--yes"))

    def touches(self, call: str, line: str, folder: Path) -> bool:
        """Whether a traced call writes to what the case is about."""
        return str(folder) in line and (call != "openat" or "O_CREAT" in line)

    def calls(self, folder: Path, *command: str, code: int = 0) -> list[Point]:
        """Every call of a run that writes, in order."""
        with tempfile.NamedTemporaryFile("r", suffix=".strace") as log:
            done = self.vfiotui(folder, command, "-y", "-s", "60", "-o", log.name, "-e", f"trace={','.join(WRITES)}")
            assert done.returncode == code, done.stdout + done.stderr
            lines = log.read().splitlines()
        seen: Counter[str] = Counter()
        found = []
        for line in lines:
            match = CALL.match(line)
            if match is None:
                continue
            seen[match[1]] += 1
            if self.touches(match[1], line, folder):
                found.append(Point(match[1], seen[match[1]], line.replace(str(folder), "")))
        return found

    def clean(self, folder: Path) -> None:
        """Nothing but the journal of whole changes is left: no half file, no half folder."""
        stray = [p for p in self.seen(folder).rglob("*") if p.name.startswith(".vfiotui-")]
        stray += folder.glob("var/lib/vfiotui/changes/*.new")
        assert not stray, stray

    def changes(self, folder: Path) -> str:
        done = self.vfiotui(folder, ("changes",))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def killed_apply(self, point: Point, recover: Callable[[Bench, Path], None]) -> None:
        """Kills an apply before a call, then recovers; the recovery says what must be there."""
        folder = self.fresh()
        done = self.vfiotui(folder, self.apply_words(folder), *_kill(point))
        assert done.returncode == -9, (done.returncode, done.stderr)
        recover(self, folder)
        self.clean(folder)
        self.drop(folder)

    def killed_undo(self, point: Point) -> None:
        """Kills an undo before a call; a second undo ends it."""
        folder = self.fresh()
        assert self.vfiotui(folder, self.apply_words(folder)).returncode == 0
        done = self.vfiotui(folder, ("undo", "1", "--yes"), *_kill(point))
        assert done.returncode == -9, (done.returncode, done.stderr)
        if "undone" not in self.changes(folder):
            again = self.undo(folder)
            assert again.returncode == 0, again.stderr
        assert self.state(folder) == self.before
        self.clean(folder)
        self.drop(folder)

    def refused(self, point: Point, error: str) -> None:
        """One call answers with an error: all is done, or all is as before, at once or after an undo."""
        folder = self.fresh()
        inject = f"inject={point.call}:error={error}:when={point.number}"
        done = self.vfiotui(
            folder, self.apply_words(folder), "-o", "/dev/null", "-e", f"trace={point.call}", "-e", inject
        )
        assert "Traceback" not in done.stderr and "broke" not in done.stderr, done.stderr
        if done.returncode == 0:
            assert self.state(folder) == self.after and not self.case.fails, (point, error)
        else:
            assert done.returncode == 4 and ("vfiotui: " in done.stderr or "change 0001" in done.stdout), done
            if self.state(folder) != self.before:
                again = self.undo(folder)
                assert again.returncode == 0, (point, error, done.stdout, again.stderr)
            assert self.state(folder) == self.before, (point, error, done.stdout, done.stderr)
            self.changes(folder)
        self.drop(folder)


def _kill(point: Point) -> tuple[str, ...]:
    return (
        "-o",
        "/dev/null",
        "-e",
        f"trace={point.call}",
        "-e",
        f"inject={point.call}:signal=SIGKILL:when={point.number}",
    )


def _in_force(listed: str) -> bool:
    """Whether the list of changes names one that is not taken back already."""
    return "0001" in listed and "rolled back" not in listed


def by_undo(bench: Bench, folder: Path) -> None:
    """The console's own undo leads back, wherever it was killed."""
    listed = bench.changes(folder)
    done = bench.undo(folder)
    assert done.returncode == 0 or not _in_force(listed), done.stderr
    assert bench.state(folder) == bench.before


def by_resume(bench: Bench, folder: Path) -> None:
    """What was interrupted is ended; what had not begun never happened."""
    listed = bench.changes(folder)
    if "interrupted" in listed:
        done = bench.vfiotui(folder, ("apply", "--resume", "1", *AGREED))
        assert done.returncode == (4 if bench.case.fails else 0), done.stdout + done.stderr
        assert bench.state(folder) == bench.after
    elif "stuck" in listed:
        by_undo(bench, folder)
    elif "0001" in listed:
        assert ("rolled back" if bench.case.fails else "done") in listed and bench.state(folder) == bench.after
    else:
        assert bench.state(folder) == bench.before
        bench.undo(folder)


def by_script(bench: Bench, folder: Path) -> None:
    """undo.sh leads back without Python."""
    for script in folder.glob("var/lib/vfiotui/changes/0001-*/undo.sh"):
        if script.parent.name.endswith(".new"):
            # It had not begun: nothing was changed.
            continue
        words = [need("busybox", "busybox-static"), "sh", bench.script(folder, script)]
        done = run(words, inside=bench.inside)
        if at_work := AT_WORK.search(done.stdout):
            # What the killed command had started ends with it, a moment later.
            _await_end(int(at_work[1]))
            done = run(words, inside=bench.inside)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "undone" in (listed := bench.changes(folder)) or "rolled back" in listed
    bench.undo(folder)
    assert bench.state(folder) == bench.before


def _await_end(pid: int) -> None:
    """Waits for a process that is no child of this one."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select([fd], [], [], 60)[0], f"process {pid} goes on"
    finally:
        os.close(fd)


def by_other_start(bench: Bench, folder: Path) -> None:
    """Another system with the same disk, or the next start of this one: not at once, for somebody may be at work."""
    other = folder.parent / f"{folder.name}-boot-id"
    other.write_text("11111111-2222-3333-4444-555555555555\n")
    there = (need("unshare", "util-linux"), "--mount", "--propagation", "private", "sh", "-euc")
    mount = 'mount --bind "$1" /proc/sys/kernel/random/boot_id; shift; exec "$@"'
    words = [*there, mount, "sh", str(other), *bench.words(folder, "undo", "1", *AGREED)]
    was, listed = bench.state(folder), bench.changes(folder)
    done = run(words, inside=bench.inside)
    if done.returncode != 0:
        assert not _in_force(listed) or "another system" in done.stderr, done.stderr
        assert bench.state(folder) == was
        for journal in folder.glob("var/lib/vfiotui/changes/0001-*/journal"):
            os.utime(journal, (10**9, 10**9))
        done = run(words, inside=bench.inside)
        assert done.returncode == 0 or not _in_force(listed), done.stderr
    assert bench.state(folder) == bench.before


RECOVERIES: tuple[Callable[[Bench, Path], None], ...] = (by_undo, by_resume, by_script)
