"""Devices by sysfs and by udev are the same; udev's names stand in for those that pci.ids lacks."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import pyudev

from tests.apply.private_mounts import ran
from tests.hosts import HOSTS
from tests.machines import root_of
from vfiotui.host.pci.functions import peek, read
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread, Why, or_else
from vfiotui.model.pci.functions import PciBus

DEVICES = Path("/sys/bus/pci/devices")

WITHOUT_NAMES = """
mount -t tmpfs none /run
for folder in /usr/share/misc /usr/share/hwdata /var/lib/pciutils; do
    [ ! -d "$folder" ] || mount -t tmpfs none "$folder"
done
mkdir -p /run/udev/data
entry="/run/udev/data/+pci:$1"
"""
"""A running system without pci.ids, and with an empty database of udev."""
SHOW = "$python -m vfiotui pci --json"
ENTRY = r"""printf 'I:1\nE:ID_VENDOR_FROM_DATABASE=Acme\nE:ID_MODEL_FROM_DATABASE=%s\nV:1\n' "$2" >"$entry"
"""


@pytest.fixture
def address() -> str:
    """A device of this machine."""
    found = sorted(os.listdir(DEVICES)) if DEVICES.is_dir() else []
    if not found:
        pytest.skip("this machine has no PCI bus")
    if os.geteuid() != 0:
        pytest.skip("mounts are for root")
    return found[0]


def device(script: str, address: str, *words: str) -> dict[str, object]:
    """What `vfiotui pci --json` says of a device in a mount namespace of its own."""
    found: dict[str, object] = json.loads(ran(WITHOUT_NAMES + script, address, *words))["devices"][address]
    return found


def bus() -> PciBus:
    found = read(Root.live())
    if isinstance(found, Unread) or not found.devices:
        pytest.skip("this machine has no PCI bus")
    return found


def test_sysfs_and_udev_see_the_same_devices() -> None:
    listed = {d.sys_name: d for d in pyudev.Context().list_devices(subsystem="pci")}
    ours = {d.bdf: d for d in bus().devices}
    assert ours.keys() == {name for name in listed if (DEVICES / name).exists()}
    for bdf, mine in ours.items():
        theirs = listed[bdf]
        vendor, number = (int(word, 16) for word in theirs.properties["PCI_ID"].split(":"))
        assert (mine.vendor, mine.device) == (vendor, number)
        assert mine.class_code == int(theirs.properties["PCI_CLASS"], 16)
        assert or_else(mine.driver, None) == theirs.driver
        assert mine.modalias == theirs.properties["MODALIAS"]
        assert mine.parent == (theirs.parent.sys_name if theirs.parent and theirs.parent.subsystem == "pci" else None)


def test_udev_names_what_pci_ids_does_not(address: str) -> None:
    told = device(ENTRY + SHOW, address, "Rocket")
    assert (told["vendor_name"], told["name"]) == ("Acme", "Rocket")


def test_without_an_entry_nothing_is_named_and_pyudev_not_loaded(address: str) -> None:
    script = """$python -X importtime -m vfiotui pci --json 2>/run/times
! grep -q pyudev /run/times
"""
    assert device(script, address)["name"] is None


@pytest.mark.parametrize(
    "entry",
    [
        ": >$entry",
        "printf '\\377\\376E:ID_MODEL\\n' >$entry",
        "mkdir $entry",
        "mkfifo $entry",
        "ln -s /dev/zero $entry",
    ],
)
def test_a_garbled_entry_names_nothing(address: str, entry: str) -> None:
    assert device(f"{entry}\ntimeout 60 {SHOW}", address)["name"] is None


def test_a_name_of_any_bytes_is_cleaned_and_cut(address: str) -> None:
    name = str(device(ENTRY + SHOW, address, "\x1b[31m\udcff" + "x" * 900)["name"])
    assert len(name) <= 200 and "\udcff" not in name
    shown = ran(WITHOUT_NAMES + ENTRY + "$python -m vfiotui pci", address, "\x1b[31mred")
    assert "\x1b[31m" not in shown


def test_without_pyudev_the_reason_is_said(address: str) -> None:
    script = (
        ENTRY
        + """mkdir /run/lib; echo 'raise ImportError("none")' >/run/lib/pyudev.py
PYTHONPATH=/run/lib $python -c '
import sys
from vfiotui.host.pci.functions import peek
from vfiotui.host.root.root import Root
print(next(d.device_name for d in peek(Root.live()).devices if d.bdf == sys.argv[1]))' "$1"
"""
    )
    said = ran(WITHOUT_NAMES + script, address, "Rocket")
    assert "udev's database has an entry, but pyudev cannot be loaded (none)" in said


def test_udev_is_asked_on_the_running_system_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyudev, "Context", lambda: pytest.fail("another system's devices were asked for"))
    for host in HOSTS.values():
        found = peek(root_of(host, Mode.CAPTURE))
        assert not isinstance(found, Unread) or found.why is Why.ABSENT
