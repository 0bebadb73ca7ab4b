"""`vfiotui memory`: what is there, and changes of it as plans."""

from __future__ import annotations

import json

import pytest

from vfiotui.cli.main import main


def test_show_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "--json", "memory"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {(p["size_kib"], p["node"]) for p in found["pools"]} >= {(2048, None), (2048, 0), (1048576, None)}
    (guest,) = found["guests"]
    assert guest["coverage"] == 1.0 and guest["short_kib"] == 0 and guest["walk_ms"] is None


def test_show_as_text_says_what_a_walk_would_cost(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "memory", "show", "--walk"]) == 0
    text = capsys.readouterr().out
    assert "only a try tells" in text and "blocks of 2 MiB are free now" in text and "counted in" in text


def test_a_change_is_a_plan_of_wishes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "--json", "memory", "reserve", "node0:2048=64"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["wishes"] == [["memory.reserve", "node0:2048=64"]]
    assert [s["kind"] for s in plan["steps"]] == ["pages"]


def test_a_guests_pages_come_with_it_by_a_hook(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "--json", "memory", "hook", "win10", "macos"]) == 0
    (step,) = json.loads(capsys.readouterr().out)["steps"]
    assert step["subject"] == "/etc/libvirt/hooks/qemu.d/40-vfiotui-pages" and "win10" in "".join(step["after"])


@pytest.mark.parametrize(
    "words", [["reserve"], ["hook"], ["compact", "2048=1"], ["show", "2048=1"], ["show", "--apply"], ["release"]]
)
def test_words_that_do_not_fit_are_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "memory", *words]) == 2
    assert "vfiotui memory" in capsys.readouterr().err


@pytest.mark.parametrize("pages", ["2048=999999999", "x [/dev/vfio/1]\x1b[2J", "node9:2048=1", "4=4", "2048=-1", "0=1"])
def test_pages_that_cannot_be_had_are_a_sentence(pages: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "memory", "reserve", pages]) == 4
    error = capsys.readouterr().err
    assert error.startswith("vfiotui: ") and "\x1b" not in error
