"""vfiotui guest attach, detach, disk, set and autostart: plans, refusals with their exit codes, and the way back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.guest_texts import FINE
from tests.plan.guest.definitions import host_of
from tests.tree_on_disk import write
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.plan.guest.setting_keys import SETTINGS

DEMO = ("--demo", "guest")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def plan(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    code, out, err = told(capsys, *DEMO, *words, "--dry-run", "--json")
    assert code == Exit.FINE, err
    return json.loads(out)


def test_a_plan_is_shown_and_nothing_is_changed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, *DEMO, "set", "macos", "memory=6G", "title=Mac", "--dry-run")
    assert code == Exit.FINE and "+  <title>Mac</title>" in out and "6291456" in out
    assert plan(capsys, "autostart", "macos", "on")["goals"] == [["guest.autostart", "macos/on"]]
    found = plan(capsys, "detach", "win10", "08:00.1")
    assert found["goals"] == [["guest.detach", "win10/08:00.1"]] and len(found["steps"]) == 1


def test_running_comes_before_the_definition_and_a_rom_last(capsys: pytest.CaptureFixture[str]) -> None:
    from argparse import Namespace

    from vfiotui.cli.guest.guest_change import goals

    args = Namespace(verb="attach", guest="w", device=["01:00.0", "02:00.0"], where="both", rom="/r.rom")
    assert list(goals(args)) == [
        ("guest.plug", "w/01:00.0,02:00.0"),
        ("guest.attach", "w/01:00.0,02:00.0"),
        ("guest.rom", "w/01:00.0=/r.rom"),
    ]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("attach", "macos", "05:00.0"), Exit.CHANGE_FAILED, "carries your own connection"),
        (("attach", "nobody", "08:00.0"), Exit.CHANGE_FAILED, "no stored definition of a guest 'nobody'"),
        (("attach", "a/b", "08:00.0"), Exit.USAGE, "no slash"),
        (("attach", "macos", "08:00.0", "--running"), Exit.CHANGE_FAILED, "macos does not run"),
        (("attach", "macos", "08:00.0", "--running", "--rom", "/x"), Exit.USAGE, "--rom belongs to the definition"),
        (("disk", "macos", "add", "/nowhere.img"), Exit.CHANGE_FAILED, "/nowhere.img is not there"),
        (("disk", "macos", "remove", "vda", "--bus", "sata"), Exit.USAGE, "by its name or path alone"),
        (("set", "macos", "memory"), Exit.USAGE, "no KEY=VALUE"),
        (("set", "macos", "colour=red"), Exit.USAGE, "no key 'colour'"),
        (("set", "macos", "title=\x1b[2J"), Exit.CHANGE_FAILED, "without control characters"),
    ],
)
def test_what_is_refused_says_why(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: Exit, sentence: str
) -> None:
    found, out, err = told(capsys, *DEMO, *words, "--dry-run")
    assert (found, out) == (code, "") and sentence in err and "Traceback" not in err
    assert all(c.isprintable() or c == "\n" for c in err)


def test_the_help_names_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["guest", "set", "--help"])
    out = capsys.readouterr().out
    assert all(f"{key}={setting.value}" in out and setting.help in out for key, setting in SETTINGS.items())


def test_a_mounted_system_is_changed_and_every_byte_comes_back(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write(build(host_of()), str(tmp_path))
    place, link = tmp_path / "etc/libvirt/qemu/win.xml", tmp_path / "etc/libvirt/qemu/autostart/win.xml"
    before = place.read_bytes()
    at = ("--root", str(tmp_path), "guest")
    words = ("set", "win", "vcpus=2", "autostart=on", "description=it's <b>")
    code, out, err = told(capsys, *at, *words, "--yes", "--json")
    assert code == Exit.FINE and json.loads(out)["state"] == "done", err
    assert b"<vcpu placement='static'>2</vcpu>" in place.read_bytes() and link.is_symlink()
    assert told(capsys, *at, *words, "--yes")[1] == "everything is already as requested\n"
    assert told(capsys, "--root", str(tmp_path), "undo", "1", "--yes")[0] == Exit.FINE
    assert place.read_bytes() == before and not link.is_symlink() and FINE.encode() in before
