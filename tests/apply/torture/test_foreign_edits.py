"""What somebody makes between two steps, or while one runs, is neither replaced nor removed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.apply.systems import FILES, disk, plan, quiet, system
from tests.apply.torture.faults import HOUSE
from vfiotui.apply.errors import Conflict
from vfiotui.apply.run import apply
from vfiotui.apply.undo.undo import resume, undo
from vfiotui.host import changes
from vfiotui.model.change.change import Effect, write_file
from vfiotui.model.change.journal import State
from vfiotui.model.finding.finding import Risk

MINE = b"HOURS OF MY WORK\n"


@pytest.mark.parametrize(("program", "every"), [("edits", 983), ("damage", 127), ("kernels", 251)])
def test_no_third_state(program: str, every: int) -> None:
    """A sample; `make torture` tries them all."""
    if program != "edits" and os.geteuid() != 0:
        pytest.skip("entering a system needs root: run make test as root")
    words = [sys.executable, "-m", f"tests.apply.torture.{program}", "--every", str(every)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, cwd=HOUSE)
    assert done.returncode == 0 and "trials" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("begun", [False, True], ids=["between the steps", "in the step"])
def test_a_resume_does_not_overwrite_an_edit(tmp_path: Path, begun: bool) -> None:
    target = system(tmp_path)
    apply(target, plan(*FILES), quiet)
    edited = tmp_path / "etc/dracut.conf.d/deep/vfio.conf"
    edited.write_bytes(MINE)
    journal = tmp_path / "var/lib/vfiotui/changes/0001-test-the-steps/journal"
    lines = journal.read_text().splitlines(True)
    journal.write_text("".join(lines[: 6 if begun else 5]).replace('"start": ', '"start": 9'))
    before = disk(tmp_path)
    with pytest.raises(Conflict, match=r"is not resumed, nothing was done: .*vfio\.conf was changed by something else"):
        resume(target, "1", quiet)
    assert disk(tmp_path) == before
    found = changes.read(target.root)
    assert isinstance(found, tuple) and found[0].state is State.INTERRUPTED


def test_an_edit_while_an_earlier_step_runs_is_left_and_all_else_goes_back(tmp_path: Path) -> None:
    target = system(tmp_path)
    before = disk(tmp_path)
    place = tmp_path / "etc/dracut.conf.d/deep/vfio.conf"

    def edit(sentence: str) -> None:
        if sentence.startswith("step 2"):
            place.parent.mkdir(parents=True)
            place.write_bytes(MINE)

    outcome = apply(target, plan(*FILES), edit)
    assert outcome.state is State.ROLLED_BACK and "was changed by something else" in outcome.word
    now = disk(tmp_path)
    assert place.read_bytes() == MINE
    assert {k: v for k, v in now.items() if not k.startswith("etc/dracut")} == before


@pytest.mark.parametrize("script", [False, True], ids=["undo", "undo.sh"])
def test_what_a_forced_undo_overwrites_is_kept(tmp_path: Path, script: bool) -> None:
    target = system(tmp_path)
    before = disk(tmp_path)
    apply(target, plan(*FILES), quiet)
    (tmp_path / "etc/default/grub.real").write_bytes(MINE)
    change = tmp_path / "var/lib/vfiotui/changes/0001-test-the-steps"
    if script:
        done = subprocess.run(["sh", str(change / "undo.sh"), "-f"], capture_output=True, text=True)
        assert done.returncode == 0 and f"is kept as {change}/replaced-1" in done.stdout, done.stdout + done.stderr
    else:
        outcome = undo(target, "1", quiet, force=True)
        assert outcome.state is State.UNDONE and "what was overwritten is kept as" in outcome.word
    assert (change / "replaced-1").read_bytes() == MINE
    assert disk(tmp_path) == before


def test_a_subject_that_became_something_else_is_somebody_elses(tmp_path: Path) -> None:
    target = system(tmp_path)
    step = write_file("/etc/x", None, b"x\n", "x", risk=Risk.R2, effect=Effect.NOW)
    apply(target, plan(step), quiet)
    (tmp_path / "etc/x").unlink()
    (tmp_path / "etc/x").symlink_to("/etc/default")
    with pytest.raises(Conflict, match="/etc/x changed since"):
        undo(target, "1", quiet)
    assert (tmp_path / "etc/x").is_symlink()
