"""What the host loses: disks through their layers, the way to the network, keyboards."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.hosts import CLEAN, HOSTS
from tests.hosts.given import DISK, NIC, XHCI
from tests.machines import facts_of, known_facts, root_of
from vfiotui.demo.builder import build
from vfiotui.demo.tree import TreeBuilder
from vfiotui.host.pci import host_use, network
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File
from vfiotui.model.base.reading import Unread
from vfiotui.model.pci.functions import PciBus
from vfiotui.model.pci.host_use import HostUse, host_loses, lost_networks


def lost(name: str, bdf: str) -> tuple[str, ...]:
    facts = known_facts(name)
    assert isinstance(facts.pci, PciBus)
    device = facts.pci.get(bdf)
    assert device is not None
    return host_loses(device, facts.pci, facts.usb, facts.host_use)


def test_disks_are_followed_through_mapped_volumes_and_mount_points_have_their_blanks() -> None:
    assert lost("gives-all-away", DISK) == ("/ on nvme0n1p2", "/mnt/my games on nvme0n1p4", "swap on nvme0n1p3")


def test_the_default_route_is_followed_through_a_bridge_and_ssh_is_named() -> None:
    assert lost("gives-all-away", NIC) == ("the default route over enp4s0, and the ssh connection from 192.0.2.77",)


def test_a_cable_that_is_out_takes_no_route_away() -> None:
    nodes = dict(build(HOSTS["gives-all-away"]))
    nodes.update({path: File(b"down\n") for path in nodes if path.endswith("/operstate")})
    use = host_use.read(Root(MemoryTree(nodes), Mode.DEMO))
    assert [n.interface for n in lost_networks(use, NIC)] == ["enp4s0"]


def test_the_last_keyboard_is_said_to_be_the_last() -> None:
    assert lost("gives-all-away", XHCI) == ("the last keyboard, Keyboard K120", "Bluetooth, AX200 Bluetooth")


def test_a_second_keyboard_elsewhere_is_enough() -> None:
    host = HOSTS["gives-all-away"]
    ps2 = 'I: Bus=0011\nN: Name="AT keyboard"\nS: Sysfs=/devices/platform/i8042/serio0/input/input1\nB: EV=120013\n\n'
    usb = root_of(host).text("/proc/bus/input/devices")
    facts = facts_of(replace(host, files={**host.files, "/proc/bus/input/devices": f"{ps2}{usb}\n"}))
    assert isinstance(facts.host_use, HostUse) and isinstance(facts.host_use.keyboards, tuple)
    assert [k.bdf for k in facts.host_use.keyboards] == ["", XHCI]
    assert isinstance(facts.pci, PciBus)
    controller = facts.pci.get(XHCI)
    assert controller is not None
    assert "USB Keyboard K120" in host_loses(controller, facts.pci, facts.usb, facts.host_use)


def test_power_buttons_are_no_keyboards() -> None:
    button = 'N: Name="Power Button"\nS: Sysfs=/devices/LNXSYSTM:00/LNXPWRBN:00/input/input0\nB: EV=3\n\n'
    found = host_use.read_keyboards(root_of(replace(CLEAN, files={"/proc/bus/input/devices": button})))
    assert found == ()


def test_what_is_given_away_already_is_lost_already() -> None:
    assert lost("clean", "0000:01:00.0") == ()
    assert lost("clean", "0000:00:02.0") == ("the boot display, its last",)


def test_a_btrfs_counts_on_all_of_its_disks() -> None:
    host = HOSTS["gives-all-away"]
    nodes = dict(root_of(host).tree._nodes)  # type: ignore[attr-defined]
    builder = TreeBuilder()
    builder.nodes.update(nodes)
    builder.file("/proc/mounts", "/dev/nvme0n1p3 /data btrfs rw 0 0")
    builder.file("/proc/swaps", "")
    for name in ("nvme0n1p3", "nvme0n1p4"):
        builder.link(f"/sys/fs/btrfs/1234/devices/{name}", f"/sys/class/block/{name}")
    disks, unseen = host_use.read_disks(Root(MemoryTree(builder.nodes), Mode.CAPTURE))
    assert not isinstance(disks, Unread) and {(d.bdf, d.place) for d in disks} == {(DISK, "/data")}
    assert unseen == ()


def test_a_pool_that_cannot_be_followed_is_named() -> None:
    root = root_of(replace(CLEAN, files={"/proc/mounts": "rpool/ROOT / zfs rw 0 0\n/dev/gone /data ext4 rw 0 0\n"}))
    assert host_use.read_disks(root)[1] == ("/ (zfs)", "/data (/dev/gone)")


def test_addresses_of_the_kernel_tables() -> None:
    assert network.address("0100007F") == "127.0.0.1"
    assert network.address("0000000000000000FFFF00000100007F") == "127.0.0.1"


@given(st.text(max_size=300))
def test_damaged_tables_are_read_without_a_fault(text: str) -> None:
    paths = ("/proc/mounts", "/proc/swaps", "/proc/net/route", "/proc/net/tcp", "/proc/net/tcp6", "/proc/net/if_inet6")
    nodes = {p: File(text.encode("utf-8", "replace")) for p in (*paths, "/proc/bus/input/devices")}
    nodes["/sys/class/net/eth0/operstate"] = File(b"up\n")
    assert isinstance(host_use.read(Root(MemoryTree(nodes), Mode.CAPTURE)), HostUse)
