"""The board's names of slots, from SMBIOS structures of type 9: the right devices, hostile tables, captures."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest

from tests.host.capture.captures import captured
from tests.hosts import CLEAN
from tests.hosts.base import AUDIO, BRIDGE, IGPU, gpu
from tests.machines import root_of
from tests.tree_on_disk import write
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.demo.description import Host, PciDesc
from vfiotui.host.pci import functions, smbios
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.pci.functions import PciBus

RAW = "/sys/firmware/dmi/entries/9-{}/raw"
CARD, PORT = "0000:01:00.0", BRIDGE.bdf
SECOND = PciDesc("0000:00:01.1", 0x8086, 0x1905, 0x060400, 7, "pcieport", reset="pm", bars=(), express=4, acs=True)
NIC = PciDesc("0000:02:00.0", 0x8086, 0x1539, 0x020000, 8, "igb", SECOND.bdf, msi=1)
SERIAL = b"SERIAL-4711"


def slot(name: bytes, bus: int, where: int, segment: int = 0, length: int = 0x11, index: int = 1) -> bytes:
    """A structure of type 9 (DSP0134, System Slots), with a second string."""
    part = bytearray(length)
    part[:6] = bytes([9, length, 7, 0, index, 0xA5])
    if length >= 0x11:
        part[13:17] = segment.to_bytes(2, "little") + bytes([bus, where])
    return bytes(part) + name + b"\0" + SERIAL + b"\0\0"


SYSTEM = bytes([1, 27, 1, 0, 1]) + bytes(22) + SERIAL + b"\0\0"
END = bytes([127, 4, 0, 0, 0, 0])


def host(*raw: bytes, table: bytes = b"") -> Host:
    files: dict[str, str | bytes] = {RAW.format(n): data for n, data in enumerate(raw)}
    if table:
        files[smbios.TABLE] = table
    cards = (BRIDGE, SECOND, IGPU, gpu(CARD, 2, driver="vfio-pci"), AUDIO, NIC)
    return replace(CLEAN, pci=cards, files={**CLEAN.files, **files})


def names(root: Root) -> dict[str, object]:
    bus = functions.read(root)
    assert isinstance(bus, PciBus)
    return {d.bdf: d.board_slot for d in bus.devices if d.board_slot is not None}


FOUND = {CARD: "PCIEX16_1", AUDIO.bdf: "PCIEX16_1"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([slot(b"PCIEX16_1", 1, 0)], FOUND),
        ([slot(b"PCIEX16_1", 0, 1 << 3)], {PORT: "PCIEX16_1", **FOUND}),
        (
            [slot(b"PCIEX16_1", 0, 1 << 3), slot(b"M2_1", 0, 1 << 3 | 1)],
            {PORT: "PCIEX16_1", **FOUND, SECOND.bdf: "M2_1", NIC.bdf: "M2_1"},
        ),
        ([slot(b"PCIEX16_1", 0, 1 << 3), slot(b"BOTTOM", 2, 0)], {PORT: "PCIEX16_1", **FOUND, NIC.bdf: "BOTTOM"}),
        ([slot(b"A", 1, 0), slot(b"B", 1, 0)], {}),
        ([slot(b"A", 1, 0), slot(b"A", 1, 0)], {CARD: "A", AUDIO.bdf: "A"}),
        ([slot(b"OLD", 1, 0, length=0x0D)], {}),
        ([slot(b"EMPTY", 0xFF, 0xFF)], {}),
        ([slot(b"FAR", 1, 0, segment=0xFFFF)], {}),
        ([slot(b" \t ", 1, 0)], {}),
    ],
    ids=[
        "card",
        "port",
        "two ports of a number",
        "port and card",
        "contradiction",
        "twice",
        "old",
        "empty",
        "far",
        "blank",
    ],
)
def test_a_device_has_the_name_that_the_board_gives_its_slot(raw: list[bytes], expected: dict[str, str]) -> None:
    assert names(root_of(host(*raw))) == expected


def test_without_single_entries_the_whole_table_is_read() -> None:
    table = SYSTEM + slot(b"PCIEX16_1", 1, 0) + END + slot(b"BEHIND THE END", 2, 0)
    assert names(root_of(host(table=table))) == FOUND


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\t", b"\t\x11", slot(b"X", 1, 0)[:-1], slot(b"X", 1, 0)[:12], slot(b"X", 1, 0, index=9), b"\0" * 5000,
        slot(b"X", 1, 0, index=0), b"\xff" * 100, b"\t\x02\0\0\0\0", b"\t\xff\0\0\x01" + b"a" * 40,
    ],
)  # fmt: skip
def test_a_damaged_structure_names_nothing(data: bytes) -> None:
    assert list(smbios.slot_names(data)) == []


def test_any_bytes_end_with_an_answer() -> None:
    rng = random.Random(5)
    for _ in range(500):
        data = bytearray(SYSTEM + slot(b"PCIEX16_1", 1, 0) + END)
        for _ in range(4):
            data[rng.randrange(len(data))] = rng.randrange(256)
        for address, name in smbios.slot_names(bytes(data)):
            assert len(address) == 12 and 0 < len(name) <= smbios.LONGEST


def test_a_name_of_any_bytes_is_one_short_line() -> None:
    ((_, name),) = smbios.slot_names(slot(b"\x1b[31mA\xff\n" + b"x" * 300, 1, 0))
    assert len(name) == smbios.LONGEST and "\n" not in name


@pytest.mark.parametrize("table", [False, True], ids=["entries", "table"])
def test_a_capture_has_the_names_and_nothing_else(table: bool) -> None:
    described = host(table=SYSTEM + slot(b"PCIEX16_1", 1, 0) + END) if table else host(slot(b"PCIEX16_1", 1, 0))
    opened, _ = captured(root_of(described))
    assert names(opened) == FOUND
    found = opened.bytes(smbios.TABLE if table else RAW.format(0))
    assert isinstance(found, bytes) and SERIAL not in found and b"PCIEX16_1" in found


def test_the_commands_show_both_names(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    described = host(slot(b"PCIEX16_1", 1, 0))
    number = {"/sys/bus/pci/slots/3/address": "0000:01:00\n"}
    write(build(replace(described, files={**described.files, **number})), str(tmp_path))
    assert main(["--root", str(tmp_path), "pci", "01:00.0"]) == 0
    assert "slot 3 (PCIEX16_1)" in capsys.readouterr().out
    assert main(["--root", str(tmp_path), "--json", "pci", "01:00.0"]) == 0
    found = json.loads(capsys.readouterr().out)["devices"][CARD]
    assert (found["slot"], found["board_slot"]) == ("3", "PCIEX16_1")


def test_what_may_not_be_read_has_a_reason() -> None:
    class Closed:
        def names(self, path: str) -> tuple[str, ...]:
            return ("9-0",)

        def bytes(self, path: str, limit: int) -> Unread:
            return Unread("needs root", Why.FORBIDDEN, path)

    assert isinstance(smbios.read(Closed()), Unread)  # type: ignore[arg-type]
