"""`vfiotui guest new`: answers from options and a file, and what a broken one says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
from vfiotui.model.guest.new_guest import from_goal, new_guest, to_goal

DEMO = ("--demo", "--dry-run")


def test_the_plan_is_shown_as_text_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guest", "new", "b<>&c", "--disk", "none", "--vcpus", "4", *DEMO]) == Exit.FINE
    shown = capsys.readouterr().out
    assert "New guest b<>&c" in shown and "<name>b&lt;&gt;&amp;c</name>" in shown
    assert main(["guest", "new", "n", "--disk", "none", "--json", *DEMO]) == Exit.FINE
    plan = json.loads(capsys.readouterr().out)
    assert [step["kind"] for step in plan["steps"]] == ["file"]


def test_options_count_more_than_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b"\xef\xbb\xbfname = 'of-file'\r\nmemory = '2G'\r\ndisk = 'none'\r\nvcpus = 2\r\n")
    assert main(["guest", "new", "--answers", str(file), "--memory", "4G", *DEMO]) == Exit.FINE
    shown = capsys.readouterr().out
    assert "New guest of-file" in shown and "<memory unit='KiB'>4194304</memory>" in shown and ">2</vcpu>" in shown


BROKEN = {
    "no TOML": (b"name = ", "is no TOML"),
    "no text": (b"\xff\xfe\0", "is no UTF-8 text"),
    "NUL": (b"name = 'a\0b'", "is no TOML"),
    "a strange key": (b"name = 'a'\nbios = 1", "'bios' is no answer"),
    "a table": (b"name = 'a'\n[memory]\nx = 1", "memory {'x': 1} is no size"),
    "no name": (b"memory = '1G'", "a guest needs a name"),
    "a number": (b"name = 7", "a guest needs a name"),
    "no unit": (b"name = 'a'\nmemory = 16", "is no size with a unit"),
    "nothing": (b"name = 'a'\nmemory = '0G'", "memory 0G: it is from 64 MiB"),
    "absurd": (b"name = 'a'\nmemory = '999999999T'", "it is from 64 MiB"),
    "no vCPU": (b"name = 'a'\nvcpus = 0", "vcpus 0 is neither"),
    "true": (b"name = 'a'\nvcpus = true", "vcpus True is neither"),
    "a relative path": (b"name = 'a'\niso = 'x.iso'", "is no absolute path"),
    "up": (b"name = 'a'\ndisk = '/srv/../etc/x'", "without .."),
    "no address": (b"name = 'a'\ndevices = ['x']", "is no PCI address"),
    "no list": (b"name = 'a'\ndevices = 5", "is no list of texts"),
    "no switch": (b"name = 'a'\npin = 'yes'", "is neither true nor false"),
    "no network": (b"name = 'a'\nnetwork = 'bridge:a b'", "is none of nat"),
    "no screen": (b"name = 'a'\nresolution = '9x9'", "resolution '9x9' is none"),
    "deep": (b"name = " + b"[" * 2000, "is no TOML"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_with_a_sentence(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, words = BROKEN[case]
    file = tmp_path / "a.toml"
    file.write_bytes(content)
    assert main(["guest", "new", "--answers", str(file), *DEMO]) == Exit.USAGE
    assert words in capsys.readouterr().err


def test_files_that_are_none_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "large").write_bytes(b"#" * (1 << 20))
    for path, words in ((tmp_path, "a folder"), (tmp_path / "gone", "is not there"), (tmp_path / "large", "larger")):
        assert main(["guest", "new", "--answers", str(path), *DEMO]) == Exit.USAGE
        assert words in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", " ", "a/b", "a\nb", ".", "..", "x" * 300, " a", "a\0", "\udcff", "a\u2028b"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        new_guest({"name": name})


def test_a_goal_holds_the_answers_and_a_damaged_one_is_refused() -> None:
    answers = {"name": "w", "system": "windows11", "devices": ["0B:00.0", "0b:00.0"], "disk_size": "1.5G"}
    guest = from_goal(to_goal(answers))
    assert guest == new_guest(answers) and guest.devices == ("0000:0b:00.0",) and guest.disk_size == 1536 << 20
    assert from_goal("w") == new_guest({"name": "w"})
    for words in ("w/", "w/[]", "w/{", "w/" + "[" * 5000, 'w/{"name": 1, "x": 2}', 'w/{"memory": null}'):
        with pytest.raises(ValueError, match=r"JSON|answer|size"):
            from_goal(words)


def test_a_refused_plan_is_json_where_json_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guest", "new", "n", "--iso", "/gone", "--disk", "none", "--json", *DEMO]) != Exit.FINE
    said = json.loads(capsys.readouterr().out)
    assert said["state"] == "refused" and "nothing at /gone" in said["why"]
    assert main(["guest", "new", "n", "--memory", "x", "--json", *DEMO]) == Exit.USAGE
    assert json.loads(capsys.readouterr().out)["state"] == "refused"
