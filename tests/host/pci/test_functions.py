"""PCI devices: capabilities as lspci sees them, names, drivers, and lists that loop."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hosts.base import BRIDGE, IGPU, gpu
from tests.hosts.guest_texts import changed
from tests.hosts.guests import FINE_HOST
from tests.machines import known_facts, root_of
from vfiotui.demo.builder import build
from vfiotui.demo.tower import TOWER
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.pci import functions as pci
from vfiotui.host.pci.config_space import EXPRESS_KINDS, parse, parse_pieces
from vfiotui.host.pci.modules import AliasTable
from vfiotui.host.pci.names import PciNames
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File, Symlink
from vfiotui.model.base.reading import Unread, Why
from vfiotui.model.pci.functions import Capabilities, PciBus
from vfiotui.rules import rule_of

IDS = b"""# a comment
1002  Advanced Micro Devices, Inc. [AMD/ATI]
\t73ff  Navi 23 [Radeon RX 6600]
\t\t148c 2412  Red Devil
\t7400  Another
10de  NVIDIA Corporation
\t13c2  GM204 [GeForce GTX 970]
C 03  Display controller
\t00  VGA compatible controller
\t\t00  VGA controller
"""


def tower() -> PciBus:
    bus = known_facts("tower").pci
    assert isinstance(bus, PciBus)
    return bus


def space(size: int = 4096, **bytes_at: int) -> bytes:
    """A configuration space with a capability list, and single bytes by place: b40=0x10."""
    data = bytearray(size)
    data[0x00:0x04] = b"\xde\x10\xc2\x13"
    data[0x06] = 0x10
    for place, value in bytes_at.items():
        data[int(place[1:], 16)] = value
    return bytes(data)


def test_a_capability_list_that_bites_its_tail_ends() -> None:
    caps = parse(space(b34=0x40, b40=0x05, b41=0x50, b50=0x01, b51=0x40))
    assert isinstance(caps, Capabilities)
    assert caps.ids == (0x01, 0x05) and caps.msi


def test_an_extended_list_that_bites_its_tail_ends() -> None:
    data = bytearray(space(b34=0x40, b40=0x10))
    data[0x100:0x104] = (0x100 << 20 | 1 << 16 | 0x000D).to_bytes(4, "little")
    caps = parse(bytes(data))
    assert isinstance(caps, Capabilities) and caps.extended_ids == (0x000D,)


@pytest.mark.parametrize(("size", "why"), [(0, Why.DAMAGED), (63, Why.DAMAGED), (64, Why.FORBIDDEN)])
def test_too_few_bytes_are_unread_with_the_reason(size: int, why: Why) -> None:
    caps = parse(space(256)[:size])
    assert isinstance(caps, Unread) and caps.why is why


def test_half_a_space_says_nothing_of_the_other_half() -> None:
    caps = parse(space(256, b34=0x40, b40=0x10))
    assert isinstance(caps, Capabilities)
    assert isinstance(caps.acs, Unread) and caps.acs.why is Why.FORBIDDEN


def test_all_ones_is_a_device_that_fell_off_the_bus() -> None:
    caps = parse(b"\xff" * 4096)
    assert isinstance(caps, Capabilities) and caps.dead


@given(st.binary(max_size=4200))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    caps = parse(data)
    if isinstance(caps, Capabilities) and caps.express is not None:
        assert caps.express.kind in (*EXPRESS_KINDS.values(), "Unknown type")


def test_names_come_from_pci_ids() -> None:
    names = PciNames(IDS)
    assert names.vendor(0x10DE) == "NVIDIA Corporation"
    assert names.device(0x1002, 0x73FF) == "Navi 23 [Radeon RX 6600]"
    assert names.subsystem(0x1002, 0x73FF, 0x148C, 0x2412) == "Red Devil"
    assert names.kind(0x030000) == "VGA compatible controller"
    assert names.kind(0x03FF00) == "Display controller"
    assert isinstance(names.device(0x1002, 0x13C2), Unread), "a device of another vendor"
    assert isinstance(names.subsystem(0x1002, 0x7400, 0x148C, 0x2412), Unread), "a board of another device"
    assert isinstance(names.vendor(0xFFFF), Unread)


@pytest.mark.parametrize("cut", range(0, len(IDS), 7))
def test_a_cut_pci_ids_is_read_as_far_as_it_goes(cut: int) -> None:
    names = PciNames(IDS[:cut])
    for vendor, device in ((0x1002, 0x73FF), (0x10DE, 0x13C2)):
        assert isinstance(names.device(vendor, device), str | Unread)
        assert isinstance(names.subsystem(vendor, device, 0x148C, 0x2412), str | Unread)
    assert isinstance(names.kind(0x030000), str | Unread)


def test_the_tower_is_read_as_it_was_described() -> None:
    bus = tower()
    for described in TOWER.pci:
        device = bus.get(described.bdf)
        assert device is not None
        assert (device.vendor, device.device) == (described.vendor, described.device)
        assert device.class_code == described.class_code
        assert device.driver == described.driver
        assert device.group == described.group
        assert device.parent == (described.parent or None)
        assert device.boot_vga == described.boot_vga
        if not isinstance(device.reset_methods, Unread):
            assert device.reset_methods == tuple(described.reset.split())
        if described.link is not None:
            link = device.link
            assert (link.speed, link.width, link.max_speed, link.max_width) == described.link
        assert not isinstance(device.bars, Unread)
        assert [b.size for b in device.bars if b.index < 6] == list(described.bars)
    assert len(bus.devices) == len(TOWER.pci)


def test_a_card_names_the_modules_that_could_claim_it() -> None:
    card = tower().get("0000:0b:00.0")
    assert card is not None and not isinstance(card.modules, Unread)
    assert "amdgpu" in card.modules


def test_a_device_that_vanishes_in_mid_read_is_left_with_reasons() -> None:
    nodes = dict(build(TOWER))
    folder = root_of(TOWER).real("/sys/bus/pci/devices/0000:08:00.0")
    assert isinstance(folder, str)
    for path in [p for p in nodes if p.startswith(f"{folder}/")]:
        del nodes[path]
    bus = pci.read(Root(MemoryTree(nodes), Mode.CAPTURE))
    assert isinstance(bus, PciBus)
    device = bus.get("0000:08:00.0")
    assert device is not None
    assert isinstance(device.vendor, Unread) and device.vendor.path.startswith("/sys/")


def test_names_that_are_no_addresses_are_no_devices() -> None:
    nodes = dict(build(TOWER))
    nodes["/sys/bus/pci/devices/[bold]x"] = File(b"")
    bus = pci.read(Root(MemoryTree(nodes), Mode.CAPTURE))
    assert isinstance(bus, PciBus) and len(bus.devices) == len(TOWER.pci)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_space_read_in_pieces_says_what_the_whole_says(
    tmp_path_factory: pytest.TempPathFactory, a: bytes, b: bytes
) -> None:
    data = space(256, b34=0x40, b40=0x10, b41=0x60, b60=0x05) + a
    data = (data[:64] + b + data[64:])[:4096]
    folder = tmp_path_factory.mktemp("space")
    (folder / "config").write_bytes(data)
    assert Root.mounted(str(folder)).read_at("/config", parse_pieces) == parse(data)


def test_what_is_no_file_is_not_read_in_pieces(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    root = Root.mounted(str(tmp_path))
    for name, why in (("pipe", Why.NOT_A_FILE), ("folder", Why.NOT_A_FILE), ("none", Why.ABSENT)):
        found = root.read_at(f"/{name}", parse_pieces)
        assert isinstance(found, Unread) and found.why is why and found.path == f"/{name}"


def test_few_words_of_a_space_are_read() -> None:
    """Each costs a round trip to the device: the lists and what is looked at, never all four kilobytes."""
    read: list[int] = []
    config = root_of(TOWER).bytes("/sys/bus/pci/devices/0000:01:00.0/config")
    assert isinstance(config, bytes) and len(config) == 4096

    def piece(place: int, size: int) -> bytes:
        read.append(size)
        return config[place : place + size]

    assert parse_pieces(piece, len(config)) == parse(config)
    assert sum(read) < 256


ALIASES = b"""# Aliases extracted from modules themselves.
alias pci:v000010DEd*sv*sd*bc03sc00i00* nouveau
alias pci:v000010DEd*sv*sd*bc03sc[02]?i00* nvidia
alias pci:v000010DEd000013C2sv*sd*bc*sc*i* one
alias pci:v000010DEd000013C2sv*sd*bc*sc*i* one
alias pci:v00001002d*sv*sd*bc03sc*i* amdgpu
alias pci:v*d*sv*sd*bc03sc00i00* any_vga
alias pci:v*d*sv*sd*bc0Csc03i30* xhci_pci
alias usb:v10DE* never"""


@pytest.mark.parametrize("ending", [b"", b"\n"])
def test_modules_that_could_claim_a_device_are_found_as_modprobe_does(ending: bytes) -> None:
    table = AliasTable(ALIASES + ending)
    assert table.modules("pci:v000010DEd000013C2sv00001458sd0000367Abc03sc00i00") == (
        "nouveau",
        "nvidia",
        "one",
        "any_vga",
    )
    assert table.modules("pci:v00001B21d00001242sv0sd0bc0Csc03i30") == ("xhci_pci",)
    assert table.modules("usb:v10DE") == () and AliasTable(b"").modules("pci:v000010DEd") == ()


def test_a_glance_tells_what_a_list_shows_and_nothing_wrong() -> None:
    whole, peek = tower(), pci.peek(root_of(TOWER))
    assert isinstance(peek, PciBus) and [d.bdf for d in peek.devices] == [d.bdf for d in whole.devices]
    shown = ("ids", "class16", "vendor_name", "device_name", "class_name", "driver", "group", "parent", "has_reset")
    for brief, full in zip(peek.devices, whole.devices, strict=True):
        assert all(getattr(brief, name) == getattr(full, name) for name in shown)
        for name in ("capabilities", "bars", "irq", "modules", "power_state"):
            assert isinstance(getattr(brief, name), Unread), "never a default that looks like a fact"
    some = pci.with_capabilities(root_of(TOWER), peek, {"0000:03:01.0"})
    told = [d.bdf for d in some.devices if not isinstance(d.capabilities, Unread)]
    assert told == ["0000:03:01.0"] and some.get(told[0]) != peek.get(told[0])


@pytest.mark.parametrize(
    ("virtual", "has", "verdict"), [(True, True, "passed"), (True, False, "failed"), (False, True, "failed")]
)
def test_a_virtual_function_with_a_device_of_vfio_stays_with_its_driver(virtual: bool, has: bool, verdict: str) -> None:
    """NVIDIA's vGPU of kernel 6.8 and later: no mdev, the function is bound to nvidia."""
    card = "0000:01:00.0"
    text = changed(("managed='yes'", "managed='no'"), ("bus='0x01' slot='0x00' function='0x1'", "bus='0x55'"))
    host = replace(FINE_HOST, pci=(BRIDGE, IGPU, gpu(card, 2, driver="nvidia")), usb=(), guests=(text,))
    nodes = dict(build(host))
    place = nodes[f"/sys/bus/pci/devices/{card}"]
    assert isinstance(place, Symlink)
    folder = os.path.normpath(f"/sys/bus/pci/devices/{place.target}")
    if virtual:
        nodes[f"{folder}/physfn"] = Symlink("../0000:00:02.0")
    if has:
        nodes[f"{folder}/vfio-dev/vfio0/dev"] = File(b"511:0\n")
    root = Root(MemoryTree(nodes), Mode.DEMO)
    facts = gather(root, domains.read(root))
    assert isinstance(facts.pci, PciBus)
    device = facts.pci.get(card)
    assert device is not None and device.vfio_device is (virtual and has)
    rule = rule_of("GUEST-MANAGED")
    assert rule is not None
    assert [str(f.verdict) for f in rule.ask(facts)] == [verdict]
