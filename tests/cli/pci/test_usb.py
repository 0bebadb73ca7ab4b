"""`vfiotui usb`: the tree as text and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tree_on_disk import write
from tests.usb_machines import Plugged, deep, with_usb
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
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


def test_a_host_without_usb_says_so_and_has_no_access(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "etc").mkdir()
    code, out, err = told(capsys, "--root", str(tmp_path), "usb", "list")
    assert code == Exit.NO_ACCESS and out == "" and err.startswith("vfiotui: the USB devices cannot be seen:")
