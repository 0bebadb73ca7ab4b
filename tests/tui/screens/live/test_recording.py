"""R on Live: the samples of a running console in a file that --replay reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.machines import root_of
from tests.tui.consoles import Console, console
from vfiotui.apply.errors import ApplyError
from vfiotui.cli.live.recording import recorded
from vfiotui.demo.machine import machine
from vfiotui.live.recorder import Recorder
from vfiotui.model.base.mode import Mode


async def begin(app: Console, path: Path) -> None:
    """Types the file's name over the one that is proposed."""
    await app.press("R")
    await app.shows("record into the file", "vfiotui-live-", "--replay")
    await app.press("ctrl+u", *str(path), "enter")


async def test_samples_are_recorded_behind_other_screens_until_it_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "play.jsonl"
    async with console(root_of(machine("tower"), Mode.DEMO), (100, 30)) as app:
        await app.press("5")
        await app.shows("running")
        await begin(app, path)
        await app.shows("recording")
        await app.press("m", "1")
        await app.shows("1 failed")
        await app.until(lambda: path.read_text().count("\n") > 4, "samples while Host is shown")
        await app.press("5")
        await app.shows("recording")
        await app.press("R")
        await app.until(lambda: str(path) in " ".join(n.message for n in app.app._notifications), "where it is")
        assert "recording" not in app.lines[2]
    history, _, _ = recorded(str(path))
    assert history.count >= 3 and "by hand" in [m.text for m in history.marks if not m.alarm]
    assert "win10" in history.guests


async def test_an_existing_file_is_refused_and_esc_records_nothing(tmp_path: Path) -> None:
    path = tmp_path / "[b]mine"
    path.write_text("mine")
    async with console(root_of(machine("tower"), Mode.DEMO), (100, 30)) as app:
        await app.press("5")
        await app.shows("running")
        await begin(app, path)
        await app.shows("[b]mine exists already")
        await app.press("escape", "R")
        await app.shows("record into the file")
        await app.press("escape")
        await app.until(lambda: "record into the file" not in app.text)
        assert "recording" not in app.text
    assert path.read_text() == "mine" and os.listdir(tmp_path) == ["[b]mine"]


def test_a_full_disk_ends_it_with_a_sentence() -> None:
    with (
        open("/dev/full", "wb", buffering=0) as file,
        pytest.raises(ApplyError, match=r"/x/y ends here.*no space left"),
    ):
        Recorder("/x/y", file, root_of(machine("tower")))
