"""Whatever stops, continues or ends the console: the terminal is the shell's again, and the picture whole."""

from __future__ import annotations

import signal
import sys
import time

import pytest

from tests.requirements import need
from tests.tui.terminal.pty_console import SECONDS, PtyConsole
from vfiotui.tui.terminal.signals import ASKED, INTERRUPTS

WALL = b"\x1b[6;1HBroadcast message from root\r\nThe system goes down\x1b(0\x1b[3;5r\x1b[31m"
READY = ("DEMO", "libvirt ok 1/3 running", "no changes pending", "Group 14")
STUCK = (
    "import os, time; from vfiotui.tui.app import ConsoleApp as A; from vfiotui.tui.terminal import signals as s;"
    "s.STUCK = 0.5; A.action_help = lambda _: os.write(1, b'stuck') and time.sleep(10**6);"
    "from vfiotui.cli.main import main; raise SystemExit(main())"
)


def calm(terminal: PtyConsole) -> list[str]:
    """The lines below the first, which shows what the console costs, once it is drawn whole.

    It is drawn in small pieces, which a busy machine takes its time for; a cursor blinks every half second.
    """
    end = time.monotonic() + SECONDS
    while terminal.step(0.4) and time.monotonic() < end:
        pass
    return terminal.lines[1:]


def test_every_signal_that_would_kill_is_one_that_is_heard() -> None:
    deadly = {s for s in signal.valid_signals() if isinstance(s, signal.Signals)} - {
        signal.SIGKILL,
        *(signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGSYS, signal.SIGTRAP),
        *(signal.SIGPIPE, signal.SIGXFSZ),  # Python ignores them.
        *(signal.SIGCHLD, signal.SIGURG, signal.SIGWINCH, signal.SIGCONT),
        *(signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU),
        *(signal.SIGRTMIN, signal.SIGRTMAX),
    }
    assert deadly - {*ASKED, *INTERRUPTS} == set()


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGINT, signal.SIGPWR])
def test_a_signal_gives_the_terminal_back(number: signal.Signals) -> None:
    with PtyConsole("--demo") as terminal:
        terminal.shows(*READY)
        terminal.signal(number)
        assert terminal.ends() == 130
        terminal.is_itself_again()


def test_a_loop_that_does_not_turn_ends_too() -> None:
    with PtyConsole("--demo", program=(sys.executable, "-c", STUCK)) as terminal:
        terminal.shows(*READY)
        terminal.send(b"?")
        terminal.until(lambda _: b"stuck" in terminal.raw, "it hangs")
        terminal.signal(signal.SIGTERM)
        assert terminal.ends() == 0
        terminal.is_itself_again()


@pytest.mark.parametrize("over", [b"", b"?", b":"], ids=["a screen", "help", "palette"])
def test_what_others_write_over_it_is_repaired(over: bytes) -> None:
    """By ctrl+l, and when it is continued."""
    with PtyConsole("--demo", size=(100, 30)) as terminal:
        terminal.shows(*READY)
        terminal.send(over)
        if over:
            terminal.shows("everywhere" if over == b"?" else "go to Isolate")
        before = calm(terminal)
        for again in ("ctrl+l", "SIGCONT"):
            terminal.until(lambda _: terminal.lines[1:] == before, f"the picture before {again}")
            terminal._draw(WALL)
            assert "Broadcast" in terminal.text
            if again == "ctrl+l":
                terminal.send(b"\x0c")
            else:
                terminal.signal(signal.SIGSTOP)
                terminal.signal(signal.SIGCONT)
            terminal.until(lambda _: terminal.lines[1:] == before, again)
        assert terminal.unknown == []
        terminal.send(b"\x11" if over != b":" else b"\x1b[27u")
        terminal.signal(signal.SIGTERM)
        assert terminal.ends() == 0
        terminal.is_itself_again()


def test_a_terminal_that_controls_nobody_is_taken_too() -> None:
    """As in a shell of a rescue system that has no job control."""
    with PtyConsole("--demo", program=("setsid", "--wait", sys.executable, "-m", "vfiotui")) as terminal:
        terminal.shows(*READY)
        terminal.send(b"\x1a")
        terminal.send(b"6")
        terminal.shows("shut off")
        terminal.send(b"q")
        assert terminal.ends() == 0
        terminal.is_itself_again()


def test_without_a_shell_ctrl_z_stops_nothing() -> None:
    """Its process group is an orphan: nobody could continue it."""
    with PtyConsole("--demo") as terminal:
        terminal.shows(*READY)
        terminal.send(b"\x1a")
        terminal.until(lambda _: terminal.raw.count(b"\x1b[?1049h") == 2, "the terminal is taken again")
        terminal.send(b"6")
        terminal.shows("shut off")
        terminal.send(b"q")
        assert terminal.ends() == 0


def test_ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it() -> None:
    shell = (need("bash", "bash"), "--norc", "-i")
    with PtyConsole(program=shell, size=(100, 30), env={"TERM": "xterm-256color", "LANG": "C.UTF-8"}) as terminal:
        terminal.send(f"PS1='now> '; {sys.executable} -m vfiotui --demo\n".encode())
        terminal.shows(*READY)
        before = calm(terminal)
        terminal.send(b"\x1a")
        terminal.shows("Stopped", "now>")
        assert not terminal.screen.private & {1049, 1000, 1003, 1006} and not terminal.screen.cursor.hidden
        terminal.send(b"bg; echo $((40 + 2))\n")
        terminal.shows("42")
        terminal.settled(0.7)
        assert 1049 not in terminal.screen.private, "in the background it draws nothing"
        terminal.send(b"fg\n")
        terminal.until(lambda _: terminal.lines[1:] == before, "the picture from before")
        terminal.send(b"6")
        terminal.shows("shut off")
        terminal.send(b"q")
        terminal.until(lambda s: s.rstrip().endswith("now>"), "the shell again")
        terminal.send(b"exit 7\n")
        assert terminal.ends() == 7
