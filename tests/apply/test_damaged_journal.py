"""A journal that cannot be believed is a state of its own: nothing is undone by it, and what is left to do is said."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.apply.systems import FILES, disk, plan, quiet, system
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import resume, undo
from vfiotui.cli.main import main
from vfiotui.host import changes
from vfiotui.model.change.change import Effect, write_file
from vfiotui.model.change.journal import State
from vfiotui.model.finding.finding import Risk

WORKER = '"start": 1, "boot": ""}\n'


@pytest.fixture
def target(tmp_path: Path) -> Target:
    made = system(tmp_path)
    apply(made, plan(*FILES), quiet)
    return made


def folder_of(tmp_path: Path) -> Path:
    return tmp_path / "var/lib/vfiotui/changes/0001-test-the-steps"


def added(text: bytes) -> Callable[[Path], object]:
    def add(journal: Path) -> None:
        with journal.open("ab") as file:
            file.write(text)

    return add


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": lambda journal: journal.unlink(),
    "empty": lambda journal: journal.write_bytes(b""),
    "zeros": lambda journal: journal.write_bytes(bytes(300)),
    "binary": lambda journal: journal.write_bytes(os.urandom(100_000)),
    "huge": added(b'{"event": "x"}\n' * 4_000_000),
    "step 99": added(b'{"event": "begin", "step": 99}\n'),
    "step 0": added(b'{"event": "begin", "step": 0}\n{"event": "begin", "step": -1}\n'),
    "step true": added(b'{"event": "begin", "step": true}\n'),
    "huge pid": added(f'{{"event": "undo", "pid": 99999999999999999999, {WORKER}'.encode()),
    "pid -1": added(f'{{"event": "command", "step": 1, "pid": -1, {WORKER}'.encode()),
    "newer": added(b'{"event": "rebased", "step": 1}\n'),
    "headless": lambda journal: journal.write_bytes(journal.read_bytes().partition(b"\n")[2]),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_nothing_is_undone_by_it(
    target: Target, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    DAMAGES[damage](folder_of(tmp_path) / "journal")
    after = disk(tmp_path)
    found = changes.read(target.root)
    assert isinstance(found, tuple) and found[0].state is State.DAMAGED and "journal" in found[0].progress.word
    for way in (undo, resume):
        with pytest.raises(ApplyError, match=r"0001-test-the-steps is damaged: .*cp -a .*before/1"):
            way(target, "1", quiet)
    root = ("--root", str(tmp_path))
    for words in (("undo", "1", "--yes"), ("undo", "1", "--yes", "--force"), ("apply", "--resume", "1", "--yes")):
        assert main([*root, *words]) == 4
    assert main([*root, "undo", "--yes"]) == 1, "no change is known to be in force"
    capsys.readouterr()
    assert main([*root, "changes"]) == 0 and "damaged" in capsys.readouterr().out
    assert main([*root, "changes", "1"]) == 0
    assert "before lies in /var/lib/vfiotui/changes/0001-test-the-steps/before" in capsys.readouterr().out
    assert main([*root, "changes", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "damaged"
    assert disk(tmp_path) == after


def test_the_next_change_is_made_beside_it(target: Target, tmp_path: Path) -> None:
    """What it left cannot be known; every step of the next one compares what it finds with its own plan."""
    (folder_of(tmp_path) / "journal").write_bytes(b"")
    step = write_file("/etc/beside", None, b"x", "x", risk=Risk.R2, effect=Effect.NOW)
    assert apply(target, plan(step, title="Beside"), quiet).name == "0002-beside"
    undo(target, "2", quiet)
    assert not (tmp_path / "etc/beside").exists()


def test_absurd_folders_are_no_trouble(target: Target, tmp_path: Path) -> None:
    place = folder_of(tmp_path).parent
    for name in (
        "999999999-x",
        "0002-a\nb",
        "0003-\u00e9",
        f"0004-{'x' * 200}",
        "9" * 250,
        "\u0663\u0663\u0663\u0663-x",
    ):
        (place / name).mkdir()
    (place / "0005-file").touch()
    (place / "999999999-x/journal").write_text('{"event":"done"}\n')
    found = changes.read(target.root)
    assert isinstance(found, tuple)
    assert [(r.number, r.state) for r in found] == [
        (999999999, State.DAMAGED), (5, State.DAMAGED), (1, State.DONE)
    ]  # fmt: skip
    step = write_file("/etc/beside", None, b"x", "x", risk=Risk.R2, effect=Effect.NOW)
    name = apply(target, plan(step, title="Beside"), quiet).name
    assert name == "0002-beside"
    assert undo(target, "2", quiet).state is State.UNDONE


@pytest.mark.parametrize(
    "wanted", ["\u00b2", "1_0", "\u0663", "", ".", "../../..", "9" * 5000, "--", " 1", "1\n", "+1"]
)
def test_what_names_no_change_is_a_sentence(target: Target, wanted: str) -> None:
    with pytest.raises(ApplyError, match="there is no change"):
        undo(target, wanted, quiet)


def test_two_changes_of_one_number_are_told_apart_by_name(target: Target, tmp_path: Path) -> None:
    """Two hosts with one disk may choose the same number."""
    (tmp_path / "var/lib/vfiotui/changes/0001-other").mkdir()
    with pytest.raises(ApplyError, match="0001-other and 0001-test-the-steps have the number 1"):
        undo(target, "1", quiet)
    assert undo(target, "0001-test-the-steps", quiet).state is State.UNDONE
