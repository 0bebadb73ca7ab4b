"""vfiotui guest clone-xml: a definition that a program can read, or the plan that defines it."""

from __future__ import annotations

import json

import pytest

from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
from vfiotui.formats.domain_xml.domain_xml import parse


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["--demo", "guest", "clone-xml", *words])
    out, err = capsys.readouterr()
    return code, out, err


def test_it_prints_a_definition_and_says_what_both_have(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, "win10", "second", "--disk", "vda=/x.img")
    new = parse(out, source="x")
    assert code == Exit.FINE and (new.name, new.devices.disks[0].source) == ("second", "/x.img")
    assert "also: both have 0000:08:00.0" in err
    document = json.loads(told(capsys, "win10", "second", "--disk", "vda=/x.img", "--json")[1])
    assert document["xml"] == out and document["of"] == "win10" and len(document["notes"]) == err.count("also: ")


def test_it_defines_nothing_where_the_plan_is_only_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "win10", "second", "--define", "--dry-run", "--json")
    (step,) = json.loads(out)["steps"]
    assert code == Exit.FINE and step["subject"] == "/etc/libvirt/qemu/second.xml"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("nobody", "x"), Exit.CHANGE_FAILED, "no stored definition of a guest 'nobody'"),
        (("win10", "macos"), Exit.CHANGE_FAILED, "a guest 'macos' already"),
        (("win10", "a/b"), Exit.CHANGE_FAILED, "no name for a guest"),
        (("win10", "x", "--disk", "vda"), Exit.USAGE, "TARGET=PATH"),
        (("win10", "x", "--disk", "vdq=/x"), Exit.CHANGE_FAILED, "no disk 'vdq'"),
    ],
)
def test_what_cannot_be_cloned_is_refused_with_the_reason(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: Exit, said: str
) -> None:
    found, out, err = told(capsys, *words)
    assert (found, out) == (code, "") and said in err
