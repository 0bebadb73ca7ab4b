"""The commands: their answers, exit codes, and names that stay literal."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.hosts import HOSTS
from tests.tree_on_disk import write
from vfiotui import __version__
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import COMMANDS, main
from vfiotui.demo.builder import build
from vfiotui.demo.description import PciDesc
from vfiotui.demo.hostile import NAME
from vfiotui.rules import catalogue
from vfiotui.rules.engine import HEADINGS

READING = (
    *("doctor", "doctor --all", "doctor --markdown", "doctor --json", "explain", "explain --json"),
    *(f"{command}{form}" for command in ("topology", "groups", "pci", "firmware") for form in ("", " --json")),
)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def document(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    _, out, err = told(capsys, *words, "--json")
    assert err == ""
    return json.loads(out)


@pytest.mark.parametrize("machine", ["tower", "hostile"])
@pytest.mark.parametrize("command", READING)
def test_every_command_answers_for_the_made_up_machines(
    command: str, machine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = told(capsys, "--demo", "--machine", machine, *command.split())
    assert code == (Exit.FAILS if command.startswith("doctor") else Exit.FINE)
    assert err == "" and out.endswith("\n") and len(out) > 100
    if "--json" in command:
        json.loads(out)
    else:
        assert out.isprintable() or all(c.isprintable() or c == "\n" for c in out)


@pytest.mark.parametrize("command", ["doctor --all", "doctor --markdown", "groups", "pci", "firmware"])
def test_hostile_names_appear_literally(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, "--demo", "--machine", "hostile", *command.split())
    shown = out.replace("\\[", "[").replace("\\]", "]").replace("\\\\", "\\") if "markdown" in command else out
    assert "x [/dev/vfio/1] [AMD] \\x1b[2J" in shown
    assert "\x1b" not in out and "\x07" not in out


@pytest.mark.parametrize("command", ["doctor", "pci", "firmware"])
def test_json_keeps_hostile_names_as_they_are(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = json.dumps(document(capsys, "--demo", "--machine", "hostile", command))
    assert json.dumps(NAME)[1:-1] in out


@pytest.mark.parametrize("command", ["doctor", "groups", "pci", "topology", "firmware"])
def test_the_running_host_is_answered(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, command, "--json")
    if code == Exit.NO_ACCESS:
        assert "cannot be seen" in err and out == ""
    else:
        assert isinstance(json.loads(out), dict) and err == ""


def test_a_mounted_folder_and_the_global_options_in_any_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(build(HOSTS["tower"]), str(tmp_path))
    before = told(capsys, "--root", str(tmp_path), "groups")
    behind = told(capsys, "groups", "--root", str(tmp_path))
    assert before == behind and before[0] == Exit.FINE
    assert "BLOCKED by 0000:02:00.0" in before[1]


def test_the_doctors_json_is_what_its_document_says(capsys: pytest.CaptureFixture[str]) -> None:
    report = document(capsys, "--demo", "doctor")
    assert {
        "vfiotui",
        "mode",
        "root",
        "host",
        "kernel",
        "privileged",
        "libvirt",
        "machine",
        "boot_path",
        "next_boot",
        "counts",
        "findings",
        "unread_guests",
    } == report.keys()
    assert report["vfiotui"] == __version__ and report["host"] == "tower" and report["mode"] == "DEMO"
    assert sum(report["counts"].values()) == len(report["findings"])
    worst = report["findings"][0]
    assert (worst["code"], worst["verdict"], worst["severity"]) == ("GROUP-FOREIGN", "failed", "fail")
    assert all(f["evidence"] for f in report["findings"] if f["verdict"] in ("failed", "warning", "info"))
    assert {f["code"] for f in report["findings"]} == {r.code for r in catalogue()}


def test_the_doctors_text_tells_path_why_and_fix(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "--demo", "doctor")
    assert code == Exit.FAILS
    lines = out.splitlines()
    start = next(i for i, line in enumerate(lines) if "GROUP-FOREIGN" in line)
    end = next(i for i, line in enumerate(lines) if i > start and not line.startswith(" "))
    block = lines[start:end]
    assert "0000:04:00.0" in block[0]
    assert any(line.strip().startswith("found  /sys/") for line in block)
    assert any(line.strip().startswith("why  ") for line in block)


def test_a_healthy_host_ends_with_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(build(HOSTS["clean"]), str(tmp_path))
    code, out, _ = told(capsys, "--root", str(tmp_path), "doctor")
    assert code == Exit.FINE and "0 fail" in out


def test_groups_name_what_blocks_a_card(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "--demo", "groups")
    assert found["groups"]["15"] == ["0000:08:00.0", "0000:08:00.1"]
    assert found["gpus"]["0000:08:00.0"]["clean"] is True
    blocked = found["gpus"]["0000:04:00.0"]
    assert blocked["clean"] is False and "0000:05:00.0" in blocked["blockers"]
    assert found["devices"]["0000:08:00.0"]["driver"] == "vfio-pci"


def test_topology_lists_sorted_cpus_and_null_for_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "--demo", "topology")
    assert [c["cpu"] for c in found["cpus"]] == list(range(24))
    assert found["cpus"][6]["l3"] == [*range(6, 12), *range(18, 24)]
    assert found["cpus"][0]["kind"] is None


def test_single_devices_by_short_or_full_address(capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("08:00.0", "0000:08:00.0"):
        assert list(document(capsys, "--demo", "pci", word)["devices"]) == ["0000:08:00.0"]
    code, out, err = told(capsys, "--demo", "pci", "99:00.0")
    assert code == Exit.FAILS and out == "" and "0000:99:00.0" in err


def test_explaining_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    for rule in catalogue():
        code, out, err = told(capsys, "explain", rule.code.lower())
        assert code == Exit.FINE and err == ""
        assert rule.code in out and all(heading in out for heading in HEADINGS)


def test_an_unknown_check_names_near_ones(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "explain", "GROUP-FORIEGN")
    assert (code, out) == (Exit.USAGE, "") and "GROUP-FOREIGN" in err
    code, _, err = told(capsys, "explain", "zzz\x1b[2J")
    assert code == Exit.USAGE and "\x1b" not in err and "lists all" in err


@pytest.mark.parametrize(
    ("words", "code", "word"),
    [
        (["--root", "/nonexistent/x.tar.gz", "doctor"], Exit.NO_ACCESS, "/nonexistent/x.tar.gz"),
        (["--root", "/etc/passwd", "doctor"], Exit.NO_ACCESS, "/etc/passwd"),
    ],
)
def test_what_cannot_be_opened_is_a_sentence(
    words: list[str], code: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    got, out, err = told(capsys, *words)
    assert (got, out) == (code, "") and word in err and "Traceback" not in err


@pytest.mark.parametrize("words", [["nonsense"], ["--demo", "--root", "/x", "doctor"], ["pci", "--bogus"]])
def test_wrong_usage_is_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == Exit.USAGE
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert COMMANDS[command][1].split(":")[0].capitalize()[:30] in " ".join(capsys.readouterr().out.split())


def test_a_fault_of_our_own_is_a_sentence_and_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from vfiotui.cli.cpu import topology

    def broken(args: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(topology, "run", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, out, err = told(capsys, "--demo", "topology")
    assert code == Exit.FAILS and out == "" and "Traceback" not in err
    (kept,) = tmp_path.iterdir()
    assert str(kept) in err and "boom" in kept.read_text()
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    code, _, err = told(capsys, "--demo", "topology")
    assert code == Exit.FAILS and "boom" in err


def run(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vfiotui", *words], text=True, stderr=subprocess.PIPE, timeout=60,
        **{"stdout": subprocess.PIPE, **more},
    )  # fmt: skip


def test_no_terminal_means_the_report_and_no_colours() -> None:
    done = run("--demo")
    assert done.returncode == Exit.FAILS and "fail" in done.stdout and "\x1b" not in done.stdout


def test_a_reader_that_leaves_early_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "vfiotui", "--demo", "pci", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.wait(60) == Exit.FINE
    assert process.stderr.read() == b""


def test_an_alphabet_without_our_signs_gets_the_report_all_the_same() -> None:
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = run("--demo", "doctor", env=env)
    assert done.returncode == Exit.FAILS and done.stderr == "" and done.stdout.isascii()


def test_a_full_disk_is_told() -> None:
    with open("/dev/full", "w") as full:
        done = run("--demo", "doctor", stdout=full)
    assert done.returncode not in (0, 120) and "Traceback" not in done.stderr and "space" in done.stderr


def test_json_survives_what_is_no_utf8() -> None:
    stream = io.StringIO()
    json.dump({"x": "\udcff" + NAME}, stream, ensure_ascii=True)
    assert stream.getvalue().isascii()


def test_a_card_without_reset_name_and_best_link_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = PciDesc(
        "0000:00:01.0", 0x1234, 0x1111, 0x030000, 1, reset="", link=("2.5 GT/s PCIe", 1, "Unknown", 0), bars=(4096,)
    )
    write(build(replace(HOSTS["clean"], pci=(card,))), str(tmp_path))
    _, groups, _ = told(capsys, "--root", str(tmp_path), "groups")
    assert "clean: can be given to a guest; it has no reset" in groups
    _, devices, _ = told(capsys, "--root", str(tmp_path), "pci")
    assert devices.count("[1234:1111]") == 1
    assert "link 2.5 GT/s PCIe x1\n" in devices and "Unknown" not in devices


def test_the_list_of_commands_stands_in_the_help_and_in_an_error_only(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["--help", "doctor"], ["-h", "pci"], ["nosuch"]):
        with pytest.raises(SystemExit):
            main(words)
        said = capsys.readouterr()
        assert all(name in said.out + said.err for name in COMMANDS), words


def test_a_shortened_global_option_keeps_its_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--mach", "doctor", "--conn", "pci", "doctor", "--demo", "--list-symptoms"]) == 0
    assert capsys.readouterr().out


def test_a_sample_machine_without_the_demo_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--machine", "scale", "doctor"]) == Exit.USAGE
    assert "give --demo with it" in capsys.readouterr().err


def test_the_acs_override_is_answered_in_text_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = document(capsys, "--demo", "groups", "--acs-override")["acs_override"]
    assert found["options"]["downstream"]["stays"] == [{"group": 14, "why": "02:00.2 needs multifunction too"}]
    both = found["options"]["downstream,multifunction"]
    assert both["freed"] == ["0000:04:00.0"] and {c["group"] for c in both["changes"]} == {14, 15}
    assert found["patch"]["present"] is False and found["patch"]["sure"] is False and len(found["gives_up"]) == 3
    _, text, _ = told(capsys, "--demo", "groups", "--acs-override")
    assert "group 14 becomes 10 groups" in text and "What it gives up" in text
