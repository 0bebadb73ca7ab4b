"""`vfiotui pin`: looks, proposes, changes a definition, takes it back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hosts import TOWER
from vfiotui.cli.main import main

DEFINED = "etc/libvirt/qemu/win10.xml"


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A mounted disk with the demo's guest on it; its odd bytes must survive."""
    place = tmp_path / DEFINED
    place.parent.mkdir(parents=True)
    place.write_bytes(TOWER.guests[0].xml.replace("<devices>", "<!-- mine -->\r\n  <devices >").encode())
    (tmp_path / "var/lib").mkdir(parents=True)
    return tmp_path


def out(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(list(words)) == code, capsys.readouterr().err
    return capsys.readouterr().out


def test_show_draws_the_host_and_judges_every_guest(capsys: pytest.CaptureFixture[str]) -> None:
    text = out(capsys, "--demo", "pin", "show", "win10")
    assert "L3 #1  32 MiB" in text and "6/18 v0/v1" in text and "macos/macos" in text
    assert "win10  running  score 100" in text
    found = json.loads(out(capsys, "--demo", "pin", "check", "--json"))
    assert [g["guest"] for g in found] == ["arch-test", "macos", "win10"]
    assert found[2]["drift"] == [] and found[2]["pinning"]["pins"]["v1"] == [18]


def test_check_fails_where_a_guest_cannot_start_as_it_is_pinned(capsys: pytest.CaptureFixture[str], disk: Path) -> None:
    text = (disk / DEFINED).read_text().replace("cpuset='21'", "cpuset='999'")
    (disk / DEFINED).write_text(text)
    cpus = disk / "sys/devices/system/cpu"
    cpus.mkdir(parents=True)
    (cpus / "online").write_text("0-23\n")
    (cpus / "present").write_text("0-23\n")
    assert "CPU 999 does not exist" in out(capsys, "--root", str(disk), "pin", "check", code=1)


def test_propose_ranks_and_gives_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    text = out(capsys, "--demo", "pin", "propose", "win10", "--vcpus", "most")
    assert text.startswith("1. score 100") and "all vCPUs share one L3 cache of 32 MiB (#1)" in text
    found = json.loads(out(capsys, "--demo", "--json", "pin", "propose", "win10", "--vcpus", "4"))
    best = found["proposals"][0]
    assert best["pinning"]["vcpus"] == 4
    assert best["score"]["total"] == round(sum(p["points"] for p in best["score"]["parts"]))
    refused = json.loads(out(capsys, "--demo", "pin", "propose", "win10", "--vcpus", "64", "--json", code=1))
    assert refused["most"] == 22 and "find no place" in refused["refused"]


def test_set_changes_the_pins_and_no_other_byte_and_undo_takes_it_back(
    capsys: pytest.CaptureFixture[str], disk: Path
) -> None:
    before = (disk / DEFINED).read_bytes()
    words = ("--root", str(disk), "pin", "set", "win10", "v0=4", "emu=0-1")
    assert "+    <emulatorpin cpuset='0-1'/>" in out(capsys, *words, "--dry-run")
    assert (disk / DEFINED).read_bytes() == before
    out(capsys, *words, "--yes")
    wanted = before.replace(b"vcpu='0' cpuset='6'", b"vcpu='0' cpuset='4'")
    wanted = wanted.replace(b"<emulatorpin cpuset='2-3'/>", b"<emulatorpin cpuset='0-1'/>")
    assert (disk / DEFINED).read_bytes() == wanted
    assert "already" in out(capsys, *words, "--yes")
    out(capsys, "--root", str(disk), "undo", "--yes")
    assert (disk / DEFINED).read_bytes() == before


def test_clear_frees_threads(capsys: pytest.CaptureFixture[str], disk: Path) -> None:
    out(capsys, "--root", str(disk), "pin", "clear", "win10", "emu", "io1", "--yes")
    text = (disk / DEFINED).read_text()
    assert "emulatorpin" not in text and "iothreadpin" not in text and "vcpupin" in text
    out(capsys, "--root", str(disk), "pin", "clear", "win10", "--yes")
    assert "cputune" not in (disk / DEFINED).read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("set", "win10"), "name pins such as"),
        (("set", "win10", "v0=x"), "not a CPU list"),
        (("set", "win10", "w0=1"), "names no thread"),
        (("set", "win10", "--take", "9"), "there are"),
        (("set", "win10", "--take", "1", "--vcpus", "0"), "--vcpus wants"),
        (("set", "nobody", "v0=1"), "there is no guest 'nobody'"),
        (("set", "win10", "v0=1", "--live"), "does not run"),
        (("set", "win10", "v0=1", "--yes"), "made up"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    assert main(["--demo", "pin", *words]) not in (0, 1) or "no guest" in sentence or "does not run" in sentence
    assert sentence in capsys.readouterr().err
