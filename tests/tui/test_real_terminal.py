"""The console in a real terminal: every key, every size, and the terminal afterwards."""

from __future__ import annotations

import itertools
import os
import select
import signal
import sys

import psutil
import pytest

from tests.requirements import need
from tests.tui.tmux import SECONDS, Tmux
from vfiotui.tui.actions import TABS

pytestmark = pytest.mark.needs_tmux
SMALL = {"columns": 80, "lines": 24, "term": "linux"}
WIDE = {"columns": 160, "lines": 50, "term": "tmux-256color"}
SIGNS = {
    "host": "Group 14 of this card",
    "isolate": "ids",
    "pin": "win10",
    "memory": "2 MiB",
    "live": "emu  2-3",
    "guests": "shut off",
    "changes": "no change",
}


def is_itself_again(terminal: Tmux) -> None:
    """The terminal is as it was before: no alternate screen, cursor on, no mouse."""
    assert terminal.told("alternate_on") == "0"
    assert terminal.told("cursor_flag") == "1"
    assert terminal.told("mouse_any_flag") == "0"


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["80x24 linux", "160x50"])
def test_number_keys_help_palette_and_quit(size: dict[str, object]) -> None:
    with Tmux("--demo", **size) as terminal:  # type: ignore[arg-type]
        terminal.shows("DEMO", "libvirt ok 1/3 running")
        for key, mode, word in TABS:
            terminal.send(key)
            screen = terminal.until(
                lambda s, m=mode: SIGNS[m] in s and s.splitlines()[1].startswith(" 1 Host "),  # type: ignore[misc]
                f"{word} below its tabs",
            )
            assert len(screen.splitlines()) <= size["lines"], word  # type: ignore[operator]
        terminal.send("?")
        terminal.shows(" help  Changes")
        terminal.send("Escape")
        terminal.until(lambda s: " help  Changes" not in s and "no change" in s, "the help is left")
        terminal.send(":")
        terminal.shows("type a part of what you want to do", "go to Host")
        terminal.send("go to host")
        terminal.until(lambda s: "go to Host" in s and "go to Guests" not in s, "the choice")
        terminal.send("Enter")
        terminal.shows("Group 14 of this card")
        terminal.send("q")
        terminal.shows("ended with 0")
        is_itself_again(terminal)
        assert "Traceback" not in terminal.screen


def test_the_linux_console_gets_only_what_its_font_has() -> None:
    drawable = set("─│┌┐└┘├┤·░▒█")
    with Tmux("--demo", **SMALL) as terminal:  # type: ignore[arg-type]
        terminal.shows("DEMO")
        for key, mode, _ in TABS:
            terminal.send(key)
            screen = terminal.shows(SIGNS[mode])
            body = "\n".join(screen.splitlines()[1:])
            odd = {c for c in body if not c.isascii()} - drawable
            assert odd <= set("←↑→↓"), (mode, odd)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGHUP, 0), (signal.SIGQUIT, 130)])
def test_a_signal_leaves_the_terminal_as_it_was(number: signal.Signals, code: int) -> None:
    with Tmux("--demo", **SMALL) as terminal:  # type: ignore[arg-type]
        terminal.shows("DEMO", "Group 14")
        os.kill(terminal.console_pid(), number)
        terminal.shows(f"ended with {code}")
        is_itself_again(terminal)
        terminal.send("stty -a | grep -cw -- '-icanon'", "Enter")
        terminal.until(lambda s: s.rstrip().splitlines()[-2:-1] == ["0"], "lines are read as lines")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_a_console_that_was_stopped_ends_from_the_background(number: signal.Signals) -> None:
    """The kernel stops it where it touches the terminal, and then no signal but SIGKILL ends it."""
    with Tmux(**SMALL, program=(need("bash", "bash"), "--norc", "-i")) as terminal:  # type: ignore[arg-type]
        terminal.send(f"{sys.executable} -m vfiotui --demo", "Enter")
        terminal.shows("DEMO", "Group 14")
        children = psutil.Process(int(terminal.told("pane_pid"))).children(recursive=True)
        console = next(c.pid for c in children if "--demo" in c.cmdline())
        ended = os.pidfd_open(console)
        try:
            os.kill(console, signal.SIGSTOP)
            terminal.shows("Stopped")
            os.kill(console, signal.SIGCONT)
            os.kill(console, number)
            assert select.select([ended], [], [], SECONDS)[0], "it does not end"
        finally:
            os.close(ended)
        is_itself_again(terminal)


INPUT = {
    "no UTF-8": b"\xff\xfe\x80\xe4\xb6",
    "an old mouse": b"\x1b[M \xc8\xc8\x1b[M#\xff\xff\x1b[M\x01qq",
    "a key that is no character": b"\x1b[99999999999u\x1b[1114112;5u\x1b[0u",
    "another size": b"\x1b[48;9999;9999;99999;99999t",
    "signals": b"\x1a\x1c",
    "a paste with keys": b"\x1b[200~q\x03\x1a\x1cq\xe4\x1b[201~",
    "a long unmarked paste": b"q\xe4" * 2000,
    "far away clicks": b"\x1b[<0;99999999;99999999M\x1b[<0;0;0m\x1b[<255;1;1M",
}


def test_no_bytes_from_the_keyboard_end_the_console() -> None:
    """Each kind, then a key that must still count."""
    with Tmux("--demo", **WIDE) as terminal:  # type: ignore[arg-type]
        terminal.shows("DEMO", "libvirt ok 1/3 running")
        for number, (name, data) in enumerate(INPUT.items()):
            terminal.type(data)
            terminal.shows("DEMO")
            key, sign = ("6", "shut off") if number % 2 == 0 else ("4", "2 MiB")
            # A key counts once the terminal was silent for a moment, until then it belongs to the paste: it is typed
            # again at every tenth look only, so that there is such a moment.
            looks = itertools.count()
            terminal.until(
                lambda s, k=key, w=sign, n=looks: w in s or (next(n) % 10 == 0 and terminal.send(k) is not None),
                f"{name}, then {key}",
            )
        terminal.send("q")
        terminal.shows("ended with 0")
        is_itself_again(terminal)


def test_a_fault_in_the_thread_that_reads_keys_ends_with_a_sentence() -> None:
    code = "from vfiotui.tui.terminal.keyboard import Keyboard; Keyboard.feed = lambda *_: 1 // 0"
    program = (sys.executable, "-c", f"{code}; from vfiotui.cli.main import main; raise SystemExit(main())")
    with Tmux("--demo", **WIDE, program=program) as terminal:  # type: ignore[arg-type]
        terminal.until(lambda s: "ended with" in s or ("DEMO" in s and terminal.send("6") is not None), "the end")
        screen = terminal.shows("ended with 1")
        assert "vfiotui: the console" in screen and "Traceback" not in screen
        is_itself_again(terminal)


def test_this_host_opens() -> None:
    with Tmux(**WIDE) as terminal:  # type: ignore[arg-type]
        terminal.until(
            lambda s: (
                all(w in s for w in ("failed ·", "not checked ·", "quit")) and os.uname().release in s.splitlines()[0]
            ),
            "the findings below the kernel's release",
        )
        terminal.send("3")
        terminal.shows("CPU")
        terminal.send("5")
        terminal.shows("every 1 s")
        terminal.send("q")
        terminal.shows("ended with 0")


def test_hostile_names_are_text_in_a_real_terminal() -> None:
    with Tmux("--demo", "--machine", "hostile", **WIDE) as terminal:  # type: ignore[arg-type]
        terminal.shows("x [/dev/vfio/1] [AMD] \\x1b[2J")
        for key, _, word in TABS:
            terminal.send(key)
            terminal.until(
                lambda s, w=word: (
                    w in s and s.splitlines()[1].strip() and "x [/dev/vfio/1] [AMD] \\x1b[2J" in s.splitlines()[0]
                ),
                f"{word}; nothing has cleared the screen",
            )


def test_a_terminal_that_cannot_move_its_cursor_gets_the_report() -> None:
    with Tmux("--demo", columns=120, lines=50, term="dumb") as terminal:
        terminal.until(lambda s: "ended with" in s or ("DEMO" in s and terminal.send("6") is not None), "the end")
        screen = terminal.shows("ended with 1")
        assert "'vfiotui explain CODE'" in screen and "DEMO" not in screen.splitlines()[-1]


def test_too_small_is_a_sentence_that_goes_away() -> None:
    with Tmux("--demo", columns=70, lines=20, term="linux") as terminal:
        terminal.shows("vfiotui needs 80x24; this terminal has 70x20")
        terminal.resize(80, 24)
        terminal.shows("Group 14 of this card", "help")
        terminal.send("q")
        terminal.shows("ended with 0")


def test_a_console_ends_with_its_terminal() -> None:
    with Tmux("--demo", columns=100, lines=30, term="tmux-256color") as terminal:
        terminal.shows(SIGNS["host"])
        console = os.pidfd_open(terminal.console_pid())
    try:
        # The terminal went with its server: SIGHUP, then SIGCONT, as the kernel sends them.
        assert select.select([console], [], [], SECONDS)[0], "it lives on without a terminal"
    finally:
        os.close(console)
