"""The replay at work in the shells of hosts, over a tree of sysfs and a virsh that keeps what it is given in files."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.requirements import need
from vfiotui.formats.usb_follow import units
from vfiotui.formats.usb_follow.script import script
from vfiotui.model.guest.usb_follow import PATH, Follow

WIN, ARCH = "11111111-2222-3333-4444-555555555555", "21111111-2222-3333-4444-555555555555"
PCI = "0000:0d:00.3"
VIRSH = """#!/bin/sh
# -q -c URI COMMAND ...: a guest runs where run/UUID holds its number; its devices are lines of run/UUID.has.
shift 3
printf '%s\\n' "$*" >>"$TREE/calls"
[ ! -f "$TREE/dead" ] || exit 1
case $1 in
  uri) echo qemu:///system ;;
  domid) cat "$TREE/guests/$2" 2>/dev/null || exit 1 ;;
  attach-device) [ ! -f "$TREE/refuses" ] || exit 1; sed -n 2p "$3" >>"$TREE/guests/$2.has" ;;
  detach-device)
    grep -vF "$(sed -n 2p "$3")" "$TREE/guests/$2.has" >"$TREE/new"
    mv "$TREE/new" "$TREE/guests/$2.has" ;;
esac
"""


class Host:
    """A controller with two buses, and guests."""

    def __init__(self, folder: Path, shell: list[str]) -> None:
        self.folder, self.shell = folder, shell
        (folder / "bin").mkdir(parents=True)
        (folder / "bin/virsh").write_text(VIRSH)
        (folder / "bin/virsh").chmod(0o755)
        (folder / "guests").mkdir()
        self.devices = folder / "sys/bus/usb/devices"
        self.devices.mkdir(parents=True)
        self.real = folder / f"sys/devices/pci0000:00/{PCI}"
        for bus, speed in ((3, "480"), (4, "10000")):
            self._device(
                f"usb{bus}", self.real / f"usb{bus}", speed=speed, bDeviceClass="09", busnum=str(bus), devnum="1"
            )
        for name in ("etc/vfiotui", "proc/self", "run"):
            (folder / name).mkdir(parents=True)
        (folder / "proc/self/mountinfo").write_text("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
        (folder / "proc/swaps").write_text("Filename Type Size Used Priority\n")

    def _device(self, name: str, place: Path, **values: str) -> None:
        place.mkdir(parents=True, exist_ok=True)
        for file, text in values.items():
            (place / file).write_text(f"{text}\n")
        link = self.devices / name
        link.unlink(missing_ok=True)
        link.symlink_to(place)

    def plug(self, path: str, number: int, ids: str = "0781:5583", kind: str = "00") -> Path:
        bus, vendor, product = path.partition("-")[0], *ids.split(":")
        place = self.real / f"usb{bus}" / path
        self._device(path, place, busnum=bus, devnum=str(number), bDeviceClass=kind, idVendor=vendor, idProduct=product)
        return place

    def unplug(self, path: str) -> None:
        shutil.rmtree(self.devices.joinpath(path).resolve())
        (self.devices / path).unlink()

    def follow(self, *follows: Follow) -> None:
        (self.folder / PATH[1:]).write_text(units.config(follows))

    def runs(self, uuid: str, number: str) -> None:
        (self.folder / "guests" / uuid).write_text(f"{number}\n")
        (self.folder / f"guests/{uuid}.has").write_text("")

    def replay(self, code: int = 0) -> str:
        """Runs the script as the service does; its words for the journal."""
        file = self.folder / "script"
        file.write_text(script())
        wake = self.folder / units.WAKE[1:]
        wake.write_text("")
        env = {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "VFIOTUI_USB_ROOT": str(self.folder)}
        env["TREE"] = str(self.folder)
        words = [*self.shell, str(file)]
        done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == code and done.stdout == "", done.stderr
        assert not wake.exists(), "what comes from now on starts it again"
        return done.stderr

    def has(self, uuid: str) -> list[str]:
        """Bus and number of what a guest has."""
        text = (self.folder / f"guests/{uuid}.has").read_text()
        return [f"{w[1]}:{w[3]}" for line in text.splitlines() for w in [line.split("'")]]

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()


@pytest.fixture(params=["dash", "bash", "busybox"])
def host(request: pytest.FixtureRequest, tmp_path: Path) -> Host:
    program = need(request.param, request.param)
    return Host(tmp_path / "tree with a blank", [program, "sh"] if request.param == "busybox" else [program])


BY_PORT = Follow("win", WIN, controller=PCI, speed=480, chain="2")
BY_IDS = Follow("it's $(a) vm", ARCH, ids="046d:c52b")


def test_a_plugged_device_is_given_once_and_what_took_its_place_too(host: Host) -> None:
    host.follow(BY_PORT)
    host.runs(WIN, "1")
    host.plug("3-2", 7)
    host.plug("3-22", 8)
    assert "3-2 is given to" in host.replay() and host.has(WIN) == ["3:7"]
    assert host.replay() == "" and host.has(WIN) == ["3:7"]
    host.unplug("3-2")
    host.replay()
    assert host.has(WIN) == [], "the old number goes out of the guest"
    host.plug("3-2", 9)
    host.replay()
    assert host.has(WIN) == ["3:9"]
    host.plug("3-2", 10)
    host.replay()
    assert host.has(WIN) == ["3:10"], "unplugged and plugged in between two replays"


def test_the_next_start_of_the_guest_gets_it_again(host: Host) -> None:
    host.follow(BY_PORT)
    host.plug("3-2", 7)
    host.runs(WIN, "-")
    host.replay()
    assert host.has(WIN) == []
    for number in ("1", "2"):
        host.runs(WIN, number)
        host.replay()
        assert host.has(WIN) == ["3:7"]


def test_a_port_means_what_is_behind_a_hub_in_it_and_no_other_bus_speed_or_controller(host: Host) -> None:
    host.follow(
        BY_PORT,
        Follow("win", WIN, controller="0000:99:00.0", speed=480, chain="3"),
        Follow("win", WIN, controller=PCI, speed=5000, chain="4"),
    )
    host.runs(WIN, "1")
    host.plug("3-2", 2, "05e3:0608", kind="09")
    host.plug("3-2.1", 3)
    host.plug("3-2.1.4", 4)
    host.plug("4-2", 5)
    host.plug("3-3", 6)
    host.plug("4-4", 6)
    (host.devices / "3-2.1:1.0").symlink_to(host.real)
    host.replay()
    assert host.has(WIN) == ["3:3", "3:4"]


def test_ids_mean_each_device_that_has_them(host: Host) -> None:
    host.follow(BY_IDS)
    host.runs(ARCH, "3")
    for port, number in (("3-1", 2), ("4-1", 2), ("3-5.1", 4)):
        host.plug(port, number, "046d:c52b")
    host.plug("3-6", 9, "046d:c52c")
    host.replay()
    assert sorted(host.has(ARCH)) == ["3:2", "3:4", "4:2"]


def test_a_device_goes_to_one_guest_only(host: Host) -> None:
    host.follow(BY_PORT, Follow("arch", ARCH, ids="0781:5583"))
    host.runs(WIN, "1")
    host.runs(ARCH, "2")
    host.plug("3-2", 7)
    host.replay()
    host.replay()
    assert (host.has(WIN), host.has(ARCH)) == (["3:7"], [])


@pytest.mark.parametrize(
    ("mountinfo", "swaps", "holder"),
    [
        ("40 22 8:17 / /mnt rw shared:1 - vfat /dev/sdb1 rw\n", "", ""),
        ("40 22 0:44 / /mnt rw - btrfs /dev/sdb1 rw\n", "", ""),
        ("", "/dev/sdb1 partition 1 0 -2\n", ""),
        ("", "", "dm-0"),
    ],
)
def test_what_the_host_uses_stays_with_it(host: Host, mountinfo: str, swaps: str, holder: str) -> None:
    host.follow(BY_PORT)
    host.runs(WIN, "1")
    block = host.plug("3-2", 7) / "3-2:1.0/host6/block/sdb/sdb1"
    (block / "holders").mkdir(parents=True)
    (block / "dev").write_text("8:17\n")
    (block.parent / "dev").write_text("8:16\n")
    if holder:
        (block / "holders" / holder).write_text("")
    (host.folder / "proc/self/mountinfo").write_text(mountinfo)
    (host.folder / "proc/swaps").write_text(swaps)
    assert "3-2 stays with the host" in host.replay() and host.has(WIN) == []
    (host.folder / "proc/self/mountinfo").write_text("")
    (host.folder / "proc/swaps").write_text("")
    shutil.rmtree(block / "holders")
    host.replay()
    assert host.has(WIN) == ["3:7"]


def test_a_refusal_is_said_and_tried_again_at_the_next_event(host: Host) -> None:
    host.follow(BY_PORT)
    host.runs(WIN, "1")
    host.plug("3-2", 7)
    (host.folder / "refuses").write_text("")
    assert "could not be given" in host.replay() and host.has(WIN) == []
    (host.folder / "refuses").unlink()
    host.replay()
    assert host.has(WIN) == ["3:7"]


def test_a_dead_daemon_forgets_nothing(host: Host) -> None:
    host.follow(BY_PORT)
    host.runs(WIN, "1")
    host.plug("3-2", 7)
    host.replay()
    (host.folder / "dead").write_text("")
    assert "libvirt does not answer" in host.replay(code=1)
    (host.folder / "dead").unlink()
    host.replay()
    assert host.has(WIN) == ["3:7"] and sum(c.startswith("attach") for c in host.calls) == 1


def test_devices_that_vanish_and_lines_that_are_none_harm_nothing(host: Host) -> None:
    file = host.folder / PATH[1:]
    file.write_bytes(
        b"port\nid\n\xff\xfe\nport a b c d e f\nid $(reboot) `reboot` ;reboot\n" + units.config([BY_PORT]).encode()
    )
    host.runs(WIN, "1")
    (host.devices / "3-4").symlink_to(host.real / "usb3/3-4")
    host.plug("3-2", 7)
    (host.devices / "3-2/devnum").unlink()
    host.replay()
    assert host.has(WIN) == []
    file.unlink()
    host.replay()


def test_nothing_of_sysfs_is_nothing_to_do(host: Host) -> None:
    shutil.rmtree(host.devices)
    host.follow(BY_PORT, BY_IDS)
    host.runs(WIN, "1")
    assert host.replay() == "" and host.has(WIN) == []
