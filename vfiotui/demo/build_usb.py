"""USB of a described machine: buses below their controllers, devices below their buses."""

from __future__ import annotations

from vfiotui.demo.build_pci import places
from vfiotui.demo.description import Host, UsbDesc
from vfiotui.demo.tree import TreeBuilder

DEVICES = "/sys/bus/usb/devices"


def build_usb(tree: TreeBuilder, host: Host) -> None:
    """Every bus with its root hub, and every device with one interface."""
    real = places(host)
    tree.folder(DEVICES)
    for bus, controller in sorted({(u.bus, u.controller) for u in host.usb}):
        folder = f"{real[controller]}/usb{bus}"
        tree.files(
            folder,
            busnum=bus,
            devnum=1,
            idVendor="1d6b",
            idProduct="0002",
            bDeviceClass="09",
            manufacturer=f"Linux {host.release} xhci-hcd",
            product="xHCI Host Controller",
            speed="480",
        )
        tree.link(f"{DEVICES}/usb{bus}", folder)
    numbers: dict[int, int] = {}
    for device in host.usb:
        numbers[device.bus] = numbers.get(device.bus, 1) + 1
        _device(tree, device, f"{real[device.controller]}/usb{device.bus}", numbers[device.bus])


def _device(tree: TreeBuilder, device: UsbDesc, hub: str, number: int) -> None:
    name = f"{device.bus}-{device.port}"
    folder = f"{hub}/{name}"
    tree.files(
        folder,
        busnum=device.bus,
        devnum=number,
        devpath=device.port,
        idVendor=f"{device.vendor:04x}",
        idProduct=f"{device.product:04x}",
        bDeviceClass="00",
        product=device.name,
        speed="480",
    )
    if device.maker:
        tree.file(f"{folder}/manufacturer", device.maker)
    tree.link(f"{DEVICES}/{name}", folder)
    interface = f"{folder}/{name}:1.0"
    tree.files(interface, bInterfaceClass=f"{device.kind:02x}", bInterfaceProtocol=f"{device.protocol:02x}")
    tree.link(f"{DEVICES}/{name}:1.0", interface)
    if device.driver:
        tree.folder(f"/sys/bus/usb/drivers/{device.driver}")
        tree.link(f"{interface}/driver", f"/sys/bus/usb/drivers/{device.driver}")
