"""The names of slots, and what a device's place is: bridges with their links, slot, CPU or chipset."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.host.capture.captures import captured
from tests.machines import root_of
from tests.tree_on_disk import write
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.demo.tower import TOWER
from vfiotui.host.pci import functions
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.pci.functions import PciBus

SLOT = "/sys/bus/pci/slots/{}/address"
CARD, BOOT = "0000:04:00.0", "0000:0b:00.0"
FILES = {
    SLOT.format("7"): "0000:04:00\n",
    SLOT.format("8"): "0000:04:00\n",
    SLOT.format("0-1"): b"\xff\0\r\n",
    SLOT.format("9"): "",
    SLOT.format("3"): "0000:0b:00",
}
HOST = replace(TOWER, files={**TOWER.files, **FILES})


def slots_of(root: Root) -> dict[str, object]:
    bus = functions.read(root)
    assert isinstance(bus, PciBus)
    return {d.bdf: d.slot_name for d in bus.devices if d.slot_name is not None}


def test_every_function_of_a_slot_has_its_name() -> None:
    root = root_of(HOST)
    expected = {CARD: "7", "0000:04:00.1": "7", BOOT: "3", "0000:0b:00.1": "3"}
    assert slots_of(root) == expected
    assert slots_of(captured(root)[0]) == expected, "a capture is judged as its host"


def test_a_host_without_the_folder_names_no_slot() -> None:
    assert slots_of(root_of(TOWER)) == {}


def test_a_folder_that_is_none_is_unread() -> None:
    found = slots_of(root_of(replace(TOWER, files={**TOWER.files, "/sys/bus/pci/slots": "x"})))
    assert all(isinstance(name, Unread) for name in found.values())


def test_the_command_shows_the_way_up(tmp_path: object, capsys: pytest.CaptureFixture[str]) -> None:
    port = "0000:00:03.2"
    linked = tuple(
        replace(d, link=("16.0 GT/s PCIe", 8, "16.0 GT/s PCIe", 16)) if d.bdf == port else d for d in HOST.pci
    )
    write(build(replace(HOST, pci=linked)), str(tmp_path))
    main(["--root", str(tmp_path), "pci", BOOT, CARD])
    text = capsys.readouterr().out
    assert "below 00:03.2" in text and "link 16.0 GT/s PCIe x8 of 16.0 GT/s PCIe x16" in text
    assert "wired to the CPU · slot 3" in text and "wired to the chipset · slot 7" in text
    main(["--root", str(tmp_path), "pci", BOOT, "00:03.2", "--json"])
    found = json.loads(capsys.readouterr().out)["devices"]
    assert [b["address"] for b in found[BOOT]["above"]] == [port]
    assert found[BOOT]["above"][0]["link"]["width"] == 8
    assert (found[BOOT]["wired_to"], found[BOOT]["slot"]) == ("CPU", "3")
    assert found[port]["wired_to"] is None and found[port]["wired_to_unread"]
