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
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from vfiotui.apply import apart
from vfiotui.apply.site import Site
from vfiotui.apply.trouble import Trouble
from vfiotui.model.plan import Plan
from vfiotui.tui.say import say
from vfiotui.tui.screens.change import ChangeScreen

if TYPE_CHECKING:
    from vfiotui.tui.app import ConsoleApp


def carry_out(app: ConsoleApp, *words: str, plan: Plan | None = None, name: str = "") -> None:
    """Runs "apply" with a plan, or "undo" and "apply --resume" of the change with a name in the journal."""
    try:
        site = Site(app.root_)
    except Trouble as error:
        say(app, words[0], str(error))
        return
    if apart.may_write(site):
        _beside(app, (*words, "--yes"), plan, name)
    else:
        _as_root(app, (*words, "--yes"), plan)


def _beside(app: ConsoleApp, words: tuple[str, ...], plan: Plan | None, name: str) -> None:
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


def _as_root(app: ConsoleApp, words: tuple[str, ...], plan: Plan | None) -> None:
    """In this terminal, by sudo, which may ask for a password there; where there is none, what to type is said."""
    try:
        file = apart.save_private(plan) if plan is not None else ""
    except OSError as error:
        say(app, words[0], f"the plan cannot be saved: {(error.strerror or '').lower()}")
        return
    command = apart.command(app.root_, *words, *([file] if file else []))
    sudo = shutil.which("sudo")
    if sudo is None:
        _say_what_to_type(app, command, "sudo is not installed")
        return
    try:
        code = _in_terminal(app, [sudo, *command])
    except SuspendNotSupported:
        _say_what_to_type(app, command, "this terminal cannot be lent to sudo")
        return
    if file:
        os.unlink(file)
    if app.watch_ is not None:
        app.watch_.read_again()
    app.follow.look()
    app.action_go("changes")
    if code:
        say(app, words[0], f"It ended with {code}: nothing was changed, or what was changed was taken back.")


def _say_what_to_type(app: ConsoleApp, command: list[str], why: str) -> None:
    typed = f"cd {shlex.quote(apart.HOME)} && {shlex.join(command)}"
    sentence = f"Only root can change this machine, and {why}. Become root ('su -'), then type:"
    say(app, "root is needed", sentence, "", typed, copied=typed)


def _in_terminal(app: ConsoleApp, command: list[str]) -> int:
    """The exit code of a command that has the terminal for itself; the person reads its words before it is given up."""
    with app.suspend():
        # Ctrl+C is meant for the command: a handler, other than "ignore", is not handed down to it.
        before = signal.signal(signal.SIGINT, lambda number, frame: None)
        try:
            print(f"$ {shlex.join(command)}", flush=True)
            code = subprocess.run(command, cwd=apart.HOME).returncode
            print("\npress Enter to go back to the console ", end="", flush=True)
            with open(0, closefd=False) as keys:
                keys.readline()
        finally:
            signal.signal(signal.SIGINT, before)
    return code
