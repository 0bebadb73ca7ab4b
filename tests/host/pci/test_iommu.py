"""IOMMU groups, units, and the firmware tables behind them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hosts import CLEAN, INTEL
from tests.machines import known_facts, root_of
from tests.trees import Link, folder_root
from vfiotui.host.pci import firmware, iommu
from vfiotui.host.pci.acpi import parse_dmar, parse_ivrs
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.pci.functions import PciBus
from vfiotui.model.pci.iommu import Dmar, Firmware, Iommu, Ivrs, judge_group


def table(name: str, body: bytes, **header: int) -> bytes:
    """An ACPI table with a right checksum."""
    data = bytearray(
        name.encode() + (36 + len(body)).to_bytes(4, "little") + b"\1\0" + b"OEMIDXOEMTABLE " + b"\0" * 11 + body
    )
    data[9] = -sum(data) % 256
    return bytes(data)


DMAR = table(
    "DMAR",
    bytes([38, 5]) + b"\0" * 10
    + (0).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes([1, 0, 0, 0]) + (0xFED91000).to_bytes(8, "little")
    + bytes([3, 8, 0, 0, 2, 0xF0, 0x1F, 0])
    + (1).to_bytes(2, "little") + (32).to_bytes(2, "little") + b"\0\0\0\0" + (0x7B000000).to_bytes(8, "little")
    + (0x7B7FFFFF).to_bytes(8, "little") + bytes([1, 8, 0, 0, 0, 0, 2, 0]),
)  # fmt: skip


def test_a_remapping_table_is_decoded() -> None:
    found = parse_dmar(DMAR)
    assert isinstance(found, Dmar)
    assert found.checksum_ok and found.length == len(DMAR)
    assert found.host_address_width == 38
    assert (found.intr_remap, found.x2apic_opt_out, found.dma_ctrl_opt_in) == (True, False, True)
    assert [d.base for d in found.drhd] == [0xFED91000]
    assert found.drhd[0].scopes[0].path == ("1f.0",) and found.drhd[0].scopes[0].bus == 0xF0
    assert (found.rmrr[0].base, found.rmrr[0].end, found.rmrr[0].scopes[0].path) == (0x7B000000, 0x7B7FFFFF, ("02.0",))


def test_a_wrong_checksum_is_told_not_hidden() -> None:
    found = parse_dmar(DMAR[:-1] + bytes([DMAR[-1] ^ 1]))
    assert isinstance(found, Dmar) and not found.checksum_ok


@pytest.mark.parametrize("cut", [0, 3, 36, 47, len(DMAR) - 1])
def test_a_cut_table_is_unread(cut: int) -> None:
    found = parse_dmar(DMAR[:cut])
    assert isinstance(found, Unread) and found.why is Why.DAMAGED


@given(st.binary(max_size=200), st.integers(0, len(DMAR)))
def test_no_bytes_break_the_parsers(noise: bytes, place: int) -> None:
    mixed = DMAR[:place] + noise + DMAR[place + len(noise) :]
    for data in (noise, mixed):
        parse_dmar(data)
        parse_ivrs(b"IVRS" + data[4:])


def test_the_described_tables_are_read() -> None:
    for name, kind in (("clean", Ivrs), ("intel", Dmar)):
        found = known_facts(name).firmware
        assert isinstance(found, Firmware)
        tables = {Ivrs: found.ivrs, Dmar: found.dmar}
        assert isinstance(tables.pop(kind), kind)
        assert list(tables.values()) == [None], "the other maker's table is known to be absent"


def test_hidden_tables_are_unknown_not_absent() -> None:
    root = root_of(replace(CLEAN, remove=("/sys/firmware/acpi",)))
    found = firmware.read(root)
    assert isinstance(found, Firmware) and isinstance(found.dmar, Unread) and isinstance(found.ivrs, Unread)


def test_secure_boot_needs_its_five_bytes(tmp_path: Path) -> None:
    for data, wanted in ((b"\6\0\0\0\1", True), (b"\6\0\0\0\0", False), (b"\1", None)):
        root = folder_root(tmp_path / repr(data), {firmware.SECURE_BOOT: data})
        found = firmware.read_secure_boot(root, True)
        assert isinstance(found, Unread) if wanted is None else found is wanted


def test_groups_of_the_tower() -> None:
    facts = known_facts("tower")
    assert isinstance(facts.iommu, Iommu) and isinstance(facts.pci, PciBus)
    assert not isinstance(facts.iommu.groups, Unread)
    groups = {g.number: g for g in facts.iommu.groups}
    card, blocked = facts.pci.get("0000:08:00.0"), facts.pci.get("0000:04:00.0")
    assert card is not None and blocked is not None
    assert judge_group(card, groups[15], facts.pci).clean
    verdict = judge_group(blocked, groups[14], facts.pci)
    assert not verdict.clean and "0000:05:00.0" in verdict.blockers and "0000:03:01.0" in verdict.bridges


def test_no_iommu_is_an_empty_answer_and_no_sysfs_is_none(tmp_path: Path) -> None:
    off = known_facts("iommu-off").iommu
    assert isinstance(off, Iommu) and off.units == () and off.groups == ()
    assert isinstance(iommu.read(folder_root(tmp_path, {})), Unread)


def test_groups_without_their_folder_are_found_by_the_devices_links(tmp_path: Path) -> None:
    device = "/sys/devices/pci0000:00/0000:00:02.0"
    root = folder_root(
        tmp_path,
        {
            f"{device}/vendor": "0x8086\n",
            f"{device}/iommu_group": Link("../../../kernel/iommu_groups/3"),
            "/sys/bus/pci/devices/0000:00:02.0": Link("../../../devices/pci0000:00/0000:00:02.0"),
        },
    )
    found = iommu.read(root)
    assert isinstance(found, Iommu) and not isinstance(found.groups, Unread)
    assert [(g.number, g.members) for g in found.groups] == [(3, ("0000:00:02.0",))]


def test_an_intel_unit_tells_its_width_and_interrupt_remapping() -> None:
    found = known_facts("intel").iommu
    assert isinstance(found, Iommu) and not isinstance(found.units, Unread)
    unit = found.units[0]
    assert unit.kind == "intel"
    assert unit.address_bits == (INTEL.iommu_cap >> 16 & 0x3F) + 1 and unit.interrupt_remapping is True
