"""BusID lines of Xorg's configuration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfiotui.formats.system.xorg_conf import address_of, bus_ids
from vfiotui.rules.devices.xorg_busid import busid_of


@pytest.mark.parametrize(
    ("text", "bdf"),
    [
        ("PCI:0:2:0", "0000:00:02.0"),
        ("pci:10:0", "0000:0a:00.0"),
        ("1:0:0", "0000:01:00.0"),
        ("PCI:1@65536:0:0", "10000:01:00.0"),
        ("PCI:0a:00.0", None),
        ("PCI:999:0:0", None),
        ("PCI:1:99:0", None),
        ("", None),
    ],
)
def test_numbers_are_decimal(text: str, bdf: str | None) -> None:
    assert address_of(text) == bdf


def test_lines_are_found_in_any_case_and_comments_are_not() -> None:
    text = 'Section "Device"\r\n\tbusid  "PCI:1:0:0" # mine\r\n#BusID "PCI:2:0:0"\nBusID PCI:3:0:0'
    assert [(b.line, b.bdf) for b in bus_ids(text)] == [(2, "0000:01:00.0")]


@given(st.integers(0, 0xFFFFF), st.integers(0, 255), st.integers(0, 31), st.integers(0, 7))
def test_what_is_advised_is_understood(domain: int, bus: int, device: int, function: int) -> None:
    bdf = f"{domain:04x}:{bus:02x}:{device:02x}.{function}"
    assert address_of(busid_of(bdf)) == bdf


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert all(b.line >= 1 for b in bus_ids(text))
