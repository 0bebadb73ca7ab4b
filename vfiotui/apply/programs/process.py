"""Commands that outlive a lost terminal: a session of their own, output into the change's log."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from vfiotui.apply.errors import ApplyError, CommandFailed
from vfiotui.apply.programs import supervise
from vfiotui.apply.programs.chroot import ENVIRONMENT, inside, walls
from vfiotui.apply.programs.consent import must_be_agreed
from vfiotui.apply.target import Target
from vfiotui.apply.writes import disk
from vfiotui.apply.writes.place import Place
from vfiotui.host.changes import LEASE, runs
from vfiotui.host.root.root import Root
from vfiotui.model.change.journal import Process

ENDED = "ended"
"""The file in a change's folder that holds a line, and whose time is when the last command ended."""
TAIL = 400
"""Characters of a failed command's last words that its sentence repeats."""
FAULT = re.compile(r"\b(ERROR|FAILED|FATAL|[Ee]rror:|[Ff]ailed\b)|^E: |does not exist|not found")
"""Lines by which builders say what failed: mkinitcpio ERROR, dracut FAILED, booster "does not exist"."""
WRONG = 3
"""So many of these lines are repeated."""
LOG = 256 << 10
"""Bytes of the end of a log in which they are looked for."""
SECONDS = 1800.0
"""How long a command may take: the images of many kernels on a slow disk take minutes."""
STARTED = "started"
"""The file beside it whose time is when that command was about to start."""
BEAT = LEASE / 4
"""Seconds between two signs of life."""


def run(target: Target, argv: tuple[str, ...], log: Place, started: Callable[[int], None]) -> None:
    """Runs a command to its end and hands its process on first; ApplyError with its last words where it fails.

    It does not begin before `started` has returned: a command that no journal names would run on, unknown, while its
    work is taken back. A command of a mounted system runs only where a person agreed (chroot.must_be_agreed). One that
    takes longer than SECONDS is ended, with all that it started.
    """
    must_be_agreed(target, argv[:1])
    os.close(disk.open_regular(log.beside(STARTED), os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
    disk.touch(log.beside(STARTED))
    note = disk.open_regular(log.beside(ENDED), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    words = [sys.executable, "-I", "-S", supervise.__file__, str(note)]
    words += argv if target.is_live else inside(target, argv)
    lacking = "" if target.is_live else walls()[1]
    with open(disk.open_regular(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab", buffering=0) as out:
        out.write(f"$ {' '.join(argv)}\n{f'# {lacking}{chr(10)}' if lacking else ''}".encode("utf-8", "replace"))
        begin = out.tell()
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
                pass_fds=(note,),
            )
        except OSError as error:
            raise ApplyError(f"{argv[0]} cannot be started: {(error.strerror or '').lower()}") from error
        finally:
            os.close(note)
        try:
            started(process.pid)
        except OSError:
            process.communicate()
            raise
        try:
            _begin(process)
            _wait(process, log)
        except subprocess.TimeoutExpired as error:
            _end(process.pid)
            process.wait()
            raise ApplyError(
                f"{argv[0]} did not end in {SECONDS / 60:g} minutes: it was ended with all that it started; "
                f"{_last_words(log, begin) or 'it said nothing'}"
            ) from error
        finally:
            # Its end ends the command: an apply that is killed leaves none that writes on.
            _close(process)
    code = process.returncode
    if code:
        ending = f"ended with {code}" if code > 0 else f"was killed by {signal.Signals(-code).name}"
        raise CommandFailed(f"{argv[0]} {ending}: {_last_words(log, begin) or 'it said nothing'}")


def _begin(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(supervise.BEGIN)
        process.stdin.flush()


def _wait(process: subprocess.Popen[bytes], log: Place) -> None:
    """Waits for the end, and touches the journal meanwhile: another system on the same disk sees that it lives."""
    until = time.monotonic() + SECONDS
    while True:
        left = until - time.monotonic()
        try:
            process.wait(timeout=max(min(left, BEAT), 0))
            return
        except subprocess.TimeoutExpired:
            if left <= BEAT:
                raise
        with contextlib.suppress(OSError):
            disk.touch(log.beside("journal"))


def _close(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()


def _lines(log: Place, begin: int) -> list[str]:
    with open(disk.open_regular(log, os.O_RDONLY), "rb") as file:
        file.seek(max(begin, os.fstat(file.fileno()).st_size - LOG))
        lines = file.read().decode("utf-8", "replace").strip().split("\n")
    return [line.strip() for line in lines if line.strip()]


def _last_words(log: Place, begin: int) -> str:
    """The lines that name an error, then the last ones."""
    lines = _lines(log, begin)
    wrong = [line for line in lines if FAULT.search(line)]
    last = " / ".join(line for line in lines[-4:] if line not in wrong)[-TAIL:]
    return " / ".join(filter(None, (" / ".join(wrong[:WRONG])[:TAIL], last)))


def error_lines(log: Place) -> str:
    """The lines of the last command's output that name an error, although it may have ended well; empty for none."""
    try:
        lines = _lines(log, 0)
    except OSError:
        return ""
    start = max((n for n, line in enumerate(lines) if line.startswith("$ ")), default=0)
    return " / ".join([line for line in lines[start:] if FAULT.search(line)][:WRONG])[:TAIL]


def end_left_behind(process: Process | None) -> None:
    """Ends a command that a killed apply left running, with all that it started, before its work is taken back."""
    if process is not None and runs(Root.live(), process):
        _end(process.pid)


def _end(pid: int) -> None:
    """Ends a process with its session: the group bears its number."""
    import select

    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        os.killpg(pid, signal.SIGTERM)
        if not select.select([fd], [], [], 5)[0]:
            os.killpg(pid, signal.SIGKILL)
            select.select([fd], [], [], 5)
    except ProcessLookupError:
        return
    finally:
        os.close(fd)
