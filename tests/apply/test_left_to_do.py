"""What a change leaves to a person is a state of its own until its effect is there."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.apply.systems import AFTER, GRUB, RISKS, disk, quiet, system
from tests.requirements import need
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import resume, undo
from vfiotui.cli.main import main
from vfiotui.host import changes
from vfiotui.model.change.change import Change, look_into, write_file
from vfiotui.model.change.journal import ChangeRecord, State
from vfiotui.model.change.plan import BadPlan, Plan, from_json, to_json
from vfiotui.tui.screens.changes.view import change_rows
from vfiotui.tui.status import change_words

TODO = "run update-grub inside the system: no such program was found here"
EDIT = write_file("/etc/default/grub", GRUB, AFTER, "add iommu=pt", **RISKS)  # type: ignore[arg-type]


def plan(*left: Change) -> Plan:
    return from_json(to_json(Plan("Add iommu=pt", (EDIT,), left=left)))


IN_MENU = look_into("/boot/grub/grub.cfg", ("iommu=pt",), TODO)


def record(target: Target) -> ChangeRecord:
    found = changes.read(target.root)
    assert isinstance(found, tuple)
    return found[0]


def told(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> tuple[int, str]:
    code = main(["--root", str(folder), *words])
    return code, capsys.readouterr().out


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return system(tmp_path / "a")


def finish(target: Target) -> None:
    """Somebody runs the generator."""
    Path(target.folder, "boot/grub/grub.cfg").write_text("linux /vmlinuz quiet iommu=pt\n")


def test_it_stays_outstanding_until_its_effect_is_there(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = apply(target, plan(IN_MENU), quiet)
    assert (outcome.state, outcome.left) == (State.OUTSTANDING, (TODO,))
    words = f"applied · 1 step left: {TODO}"
    assert record(target).words == words and words in told(capsys, Path(target.folder), "changes")[1]
    row = json.loads(told(capsys, Path(target.folder), "--json", "changes")[1])["changes"][0]
    assert (row["state"], row["left"]) == ("applied, steps left", [TODO])
    found = changes.read(target.root)
    assert change_words(found) == ("change 1: 1 step left", "warn")
    assert "applied, steps left" in change_rows(found, 100)[1].text
    assert resume(target, "1", quiet).state is State.OUTSTANDING, "nothing has changed"
    assert told(capsys, Path(target.folder), "verify")[0] == 1
    finish(target)
    assert record(target).state is State.OUTSTANDING, "nobody has looked"
    assert resume(target, "1", quiet).state is State.DONE
    assert record(target).state is State.DONE and record(target).progress.left == ()


def test_verify_looks_too_and_writes_it_down(target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    apply(target, plan(IN_MENU), quiet)
    finish(target)
    code, out = told(capsys, Path(target.folder), "verify")
    assert code == 0 and "change 0001-add-iommu-pt is done" in out
    assert record(target).state is State.DONE


def test_the_command_says_what_is_left_and_does_not_end_well(
    target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plan.json").write_text(to_json(plan(IN_MENU)))
    code, out = told(capsys, Path(target.folder), "apply", str(tmp_path / "plan.json"), "--yes")
    assert code == 1 and f"is applied · 1 step left: {TODO}" in out and "vfiotui apply --resume 0001" in out
    finish(target)
    code, out = told(capsys, Path(target.folder), "--json", "apply", "--resume", "1", "--yes")
    assert code == 0 and json.loads(out) == {
        "change": "0001-add-iommu-pt",
        "state": "done",
        "why": "",
        "left": [],
        "notes": [],
    }


def test_what_is_true_already_is_not_left(target: Target) -> None:
    finish(target)
    assert apply(target, plan(IN_MENU), quiet).state is State.DONE


@pytest.mark.parametrize("shell", ["vfiotui", "dash", "busybox"])
def test_an_outstanding_change_is_undone_like_others(target: Target, shell: str, tmp_path: Path) -> None:
    before = disk(tmp_path / "a")
    apply(target, plan(IN_MENU), quiet)
    if shell == "vfiotui":
        assert undo(target, "1", quiet).state is State.UNDONE
    else:
        script = next((tmp_path / "a/var/lib/vfiotui/changes").glob("*/undo.sh"))
        program = [need(shell, shell), *(["sh"] if shell == "busybox" else [])]
        done = subprocess.run([*program, str(script)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout
    assert disk(tmp_path / "a") == before and record(target).words == "undone"


def test_the_running_kernels_words_say_nothing_about_a_mounted_system(target: Target) -> None:
    Path(target.folder, "proc").mkdir()
    Path(target.folder, "proc/cmdline").write_text("quiet iommu=pt\n")
    assert apply(target, plan(look_into("/proc/cmdline", ("iommu=pt",), TODO)), quiet).left == (TODO,)
    assert resume(target, "1", quiet).left == (TODO,)


def test_what_no_file_shows_stays_until_a_boot_came_as_predicted(target: Target) -> None:
    from vfiotui.apply.undo.left import look_again

    assert apply(target, plan(look_into("", (), TODO)), quiet).left == (TODO,)
    assert look_again(target, "1").left == (TODO,)
    assert look_again(target, "1", booted=True).state is State.DONE


def test_a_menu_that_is_a_folder_or_gone_is_not_true(target: Target) -> None:
    apply(target, plan(IN_MENU), quiet)
    menu = Path(target.folder, "boot/grub/grub.cfg")
    menu.unlink()
    assert resume(target, "1", quiet).state is State.OUTSTANDING
    menu.mkdir()
    assert resume(target, "1", quiet).state is State.OUTSTANDING
    shutil.rmtree(menu)
    finish(target)
    assert resume(target, "1", quiet).state is State.DONE


@pytest.mark.parametrize("left", ['"x"', "[1]", "{}"])
def test_a_garbled_list_is_damage(target: Target, left: str) -> None:
    apply(target, plan(IN_MENU), quiet)
    journal = next(Path(target.folder, "var/lib/vfiotui/changes").glob("*/journal"))
    text = journal.read_text()
    assert '"left": [' in text
    journal.write_text(text.partition('"left": ')[0] + f'"left": {left}}}\n')
    assert record(target).state is State.DAMAGED


def test_only_looks_are_left() -> None:
    document = json.loads(to_json(plan(IN_MENU)))
    document["left"] = document["steps"]
    with pytest.raises(BadPlan, match="is of the kind 'file': only looks are"):
        from_json(json.dumps(document))
