"""Every fact of a configuration space that we tell, beside what the real lspci tells of the same bytes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts import HOSTS
from tests.machines import root_of
from tests.requirements import need
from vfiotui.host.pci import functions as pci
from vfiotui.host.pci.config_space import parse
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.pci.functions import Acs, Capabilities, PciBus


def sign(pattern: str, block: str) -> bool | None:
    """What a flag such as FLReset+ or FLReset- says; None where it is not printed."""
    found = re.search(pattern + r"([+-])", block)
    return None if found is None else found[1] == "+"


def told_by_lspci(block: str) -> dict[str, object]:
    """The facts of one function that lspci -vvv prints."""
    express = re.search(r"Express \(v\d\) ([^,(\n]+?)(?: \(Slot([+-])\))?, ", block)
    acs = re.search(r"ACSCap:\s*(.*)\n\s*ACSCtl:\s*(.*)", block)
    total = re.search(r"Total VFs: (\d+)", block)
    advanced = re.search(r"Advanced Features\n\s*AFCap:(.*)", block)
    return {
        "express": express[1].strip() if express else None,
        "FLR": sign("FLReset", block) if express else None,
        "AF FLR": sign("FLR", advanced[1]) if advanced else None,
        "NoSoftRst": sign("NoSoftRst", block),
        "MSI": "] MSI:" in block,
        "MSI enabled": sign(r"\] MSI: Enable", block) is True,
        "MSI-X": "] MSI-X:" in block,
        "MSI-X enabled": sign(r"\] MSI-X: Enable", block) is True,
        "ACS cap": {w[:-1] for w in acs[1].split() if w.endswith("+")} if acs else None,
        "ACS ctl": {w[:-1] for w in acs[2].split() if w.endswith("+")} if acs else None,
        "VFs": int(total[1]) if total else None,
        "BARs": [
            (int(i), current, tuple(sizes.split()))
            for i, current, sizes in re.findall(r"BAR (\d): current size: (\w+), supported: ([\w ]+)", block)
        ],
    }


def told_by_us(caps: Capabilities, block: str) -> dict[str, object]:
    """The same facts; lspci prints FLReset of endpoints only."""
    express, acs = caps.express, caps.acs
    assert (
        not isinstance(acs, Unread) and not isinstance(caps.rebar, Unread) and not isinstance(caps.sriov_total, Unread)
    )
    return {
        "express": express.kind if express else None,
        "FLR": express.flr if express and "FLReset" in block else None,
        "AF FLR": caps.af_flr,
        "NoSoftRst": caps.no_soft_reset,
        "MSI": caps.msi,
        "MSI enabled": caps.msi_enabled,
        "MSI-X": caps.msix,
        "MSI-X enabled": caps.msix_enabled,
        "ACS cap": set(acs.cap) if isinstance(acs, Acs) else None,
        "ACS ctl": set(acs.ctl) if isinstance(acs, Acs) else None,
        "VFs": caps.sriov_total,
        "BARs": [(i, r.current, r.supported) for i, r in caps.rebar],
    }


def blocks(text: str) -> dict[str, str]:
    """lspci's output by address."""
    parts = re.split(r"\n(?=[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] )", text.strip())
    return {part.split(" ", 1)[0]: part for part in parts}


def dump(configs: dict[str, bytes]) -> Iterator[str]:
    """Configuration spaces as `lspci -xxxx` prints them."""
    for bdf, data in configs.items():
        yield f"{bdf} x"
        yield from (f"{i:02x}: {' '.join(f'{b:02x}' for b in data[i : i + 16])}" for i in range(0, len(data), 16))
        yield ""


def compare(configs: dict[str, bytes], told: dict[str, str]) -> int:
    """How many values agree; fails at the first function of which one does not."""
    assert set(told) == set(configs)
    values = 0
    for bdf, data in configs.items():
        caps = parse(data)
        assert isinstance(caps, Capabilities), (bdf, caps)
        theirs, ours = told_by_lspci(told[bdf]), told_by_us(caps, told[bdf])
        assert ours == theirs, (bdf, told[bdf])
        values += len(ours)
    return values


@pytest.mark.parametrize(("machine", "least"), [("tower", 250), ("gives-all-away", 50), ("weak-reset", 50)])
def test_of_a_made_up_machine(machine: str, least: int, tmp_path: Path) -> None:
    program = need("lspci", "pciutils")
    root = root_of(HOSTS[machine])
    configs: dict[str, bytes] = {}
    names = root.names(pci.DEVICES)
    assert not isinstance(names, Unread)
    for bdf in names:
        data = root.bytes(f"{pci.DEVICES}/{bdf}/config")
        assert isinstance(data, bytes)
        configs[bdf] = data
    (tmp_path / "dump").write_text("\n".join(dump(configs)))
    words = [program, "-F", str(tmp_path / "dump"), "-vvv", "-D"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert compare(configs, blocks(told)) >= least


def test_of_this_machine() -> None:
    """Read while it runs, by both."""
    program = need("lspci", "pciutils")
    bus = pci.read(Root.live())
    if not isinstance(bus, PciBus) or not bus.devices:
        pytest.skip("no PCI bus is shown here")
    told = blocks(subprocess.run([program, "-vvv", "-D"], capture_output=True, text=True, check=True).stdout)
    assert set(told) == {d.bdf for d in bus.devices}
    for device in bus.devices:
        block = told[device.bdf]
        if isinstance(device.capabilities, Unread):
            # Without root lspci still knows of a device whose status has no capability list.
            assert "<access denied>" in block or "Status: Cap-" in block
        elif not device.capabilities.dead:
            assert told_by_us(device.capabilities, block) == told_by_lspci(block), block
        driver = re.search(r"Kernel driver in use: (\S+)", block)
        assert device.driver == (driver[1] if driver else None)
