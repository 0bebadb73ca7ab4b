"""USB: controllers, what hangs on them, and where the keyboard is."""

from __future__ import annotations

from tests.machines import known_facts
from vfiotui.demo.tower import CPU_USB
from vfiotui.demo.tower_pci import CHIPSET_USB
from vfiotui.model.pci.usb import Usb


def test_devices_hang_on_their_controllers() -> None:
    usb = known_facts("tower").usb
    assert isinstance(usb, Usb)
    by_bdf = {c.bdf: c for c in usb.controllers}
    assert {CHIPSET_USB, CPU_USB} <= by_bdf.keys()
    assert [d.name for d in by_bdf[CPU_USB].devices] == ["Xbox One S Controller", "HyperX Cloud II"]


def test_only_a_boot_keyboard_is_a_keyboard() -> None:
    usb = known_facts("tower").usb
    assert isinstance(usb, Usb)
    keyboards = [d.name for c in usb.controllers for d in c.devices if d.keyboard]
    assert keyboards == ["Keyboard K120"]
    assert not any(d.is_hub for c in usb.controllers for d in c.devices)
