"""The journal by the command: what is in force is told, and a damaged folder is a sentence with what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tui.changing import edit, system
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.cli.main import main
from vfiotui.model.change.plan import Plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A system with one change in force."""
    root = system(tmp_path)
    apply(Target(root), Plan("Make x", (edit("/etc/x", None, b"x\n"),)), lambda _: None)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> tuple[int, str, str]:
    code = main(["--root", str(folder), *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_change_tells_whether_it_is_in_force(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "undone by 'vfiotui undo 1'" in told(capsys, folder, "changes", "1")[1]
    assert told(capsys, folder, "undo", "1", "--yes")[0] == 0
    said = told(capsys, folder, "changes", "1")[1]
    assert "nothing of it is in force" in said and "taken back by" not in said


def test_a_refusal_is_json_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "etc/x").write_bytes(b"by hand\n")
    code, out, err = told(capsys, folder, "undo", "1", "--yes", "--json")
    answer = json.loads(out)
    assert code == 4 and answer["change"] == "" and answer["state"] == "refused"
    assert "changed since" in answer["why"] and answer["why"] in err


@pytest.mark.parametrize("script", [True, False])
def test_a_plan_that_is_gone(folder: Path, script: bool, capsys: pytest.CaptureFixture[str]) -> None:
    (place,) = folder.glob("var/lib/vfiotui/changes/0001-*")
    (place / "plan.json").unlink()
    if not script:
        (place / "undo.sh").unlink()
    code, _, err = told(capsys, folder, "undo", "1", "--yes")
    todo = "undoes it without the plan" if script else "undo.sh is missing too"
    assert code == 4 and "is not there" in err and todo in err
