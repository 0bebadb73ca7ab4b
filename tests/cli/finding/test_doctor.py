"""`vfiotui doctor` asked for a symptom, for one guest, and for what changed."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.hosts import HOSTS
from tests.tree_on_disk import write
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.rules.symptoms import symptoms


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def test_symptoms_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "doctor", "--list-symptoms")
    assert code == Exit.FINE and all(s.name in out and s.title in out for s in symptoms())
    found = json.loads(told(capsys, "doctor", "--list-symptoms", "--json")[1])
    assert [s["name"] for s in found] == [s.name for s in symptoms()]


def test_the_answer_begins_with_the_likeliest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(build(HOSTS["rom-copy"]), str(tmp_path / "host"))
    code, out, _ = told(capsys, "--root", str(tmp_path / "host"), "doctor", "--symptom", "no-picture")
    lines = out.split("\n")
    assert code == Exit.FAILS and lines[0].startswith("no-picture: Likely: 0000:01:00.0: This card showed the boot")
    assert lines[1].startswith("1 likely") and "[ROM-COPY]" in lines[1] and lines[2].strip().startswith("why")


def test_the_answer_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(build(HOSTS["rom-copy"]), str(tmp_path / "host"))
    _, out, _ = told(capsys, "--root", str(tmp_path / "host"), "doctor", "--symptom", "no-picture", "--json")
    found: Any = json.loads(out)
    assert found["suspects"][0]["code"] == "ROM-COPY" and found["suspects"][0]["findings"][0]["evidence"]
    assert found["by_hand"] and "GROUP-NOT-VIABLE" in found["ruled_out"]


def test_words_of_ones_own_find_a_symptom(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "--demo", "doctor", "--symptom", "Black Screen")[1].startswith("no-picture")
    code, out, err = told(capsys, "--demo", "doctor", "--symptom", "no-pitcure")
    assert (code, out) == (Exit.USAGE, "") and "no-picture" in err
    code, _, err = told(capsys, "--demo", "doctor", "--symptom", "\x1b[2J")
    assert code == Exit.USAGE and "\x1b" not in err and "--list-symptoms" in err


def test_one_guest_alone(capsys: pytest.CaptureFixture[str]) -> None:
    found: Any = json.loads(told(capsys, "--demo", "doctor", "--guest", "macos", "--json")[1])
    subjects = {f["subject"] for f in found["findings"]}
    assert "0000:04:00.0" in subjects and "0000:08:00.0" not in subjects and "host" not in subjects
    code, out, err = told(capsys, "--demo", "doctor", "--guest", "nobody")
    assert (code, out) == (Exit.FAILS, "") and "win10" in err


def test_since_change_tells_what_is_new_and_what_is_fixed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], own_state: Path
) -> None:
    root = tmp_path / "host"
    good = HOSTS["clean"]
    write(build(good), str(root))
    ask = ("--root", str(root), "doctor", "--since-change")
    assert "no earlier report" in told(capsys, *ask)[1] and list(own_state.rglob("*.json"))
    assert "0 new · 0 fixed" in told(capsys, *ask)[1]
    (root / "etc/default/grub").write_text('GRUB_CMDLINE_LINUX_DEFAULT="quiet hugepages=16"\n')
    _, out, _ = told(capsys, *ask)
    assert "1 new · 0 fixed" in out and "[CMDLINE-NOT-IN-MENU]" in out
    (root / "etc/default/grub").write_text('GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n')
    found: Any = json.loads(told(capsys, *ask, "--json")[1])
    assert [m["code"] for m in found["fixed"]] == ["CMDLINE-NOT-IN-MENU"] and found["new"] == []


def test_a_state_that_cannot_be_written_fails_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    write(build(replace(HOSTS["clean"], name="ro")), str(tmp_path / "host"))
    code, out, err = told(capsys, "--root", str(tmp_path / "host"), "doctor", "--since-change")
    assert code == Exit.FINE and "not kept" in out and "Traceback" not in err


def test_checks_that_lack_the_same_are_told_together_unless_all_are_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "boot").mkdir()
    (tmp_path / "etc/hostname").write_text("disk\n")
    whole = ("--root", str(tmp_path), "doctor")
    unknown = json.loads(told(capsys, *whole, "--json")[1])["counts"]["not_checked"]
    text = told(capsys, *whole)[1]
    assert " checks: " in text and text.count("? not checked") < unknown / 2
    assert "--all lists each" in text and "[LOG-AER]" not in text and "LOG-AER" in text
    everything = told(capsys, *whole, "--all")[1]
    assert everything.count("? not checked") == unknown and " checks: " not in everything
    markdown = told(capsys, *whole, "--markdown")[1]
    assert markdown.count("**not checked**") < unknown / 2 and "`LOG-AER`" in markdown
    assert told(capsys, *whole, "--markdown", "--all")[1].count("**not checked**") == unknown


def test_the_plan_of_a_fix_is_printed_as_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    out = told(capsys, "--demo", "doctor")[1]
    commands = [line.partition("plan   ")[2] for line in out.split("\n") if line.strip().startswith("plan   vfiotui")]
    ban = next(c for c in commands if "irqbalance" in c)
    program, *words = shlex.split(ban)
    code, text, _ = told(capsys, "--demo", *words)
    assert program == "vfiotui" and code == Exit.FINE and "IRQBALANCE_BANNED_CPULIST" in text
    assert len(commands) > 3


def test_the_definition_of_a_guest_is_changed_and_given_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host = HOSTS["guest-2018"]
    root, name = tmp_path / "host", host.guests[0].name
    write(build(host), str(root))
    (file,) = (root / "etc/libvirt/qemu").glob("*.xml")
    before = file.read_bytes()
    out = told(capsys, "--root", str(root), "doctor", "--guest", name)[1]
    command = next(line for line in out.split("\n") if "domain.balloon" in line).partition("vfiotui ")[2]
    goals = shlex.split(command)[1:]
    assert goals == [f"domain.balloon={name}/none"]
    assert told(capsys, "--root", str(root), "apply", *goals, "--yes")[0] == Exit.FINE
    assert b"<memballoon model='none'/>" in file.read_bytes()
    assert "GUEST-BALLOON" not in told(capsys, "--root", str(root), "doctor", "--guest", name)[1]
    assert told(capsys, "--root", str(root), "undo", "1", "--yes")[0] == Exit.FINE
    assert file.read_bytes() == before
