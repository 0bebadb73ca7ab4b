"""`vfiotui rom`: real files, cards of described machines, and a dump that goes only where the user said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hosts import HOSTS
from tests.roms import real_rom_path
from tests.tree_on_disk import write
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.demo.rom_image import card_rom


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def test_a_real_rom_with_an_image_for_uefi(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "rom", real_rom_path("efi-e1000.rom"))
    assert code == Exit.FINE
    assert "\tPCIR: type 3 (EFI), vendor: 8086, device: 100e, class: 020000\n" in out
    assert "\t\tEFI: Signature Valid, Subsystem: Boot, Machine: X64\n\tLast image\n" in out
    assert "verdict  The ROM is UEFI capable." in out


def test_a_real_rom_without_one(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "rom", real_rom_path("vgabios-stdvga.bin"))
    assert code == Exit.FAILS and "not UEFI capable: it has no EFI image" in out


def test_json_holds_the_facts(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "rom", real_rom_path("efi-e1000.rom"), "--json")
    found = json.loads(out)
    assert code == Exit.FINE and found["walk_ok"] and found["has_efi"] and found["verdict"]["good"]
    assert [i["type"] for i in found["images"]] == [0, 3] and found["images"][0]["checksum_ok"] is True
    assert found["images"][1]["efi"]["machine"] == "X64" and found["images"][1]["device"] == "100e"


def test_a_file_is_compared_with_a_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(build(HOSTS["clean"]), str(tmp_path))
    (tmp_path / "card.rom").write_bytes(card_rom(0x10DE, 0x1184))
    code, out, _ = told(capsys, "--root", str(tmp_path), "rom", "/card.rom", "--card", "01:00.0")
    assert code == Exit.FAILS and "for another card" in out and "10de:13c2" in out


def test_a_card_of_the_demo_machine(capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("08:00.0", "0000:08:00.0"):
        code, out, _ = told(capsys, "--demo", "rom", word)
        assert code == Exit.FINE and "device: 13c2" in out and "UEFI capable" in out


def test_the_boot_displays_rom_comes_with_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, "--demo", "rom", "0b:00.0")
    assert "showed the boot screen" in out


def test_a_dump_goes_where_the_user_said_and_nowhere_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "gtx970.rom"
    code, _, err = told(capsys, "--demo", "rom", "08:00.0", "--dump", str(place))
    assert code == Exit.FINE and str(place) in err
    assert place.read_bytes() == card_rom(0x10DE, 0x13C2) and list(tmp_path.iterdir()) == [place]
    code, _, err = told(capsys, "--demo", "rom", "08:00.0", "--dump", str(place))
    assert code == Exit.USAGE and "--force" in err
    assert told(capsys, "--demo", "rom", "08:00.0", "--dump", str(place), "--force")[0] == Exit.FINE


@pytest.mark.parametrize(
    ("words", "code", "word"),
    [
        (("rom", "/nonexistent/x.rom"), Exit.NO_ACCESS, "is not there"),
        (("--demo", "rom", "99:00.0"), Exit.FAILS, "no such device"),
        (("--demo", "rom", "00:01.1"), Exit.NO_ACCESS, "cannot be read"),
        (("rom", "/dev/zero"), Exit.NO_ACCESS, "no regular file"),
        (("rom", "x.rom", "--dump", "y.rom"), Exit.USAGE, "--dump wants a card"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(
    words: tuple[str, ...], code: int, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    got, out, err = told(capsys, *words)
    assert (got, out) == (code, "") and word in err and "Traceback" not in err


def test_control_characters_of_a_file_reach_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = bytearray(b"\x55\xaa" + bytes(510))
    evil[0x18] = 0x40
    evil[0x40:0x44] = b"\x1b[2J"
    (tmp_path / "evil.rom").write_bytes(evil)
    code, out, _ = told(capsys, "rom", str(tmp_path / "evil.rom"))
    assert code == Exit.FAILS and "\x1b" not in out and "Invalid PCIR signature: \\x1b[2J" in out
