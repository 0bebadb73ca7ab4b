"""`vfiotui usb`: the tree as text and JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.guests import FINE_HOST
from tests.tree_on_disk import write
from tests.usb_machines import Plugged, deep, guest_with, with_usb
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.model.base.nodes import File


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    out, err = capsys.readouterr()
    return code, out, err


def test_the_tree_names_controller_bus_port_and_use(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, "--demo", "usb", "list", "--ports")
    assert code == Exit.FINE
    assert "0000:0d:00.3  Matisse USB 3.0 Host Controller  driver xhci_hcd, group 21, reset yes" in out
    assert "'vfiotui isolate 0000:0d:00.3' plans it" in out
    assert "usbhid, the only keyboard, Keyboard K120" in out and "free: 3-3, 3-4" in out


def test_json_holds_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, err = told(capsys, "--demo", "usb", "list", "--json")
    found: Any = json.loads(out)
    chipset, cpu = found["controllers"]
    assert err == "" and cpu["whole"] == {"possible": True, "why": []} and chipset["whole"]["possible"] is False
    keyboard = chipset["buses"][0]["devices"][0]
    assert (keyboard["port"], keyboard["ids"], keyboard["needed"]) == (
        "1-4",
        "046d:c31c",
        ["the only keyboard, Keyboard K120"],
    )


def test_names_with_escapes_and_markup_are_written_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nodes = with_usb([Plugged("3-1"), *deep()[1:]])
    place = next(p for p in nodes if p.endswith("/3-1/idVendor")).rpartition("/")[0]
    nodes[f"{place}/product"] = File(b"[bold]x[/] \x1b[2J\xe2\x80\xae\xff\x00\n")
    write(nodes, str(tmp_path))
    code, out, _ = told(capsys, "--root", str(tmp_path), "usb", "list")
    assert code == Exit.FINE and "[bold]x[/]" in out and "\\x1b[2J" in out
    assert all(c.isprintable() or c == "\n" for c in out)


UUID = "11111111-2222-3333-4444-555555555555"


def test_rules_of_a_mounted_system_are_made_and_every_byte_comes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host = replace(
        FINE_HOST,
        guests=(guest_with("win", ""), guest_with("it's <b>", "")),
        files={**FINE_HOST.files, "/usr/bin/systemctl": "", "/usr/bin/virsh": ""},
    )
    nodes = build(host)
    write({p: n for p, n in nodes.items() if not p.startswith(("/sys/", "/proc/"))}, str(tmp_path))
    at = ("--root", str(tmp_path), "usb")

    def held() -> dict[str, bytes]:
        there = (p for p in (tmp_path / "etc").rglob("*"))
        return {str(p): b"-> " + str(p.readlink()).encode() if p.is_symlink() else p.read_bytes()
                for p in there if p.is_symlink() or p.is_file()}  # fmt: skip

    before = held()
    for guest, ids in (("win", "046d:c52b"), ("it's <b>", "0781:5583")):
        code, out, err = told(capsys, *at, "follow", guest, "--id", ids, "--yes", "--json")
        assert code == Exit.FINE and json.loads(out)["state"] == "done", err
    lines = (tmp_path / "etc/vfiotui/usb.conf").read_text().splitlines()
    assert lines[1:] == [f"id 046d:c52b {UUID} win", f"id 0781:5583 {UUID} it's <b>"]
    assert (tmp_path / "etc/systemd/system/paths.target.wants/vfiotui-usb.path").is_symlink()
    assert told(capsys, *at, "follow", "win", "046D:C52B", "--yes")[1] == "everything is already as requested\n"
    for guest in ("win", "it's <b>"):
        assert told(capsys, *at, "unfollow", guest, "all", "--yes")[0] == Exit.FINE
    assert held() == before
    for number in ("4", "3", "2", "1"):
        assert told(capsys, "--root", str(tmp_path), "undo", number, "--yes")[0] == Exit.FINE
    assert held() == before


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("attach", "macos", "1-4"), Exit.CHANGE_FAILED, "this host needs|takes no port|the host needs"),
        (("attach", "nobody", "3-1"), Exit.USAGE, "there is no guest 'nobody'"),
        (("attach", "win10", "3-1", "--running"), Exit.CHANGE_FAILED, "does not run|cannot be reached"),
        (("follow", "win10"), Exit.USAGE, "name one port or ids"),
        (("follow", "win10", "3-1", "--port", "3-2"), Exit.USAGE, "name one port or ids"),
        (("follow", "win10", "3-1"), Exit.CHANGE_FAILED, "no systemd was found here"),
        (("unfollow", "win10", "3-1"), Exit.CHANGE_FAILED, "follows no USB device"),
        (("evdev", "macos", "/dev/sda"), Exit.CHANGE_FAILED, "no device below /dev/input"),
    ],
)
def test_what_is_refused_says_why(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: Exit, sentence: str
) -> None:
    found, out, err = told(capsys, "--demo", "usb", *words, "--dry-run")
    assert (found, out) == (code, "") and re.search(sentence, err) and "Traceback" not in err


def test_a_definition_gets_a_device_by_its_ids(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = told(capsys, "--demo", "usb", "attach", "macos", "045e:02ea", "--dry-run", "--json")
    assert json.loads(out)["goals"] == [["domain.usb.add", "macos/045e:02ea"]]


def test_a_host_without_usb_says_so_and_has_no_access(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "etc").mkdir()
    code, out, err = told(capsys, "--root", str(tmp_path), "usb", "list")
    assert code == Exit.NO_ACCESS and out == "" and err.startswith("vfiotui: the USB devices cannot be seen:")
