"""Has a plan applied, undone or resumed by a process of its own, and shows how it goes.

The console itself writes nothing: it may be left, killed or cut off at any time.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from vfiotui.apply.errors import ApplyError
from vfiotui.apply.programs import detached as apart
from vfiotui.apply.target import Target
from vfiotui.host import changes
from vfiotui.model.change.plan import Plan, to_json
from vfiotui.tui.message_box import say
from vfiotui.tui.screens.changes.change import ChangeScreen
from vfiotui.tui.text import clean

if TYPE_CHECKING:
    from vfiotui.tui.context import ConsoleContext
    from vfiotui.tui.messages import RunRequested


def carry_out(app: ConsoleContext, request: RunRequested) -> None:
    """Runs vfiotui as requested: in a process of its own where this console may write, else by sudo in the terminal."""
    word = request.words[0]
    try:
        target = Target(app.root_)
    except ApplyError as error:
        say(app, word, str(error))
        return
    words = (*request.words, "--yes", *(["--run-its-programs"] if request.programs else []))
    if apart.may_write(target):
        _beside(app, words, request.plan, request.name)
    else:
        _as_root(app, words, request.plan)


def _beside(app: ConsoleContext, words: tuple[str, ...], plan: Plan | None, name: str) -> None:
    """In a session of its own, followed through the journal."""
    try:
        work = apart.start(app.root_, *words, *(["-"] if plan is not None else []), plan=plan)
        ended = os.pidfd_open(work.process.pid)
    except OSError as error:
        say(app, words[0], f"vfiotui {words[0]} cannot be started: {(error.strerror or '').lower()}")
        return
    loop = asyncio.get_running_loop()
    screen = ChangeScreen(app.caps.glyphs, name=name, work=work)

    def end() -> None:
        loop.remove_reader(ended)
        os.close(ended)
        work.process.wait()
        app.follow.settle(work.process.pid)
        screen.redraw()

    loop.add_reader(ended, end)
    app.follow.expect(work.process.pid)
    app.action_go("changes")
    app.push_screen(screen)


def _as_root(app: ConsoleContext, words: tuple[str, ...], plan: Plan | None) -> None:
    """In this terminal, by sudo, which may ask for a password there; where there is none, what to type is said."""
    sudo = shutil.which("sudo")
    if sudo is None:
        _say_what_to_type(app, words, plan, "sudo is not installed")
        return
    command = apart.command(app.root_, *words, "--json", *(["-"] if plan is not None else []))
    try:
        code, end = _in_terminal(app, [sudo, *command], plan)
    except SuspendNotSupported:
        _say_what_to_type(app, words, plan, "this terminal cannot be lent to sudo")
        return
    except OSError as error:
        say(app, words[0], f"sudo cannot be started: {(error.strerror or '').lower()}")
        return
    if app.watch_ is not None:
        app.watch_.read_again()
    app.follow.look()
    _show_end(app, words[0], code, end)


def _end_words(code: int, end: apart.End | None) -> str:
    if end is None:
        refused = "sudo did not run it: nothing was changed"
        return refused if code == 1 else f"it ended with {code} without a message: the journal shows how far it came"
    return f"change {end.change} is {end.state}{f': {end.why}' if end.why else ''}" if end.change else end.why


def _show_end(app: ConsoleContext, word: str, code: int, end: apart.End | None) -> None:
    """How it came out; the journal is root's alone, so that it may be closed to this console."""
    words = _end_words(code, end)
    if end is None or not end.change:
        say(app, word, words)
        return
    app.action_go("changes")
    if isinstance(changes.read(app.root_), tuple):
        app.push_screen(ChangeScreen(app.caps.glyphs, name=end.change))
        return
    sudo_vfiotui = f"sudo vfiotui{app.root_.option}"
    number = int(end.change.partition("-")[0])
    more = "The journal is root's alone. The first of these shows the change with its log, the second takes it back:"
    say(app, word, words, "", more, "", f"{sudo_vfiotui} changes {number}", f"{sudo_vfiotui} undo {number}")


def _say_what_to_type(app: ConsoleContext, words: tuple[str, ...], plan: Plan | None, why: str) -> None:
    try:
        file = [apart.save_private(plan)] if plan is not None else []
    except OSError as error:
        say(app, words[0], f"the plan cannot be saved: {(error.strerror or '').lower()}")
        return
    typed = f"cd {shlex.quote(apart.HOME)} && {shlex.join(apart.command(app.root_, *words, *file))}"
    sentence = f"Only root can change this machine, and {why}. Become root ('su -'), then type:"
    say(app, "root is needed", sentence, "", typed, copied=typed)


def _in_terminal(app: ConsoleContext, command: list[str], plan: Plan | None) -> tuple[int, apart.End | None]:
    """The exit code of a command that has the terminal, and how it says that it came out.

    The person reads its words before it is given up. Plan and output are files without a name: they need no tidying,
    and a console that is gone breaks none of them.
    """
    with app.suspend(), tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(b"" if plan is None else to_json(plan).encode("ascii"))
        given.seek(0)
        # Ctrl+C is meant for the command: a handler, other than "ignore", is not handed down to it.
        before = signal.signal(signal.SIGINT, lambda number, frame: None)
        try:
            print(f"$ {shlex.join(command)}", flush=True)
            code = subprocess.run(command, stdin=given, stdout=said, cwd=apart.HOME).returncode
            said.seek(0)
            end = apart.end_of(said.read().decode("utf-8", "replace"))
            print(f"\n{clean(_end_words(code, end))}\npress Enter to go back to the console ", end="", flush=True)
            with open(0, closefd=False) as keys:
                keys.readline()
        finally:
            signal.signal(signal.SIGINT, before)
        return code, end
