"""The journal in the console: followed while it grows, taken back, forced only after the clash was shown."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from textual.binding import Binding

from tests.apply.systems import disk
from tests.hosts import TOWER
from tests.machines import root_of
from tests.tui.changing import edit, gated_system, open_gate, records, states, system
from tests.tui.consoles import SIZES, console
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.change.change import Effect, run_command
from vfiotui.model.change.journal import ChangeRecord, Progress, State
from vfiotui.model.change.plan import Plan, to_json
from vfiotui.model.finding.finding import Risk
from vfiotui.tui.screens.changes.change import ChangeScreen
from vfiotui.tui.screens.changes.view import change_rows, record_rows, record_text
from vfiotui.tui.screens.host.screen import HostScreen
from vfiotui.tui.screens.isolate.screen import IsolateScreen
from vfiotui.tui.screens.memory.screen import MemoryScreen
from vfiotui.tui.screens.pin.screen import PinScreen
from vfiotui.tui.status import change_words, reboot_needed
from vfiotui.tui.terminal.capabilities import UNICODE
from vfiotui.tui.widgets.rows import Rows

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="entering a mounted system needs root: run make test as root")
HOSTILE = "x [/dev/vfio/1] [AMD] \x1b[2J"
SHOWN = "x [/dev/vfio/1] [AMD] \\x1b[2J"
OLD, OURS, THEIRS = b"one\ntwo\nthree\n", b"one\n2\nthree\n", b"one\ntwo and a half\nthree\nfour\n"


def record(state: State, number: int = 1, title: str = "x", plan: Plan | Unread | None = None) -> ChangeRecord:
    progress = Progress(state, (1,), frozenset({1}), "", None, None, "2026-01-02 03:04:05")
    given = Plan(title, (edit("/etc/x", None, b"x\n"),)) if plan is None else plan
    return ChangeRecord(number, "x", state, title, f"/var/lib/vfiotui/changes/{number:04d}-x", progress, given)


def changed(folder: Path) -> Root:
    """A system with one change in its journal."""
    root = system(folder)
    (folder / "etc/some.conf").write_bytes(OLD)
    apply(Target(root), Plan("Edit some.conf", (edit("/etc/some.conf", OLD, OURS),)), lambda _: None)
    return root


def interrupt(folder: Path) -> None:
    """Makes the journal as a kill between the step's beginning and its end leaves it."""
    journal = folder / "var/lib/vfiotui/changes/0001-edit-some-conf/journal"
    lines = journal.read_text().splitlines(True)
    journal.write_text("".join(line.replace('"start": ', '"start": 9') for line in lines[:2]))


def test_states_count_as_pending_busy_broken_or_neither() -> None:
    def words(*given: State) -> str:
        return change_words(tuple(record(s) for s in given))[0]

    assert words() == words(State.DONE, State.UNDONE, State.ROLLED_BACK) == "no changes pending"
    assert words(State.WAITING, State.DONE) == "1 change pending"
    assert words(State.WAITING, State.WAITING) == "2 changes pending"
    assert words(State.WAITING, State.INTERRUPTED) == "change 1 interrupted"
    assert words(State.DAMAGED, State.WAITING) == "change 1 damaged"
    assert words(State.STUCK, State.WAITING) == "change 1 stuck"
    assert words(State.STUCK, State.APPLYING) == "change 1 applying"
    assert change_words(Unread("needs root", Why.FORBIDDEN))[0] == "changes ?"
    assert reboot_needed(None, (record(State.WAITING),)) and not reboot_needed(None, (record(State.DONE),))


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("width", [78, 158])
def test_every_state_is_shown(state: State, width: int) -> None:
    one = record(state, title=HOSTILE)
    rows = [*change_rows((one,), width), *record_rows(one, HOSTILE + "\n" * 99, UNICODE, width)]
    said = "\n".join(r.text for r in rows)
    assert str(state) in said and SHOWN in said and said.replace("\n", "").isprintable()
    assert SHOWN in record_text(one, "")
    damaged = record(state, plan=Unread("the plan is no JSON", Why.DAMAGED))
    assert "the plan is no JSON" in "\n".join(r.text for r in record_rows(damaged, "", UNICODE, width))


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_an_empty_journal_tells_how_a_change_begins(size: tuple[int, int]) -> None:
    named = {HostScreen: "f", IsolateScreen: "space p", PinScreen: "g a", MemoryScreen: "plus minus b h c"}
    for screen, keys in named.items():
        bound = {key for b in screen.BINDINGS if isinstance(b, Binding) for key in b.key.split(",")}
        assert bound >= set(keys.split()), "the text names keys that are there"
    async with console(root_of(TOWER, Mode.DEMO), size) as found:
        await found.press("7")
        await found.shows("No change has been made", "1 Host     f", "2 Isolate  space", "3 Pin      g", "4 Memory   +")
        await found.shows("nothing is done before")


def test_an_unread_journal_says_why(tmp_path: Path) -> None:
    said = " ".join(r.text.strip() for r in change_rows(Unread("needs root", Why.FORBIDDEN), 78))
    assert "needs root" in said and "'sudo vfiotui changes' lists it" in said
    (tmp_path / "my disk").mkdir()
    there = change_rows(Unread("needs root", Why.FORBIDDEN), 400, Root.mounted(f"{tmp_path}/my disk").option)
    assert f"'sudo vfiotui --root '{tmp_path}/my disk' changes' lists it" in there[0].text
    damaged = change_rows(Unread("too many names", Why.DAMAGED), 78)
    assert "too many names" in damaged[0].text and "sudo" not in damaged[0].text


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_a_clash_is_shown_from_three_sides_and_only_then_forced(size: tuple[int, int], tmp_path: Path) -> None:
    root = changed(tmp_path)
    (tmp_path / "etc/some.conf").write_bytes(THEIRS)
    async with console(root, size) as found:
        await found.press("7")
        await found.shows("0001", "Edit some.conf", "done")
        await found.press("f", "u")
        await found.shows(
            " undo ", "/etc/some.conf was changed by something else since", "two and a half", "ours", "kept", "now"
        )
        await found.press("u", "y")
        assert (tmp_path / "etc/some.conf").read_bytes() == THEIRS and "u undo it" not in found.text
        await found.press("f", "y", "enter")
        assert states(root) == [State.DONE]
        await found.press("f", *"force", "enter")
        await found.until(lambda: states(root) == [State.UNDONE])
        assert (tmp_path / "etc/some.conf").read_bytes() == OLD


async def test_an_interrupted_change_is_told_and_resumed(tmp_path: Path) -> None:
    root = changed(tmp_path)
    interrupt(tmp_path)
    async with console(root, (80, 24)) as found:
        await found.shows("change 1 interrupted")
        await found.press("7")
        await found.shows("interrupted", "R resume")
        await found.press("enter")
        await found.shows("R goes on where it stopped", "not ended  file")
        await found.press("R")
        await found.until(lambda: states(root) == [State.DONE])
        await found.shows("state     done")
        await found.press("escape")
        await found.until(lambda: "change 1" not in found.lines[0])
        assert "R resume" not in found.text


async def test_an_interrupted_change_is_taken_back(tmp_path: Path) -> None:
    root = changed(tmp_path)
    interrupt(tmp_path)
    async with console(root, (80, 24)) as found:
        await found.press("7")
        await found.shows("0001")
        await found.press("u")
        await found.shows("Taking back")
        await found.press("u", "y")
        await found.until(lambda: states(root) == [State.UNDONE])
    assert (tmp_path / "etc/some.conf").read_bytes() == OLD


@ROOT_ONLY
async def test_a_change_that_another_process_makes_is_followed_with_its_log(tmp_path: Path) -> None:
    root = gated_system(tmp_path)
    command = run_command(
        ("update-grub",), "make the menu", products=("/boot/grub/grub.cfg",), risk=Risk.R2, effect=Effect.BOOT
    )
    (tmp_path / "plan.json").write_text(to_json(Plan("Build the menu", (command,))))
    words = [
        sys.executable,
        "-m",
        "vfiotui",
        "--root",
        str(tmp_path),
        "apply",
        str(tmp_path / "plan.json"),
        "--yes",
        "--run-its-programs",
    ]
    async with console(root, (80, 24)) as found:
        work = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        await found.until(lambda: states(root) == [State.APPLYING])
        assert "change 1 applying" not in found.text, "nothing is polled for while nobody looks"
        await found.press("7")
        await found.shows("change 1 applying", "applying")
        assert "u undo" not in found.lines[-1]
        await found.press("enter")
        await found.shows("at work  command", "$ update-grub", "the menu is being built [bold] \\x1b[2J")
        await asyncio.to_thread(open_gate, tmp_path)
        await found.shows("state     done", "the menu is there")
        await found.press("l")
        await found.shows(" log ", "the menu is there")
        await found.press("escape", "y")
        assert "the menu is there" in found.app.clipboard and "\x1b" not in found.app.clipboard
        await found.press("escape")
        await found.until(lambda: "applying" not in found.text)
        assert work.wait(30) == 0


async def test_leaving_the_screen_ends_the_reading_of_the_log(tmp_path: Path) -> None:
    root = changed(tmp_path)
    async with console(root, (80, 24)) as found:
        await found.press("7")
        await found.shows("0001")
        await found.press("enter")
        await found.until(lambda: isinstance(found.app.screen, ChangeScreen))
        path = records(root)[0].path
        await found.until(lambda: (found.app.store.get("log") or ("",))[0] == path)
        await found.press("1")
        await found.until(lambda: found.app.store.get("log")[0] == "")
        assert found.app.current_mode == "host"


async def test_a_long_list_scrolls_to_its_cursor(tmp_path: Path) -> None:
    root = system(tmp_path)
    before = disk(tmp_path)
    for number in range(30):
        path = f"/etc/new-{number}.conf"
        apply(Target(root), Plan(f"Make {number}", (edit(path, None, b"x\n"),)), lambda _: None)
    async with console(root, (80, 24)) as found:
        await found.press("7")
        await found.shows("0030", "Make 29")
        await found.press("end")
        rows = found.app.screen.query_one("#changes", Rows)
        await found.shows("0001", "Make 0")
        assert rows.key.endswith("0001-make-0")
    assert disk(tmp_path).keys() - before.keys() == {f"etc/new-{n}.conf" for n in range(30)}
