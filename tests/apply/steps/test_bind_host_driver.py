"""A card goes back to the host's driver though the ids of vfio-pci name it: over a bus that keeps the kernel's rules.

The real bus does the same in tests/lab/test_guest.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.apply.live_target import LiveTarget, live_target
from vfiotui.apply.errors import ApplyError
from vfiotui.apply.record.backup import BackupStore
from vfiotui.apply.steps.driver import DriverKind
from vfiotui.apply.steps.step import StepContext
from vfiotui.apply.writes.place import Place
from vfiotui.host.root.walk import Top
from vfiotui.model.change.change import bind_host_driver

BDF = "0000:01:00.0"


class Bus(DriverKind):
    """Writes reach a folder, and what the kernel's PCI bus makes of them (drivers/pci/pci-driver.c) is done to it."""

    def __init__(self, top: Path, claims: tuple[str, ...]) -> None:
        self.device = top / "sys/bus/pci/devices" / BDF
        self.claims = claims

    def _write(self, work: StepContext, place: str, value: str, doing: str) -> None:
        driver = self.device / "driver"
        if place.endswith("/driver_override"):
            (self.device / "driver_override").write_text(value)
        elif place.endswith("/unbind"):
            driver.unlink()
        elif not driver.is_symlink():
            named = (self.device / "driver_override").read_text().strip()
            able = [d for d in self.claims if not named or d == named]
            if able:
                driver.symlink_to(f"../../drivers/{able[0]}")


def machine(tmp_path: Path, loaded: dict[str, str]) -> LiveTarget:
    """The device at vfio-pci, and drivers with the modules that bring them."""
    device = tmp_path / "sys/bus/pci/devices" / BDF
    device.mkdir(parents=True)
    (device / "driver_override").write_text("(null)\n")
    for driver, module in loaded.items():
        place = tmp_path / "sys/bus/pci/drivers" / driver
        place.mkdir(parents=True)
        if module:
            (place / "module").symlink_to(f"../../../../module/{module}")
    (device / "driver").symlink_to("../../drivers/vfio-pci")
    return live_target(tmp_path)


def work(target: LiveTarget, tmp_path: Path, *modules: str) -> StepContext:
    top = Place(Top(str(tmp_path)), "/")
    keep = BackupStore(top)
    keep.make()
    return StepContext(target, bind_host_driver(BDF, "vfio-pci", "for the test", modules), 1, 1, keep, top / "log")


LOADED = {"vfio-pci": "vfio_pci", "xhci_hcd": "xhci_pci", "cirrus": "cirrus", "ahci": ""}


@pytest.mark.parametrize(
    ("claims", "modules", "driver"),
    [
        (("vfio-pci", "cirrus"), ("cirrusfb", "cirrus"), "cirrus"),
        (("vfio-pci", "xhci_hcd"), ("xhci-pci",), "xhci_hcd"),
        (("vfio-pci", "ahci"), ("ahci",), "ahci"),
        (("cirrus",), ("cirrus",), "cirrus"),
    ],
)
def test_the_hosts_driver_gets_it(
    tmp_path: Path, claims: tuple[str, ...], modules: tuple[str, ...], driver: str
) -> None:
    bus, one = Bus(tmp_path, claims), work(machine(tmp_path, LOADED), tmp_path, *modules)
    bus.prepare(one)
    bus.do(one)
    assert (bus.device / "driver").readlink().name == driver
    assert (bus.device / "driver_override").read_text().strip() == ""
    assert bus.standing(one).name == "AFTER"


def test_where_no_driver_takes_it_the_reason_is_said_and_it_goes_back(tmp_path: Path) -> None:
    bus, one = Bus(tmp_path, ("vfio-pci",)), work(machine(tmp_path, LOADED), tmp_path, "cirrus")
    bus.prepare(one)
    with pytest.raises(ApplyError, match="again, as its ids name it"):
        bus.do(one)
    bus.undo(one)
    assert (bus.device / "driver").readlink().name == "vfio-pci"
