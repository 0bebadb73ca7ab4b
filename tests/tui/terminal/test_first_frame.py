"""Live's first picture: there before Textual is loaded, where Textual's own will stand, and gone where that fails."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import termios
from pathlib import Path

from tests.machines import root_of
from tests.tui.consoles import Console, caps, console
from vfiotui.demo.machine import machine
from vfiotui.live.history import LiveHistory
from vfiotui.live.sampler import Readers
from vfiotui.model.base.mode import Mode
from vfiotui.tui.app import ConsoleApp
from vfiotui.tui.terminal.capabilities import ASCII
from vfiotui.tui.terminal.first_frame import ENTER, LEAVE, frame

CELL = re.compile(r"\x1b\[(\d+);1H|\x1b\[[\d;]*m")
LOADED = (
    "import sys, vfiotui.cli.main, vfiotui.cli.live.live, vfiotui.cli.console, vfiotui.tui.terminal.first_frame; "
    "print(*sys.modules)"
)
SIZE = os.terminal_size((120, 40))


def picture() -> LiveHistory:
    history = LiveHistory()
    history.append(Readers(root_of(machine("tower"), Mode.DEMO)).live())
    return history


def lines_of(drawn: str) -> dict[int, str]:
    """Line of the screen, from 1 → its text."""
    found: dict[int, str] = {}
    line = 0
    for piece in re.split(r"(\x1b\[[\d;]*[Hm])", drawn.removeprefix(ENTER)):
        if match := CELL.fullmatch(piece):
            line = int(match[1]) if match[1] else line
        else:
            found[line] = found.get(line, "") + piece
    return found


def test_it_loads_nothing_of_textual() -> None:
    loaded = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True).stdout.split()
    assert "vfiotui.tui.terminal.first_frame" in loaded
    assert not {"textual", "asyncio", "dataclasses", "libvirt"} & set(loaded)


async def test_it_stands_where_the_first_frame_of_textual_stands() -> None:
    drawn = lines_of(frame(picture(), "win10", 1.0, caps(), SIZE))
    async with console(root_of(machine("tower"), Mode.DEMO), (120, 40)) as found:
        await found.press("5")
        await found.shows("v7")
        shown = {number: text.rstrip() for number, text in enumerate(found.lines, 1)}
    # Before the first reading nothing has failed yet.
    assert drawn[2].rstrip() == shown[2].replace("1✗", "  ")
    assert drawn[3].split("·")[0] == shown[3].split("·")[0]
    begins = {number: text[:14] for number, text in drawn.items() if text.startswith(("vCPU", "v", "emu"))}
    assert len(begins) > 8
    assert begins == {number: shown[number][:14] for number in begins}


def test_a_terminal_without_such_characters_gets_none() -> None:
    assert frame(picture(), "win10", 1.0, caps(ASCII), SIZE).isascii()


def test_no_line_is_drawn_that_the_terminal_lacks() -> None:
    drawn = lines_of(frame(picture(), "win10", 1.0, caps(), os.terminal_size((80, 24))))
    assert max(drawn) < 24
    assert all(len(text) <= 80 for text in drawn.values())


def written(words: list[str], env: dict[str, str]) -> bytes:
    """What a command writes to a terminal of 120x40 until it ends or has drawn its second screen.

    The terminal controls nobody, as in a shell of a rescue system without job control.
    """
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 120))
    process = subprocess.Popen(
        words, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **env}, start_new_session=True
    )
    os.close(theirs)
    data = b""
    try:
        while select.select([ours], [], [], 60)[0] and data.count(ENTER[:8].encode()) < 2:
            data += os.read(ours, 1 << 16)
    except OSError:
        pass  # The command has ended.
    process.kill()
    process.wait()
    os.close(ours)
    return data


def test_it_is_there_before_textual_takes_the_terminal() -> None:
    words = [sys.executable, "-m", "vfiotui", "--demo", "live"]
    data = written(words, {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}).decode()
    first, _, second = data.removeprefix(ENTER).partition(ENTER[:8])
    assert data.startswith(ENTER) and "win10" in first and "v7" in first
    assert second, "Textual has taken the terminal"


async def test_what_it_was_read_with_goes_on_so_that_the_next_sample_has_rates() -> None:
    root = root_of(machine("tower"), Mode.DEMO)
    readers = Readers(root)
    readers.live()
    app = ConsoleApp(root, caps(), start="live", readers=readers)
    async with app.run_test(size=(120, 40)) as pilot:
        await Console(app, pilot).until(lambda: len(app.history) > 1)
        key = app.history.guests["win10"][0]
        assert app.history.value(key, "mhz", 0) > 0
        assert app.history.value(key, "delay", 1) >= 0


def test_where_textual_cannot_be_loaded_the_terminal_is_given_back(tmp_path: Path) -> None:
    (tmp_path / "textual").mkdir()
    (tmp_path / "textual/__init__.py").write_text("raise ImportError('broken')")
    words = [sys.executable, "-m", "vfiotui", "--demo", "live"]
    data = written(words, {"TERM": "xterm-256color", "PYTHONPATH": str(tmp_path)}).decode()
    before, _, after = data.partition(LEAVE)
    assert before.startswith(ENTER) and "v7" in before
    assert "needs the Python package textual" in after and "broken" in after
