"""The USB tree: hubs in hubs, who uses what, which controllers can be passed whole."""

from __future__ import annotations

from dataclasses import replace

from tests.usb_machines import HID, STORAGE, Plugged, deep, root_with, usb_host, with_usb
from vfiotui.demo.tower import CPU_USB
from vfiotui.demo.tower_pci import CHIPSET_USB
from vfiotui.host.pci import usb
from vfiotui.model.base.nodes import File, Folder, Symlink
from vfiotui.model.base.reading import Unread
from vfiotui.model.pci.usb_tree import ControllerNode, UsbHost, UsbNode, nodes, usb_tree


def tree_of(host: UsbHost) -> dict[str, ControllerNode]:
    return {c.controller.bdf: c for c in usb_tree(host)}


def device(host: UsbHost, path: str) -> UsbNode:
    return next(n for n in nodes(usb_tree(host)) if n.device.path == path)


def test_hubs_six_deep_hold_what_is_plugged_into_them() -> None:
    host = usb_host(root_with(with_usb(deep())))
    node, chain = tree_of(host)[CPU_USB].buses[0].children[0], []
    while True:
        chain.append(node.device.path)
        if not node.children:
            break
        node = node.children[0]
    assert chain == [d.path for d in deep()] and not node.device.is_hub
    assert tree_of(host)[CPU_USB].buses[0].free == tuple(f"3-{n}" for n in range(2, 11))
    assert device(host, "3-1.1").free == ("3-1.1.2", "3-1.1.3", "3-1.1.4")


def test_ports_are_in_the_order_of_their_numbers() -> None:
    paths = ["3-10", "3-9", "3-2"]
    host = usb_host(root_with(with_usb([Plugged(p) for p in paths])))
    assert [n.device.path for n in tree_of(host)[CPU_USB].buses[0].children] == ["3-2", "3-9", "3-10"]


def test_a_device_whose_hub_is_gone_stays_on_its_bus() -> None:
    host = usb_host(root_with(with_usb(deep()[3:])))
    assert [n.device.path for n in tree_of(host)[CPU_USB].buses[0].children] == ["3-1.1.1.1"]


def test_a_mounted_stick_is_needed_and_its_controller_cannot_go() -> None:
    host = usb_host(root_with(with_usb(deep(), mounts=[("3-1.1.1.1.1.1", "/mnt/usb stick".replace(" ", "\\040"))])))
    assert device(host, "3-1.1.1.1.1.1").use.needs == ("/mnt/usb stick on sdx",)
    whole = tree_of(host)[CPU_USB].whole
    assert whole == ("the host needs /mnt/usb stick on sdx",)


def test_two_mounted_sticks_at_one_place_are_both_the_hosts() -> None:
    sticks = [Plugged(p, kind=STORAGE, driver="usb-storage") for p in ("3-1", "3-2")]
    host = usb_host(root_with(with_usb(sticks, mounts=[("3-1", "/srv"), ("3-2", "/srv2")])))
    assert [device(host, p).use.needs for p in ("3-1", "3-2")] == [("/srv on sdx",), ("/srv2 on sdy",)]
    assert device(host, "3-1").twins == ("3-2",)


def test_only_the_last_keyboard_is_needed() -> None:
    host = usb_host(root_with(with_usb([])))
    assert device(host, "1-4").use.needs == ("the only keyboard, Keyboard K120",)
    second = (
        'I: Bus=0003\nN: Name="Other"\nS: Sysfs=/devices/pci0000:00/0000:0d:00.3/usb3/3-2/3-2:1.0/input/input9\n'
        "B: EV=120013\n\n"
    )
    two = with_usb([Plugged("3-2", kind=HID, driver="usbhid")])
    two["/proc/bus/input/devices"] = File(getattr(two["/proc/bus/input/devices"], "data", b"") + second.encode())
    host = usb_host(root_with(two))
    assert (device(host, "1-4").use.needs, device(host, "1-4").use.has) == ((), ("a keyboard, Keyboard K120",))
    assert device(host, "3-2").use.has == ("a keyboard, Other",)


def test_the_network_over_a_usb_adapter_is_needed_while_the_default_route_leads_over_it() -> None:
    made = with_usb([Plugged("3-3", "0bda:8153", "USB LAN", driver="r8152")])
    real = next(getattr(made[p], "target", "") for p in made if p == "/sys/bus/usb/devices/3-3:1.0")
    made["/sys/class/net/enx1/device"] = Symlink(f"/{real.lstrip('./')}")
    made["/sys/class/net/enx1/operstate"] = File(b"up\n")
    assert device(usb_host(root_with(made)), "3-3").use.has == ("the network over enx1",)
    made["/proc/net/route"] = File(
        b"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        b"enx1\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    )
    assert device(usb_host(root_with(made)), "3-3").use.needs == ("the default route over enx1",)


def test_a_controller_alone_in_its_group_with_a_reset_can_go_whole() -> None:
    found = tree_of(usb_host(root_with(with_usb([Plugged("3-2")]))))
    assert found[CPU_USB].passable and not found[CHIPSET_USB].passable
    assert "it shares group 14 or its slot with" in found[CHIPSET_USB].whole[0]


def test_without_groups_it_is_not_known_or_impossible_and_never_possible() -> None:
    host = usb_host(root_with(with_usb([])))
    for other in (replace(host, iommu=Unread("closed")), replace(host, pci=Unread("closed"))):
        found = tree_of(other)[CPU_USB]
        assert not found.passable and "closed" in found.unsure
    none = usb_host(root_with({p: n for p, n in with_usb([]).items() if "iommu_group" not in p}))
    assert not tree_of(none)[CPU_USB].passable


def test_devices_that_vanish_in_the_middle_of_the_reading_are_unread_and_no_fault() -> None:
    made = with_usb([Plugged("3-2"), *deep()])
    # The name is still listed, its folder is gone; a file has become a folder, another is no number.
    made = {p: n for p, n in made.items() if not p.endswith(("/3-2/idVendor", "/3-2/devnum", "/3-2/speed"))}
    place = next(p for p in made if p.endswith("/3-1/maxchild"))
    made[place] = Folder()
    made[next(p for p in made if p.endswith("/3-1.1/maxchild"))] = File(b"99999999999999\n")
    host = usb_host(root_with(made))
    gone = device(host, "3-2").device
    assert gone.ids == "" and isinstance(gone.number, Unread)
    assert device(host, "3-1").free == () and len(device(host, "3-1.1").free) == 254


def test_peers_are_read_both_ways_and_a_peer_that_leads_out_is_none() -> None:
    made = with_usb([], peers=[("3-2", "4-1")])
    found = usb.read(root_with(made))
    assert not isinstance(found, Unread)
    controller = next(c for c in found.controllers if c.bdf == CPU_USB)
    assert sorted(controller.peers) == [("3-2", "4-1"), ("4-1", "3-2")]
    link = next(p for p in made if p.endswith("usb3-port2/peer"))
    for target in ("/etc/passwd", "../../../../../../../../..", "usb9-port", "x\0y"):
        found = usb.read(root_with({**made, link: Symlink(target)}))
        assert not isinstance(found, Unread)
        assert next(c for c in found.controllers if c.bdf == CPU_USB).peers == (("4-1", "3-2"),)


def test_a_controller_that_is_no_pci_function_is_shown_and_never_whole() -> None:
    tree = {p: n for p, n in with_usb([]).items() if not p.startswith("/sys/bus/usb/devices/")}
    tree["/sys/devices/platform/soc/fe980000.usb/usb7/speed"] = File(b"480\n")
    tree["/sys/bus/usb/devices/usb7"] = Symlink("/sys/devices/platform/soc/fe980000.usb/usb7")
    found = tree_of(usb_host(root_with(tree)))
    assert found["fe980000.usb"].whole == ("it is no PCI function",)
