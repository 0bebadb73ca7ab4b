"""From an empty libvirt to a guest that starts, and back: real libvirtd, QEMU, OVMF, swtpm and qemu-img."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.live_target import LiveTarget, live_target
from tests.requirements import need
from tests.virt.libvirtd import Daemon, lone_daemon, own_name
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.apply.writes.place import Place
from vfiotui.host.root.root import Root
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan
from vfiotui.model.guest.new_guest import to_goal
from vfiotui.plan.draft import PlanError
from vfiotui.plan.service import plan_goals
from vfiotui.state.plan_inputs import RootInputs
from vfiotui.virt.read_domains import read

pytestmark = pytest.mark.needs_libvirtd

BOOT_SECONDS = 300
HOSTILE = (
    "a b",
    "<b>\"x\" & 'y'",
    "东京 ü",
    "--help",
    "%s$(id)`id`;#",
    "a,b=c:d",
    "x" * 200,
)


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    need("qemu-img", "qemu-utils")
    if not any(Path("/usr/share/qemu/firmware").glob("*.json")):
        need("ovmf-descriptors", "ovmf")
    with lone_daemon() as found:
        yield found


LIVE = Target(Root.live())


class WithImages(LiveTarget):
    """The journal lies in the test's folder, all else is where the daemon sees it."""

    def _where(self, path: str, follow_last: bool) -> Place:
        if path.startswith("/var/tmp/vft-"):
            return LIVE._where(path, follow_last)
        return super()._where(path, follow_last)

    def outside(self, place: Place) -> str:
        return place.path if place.path.startswith("/var/tmp/vft-") else super().outside(place)

    def program(self, name: str) -> str | None:
        return LIVE.program(name)


class Host:
    """A journal, a folder for images, and the daemon."""

    def __init__(self, daemon: Daemon, folder: Path) -> None:
        self.daemon = daemon
        self.target = WithImages(live_target(folder).root)
        self.images = folder / "images"
        self.images.mkdir(mode=0o777)
        for place in (folder, self.images):
            place.chmod(0o777)

    def plan(self, **answers: object) -> Plan:
        inputs = RootInputs(Root.live(), lambda: read(self.daemon.uri), daemon=True)
        return plan_goals(inputs, [("guest.new", to_goal({k.replace("_", "-"): v for k, v in answers.items()}))])

    def names(self) -> list[str]:
        return [n for n in self.daemon.virsh("list", "--all", "--name").stdout.split("\n") if n]


@pytest.fixture
def host(daemon: Daemon) -> Iterator[Host]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="vft-", dir="/var/tmp") as folder:
        yield Host(daemon, Path(folder))


def told(sentence: str) -> None:
    print(sentence)


def serial(daemon: Daemon, name: str, words: re.Pattern[str]) -> str:
    """What the guest says on its serial console until the words come."""
    xml = daemon.virsh("dumpxml", name).stdout
    path = re.search(r"<serial type='pty'>\s*<source path='([^']+)'", xml)
    assert path, xml
    fd = os.open(path[1], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    said, until = "", time.monotonic() + BOOT_SECONDS
    try:
        while time.monotonic() < until and not words.search(said):
            if select.select([fd], [], [], 1)[0]:
                said += os.read(fd, 4096).decode("utf-8", "replace")
    finally:
        os.close(fd)
    return said


def test_linux_from_nothing_to_the_shell_of_its_firmware_and_back(host: Host) -> None:
    name, image = own_name("new"), host.images / "a.qcow2"
    before = (host.names(), sorted(os.listdir(host.images)))
    plan = host.plan(name=name, disk=str(image), disk_size="1G", memory="256M", vcpus=1, network="none")
    assert [s.kind for s in plan.steps] == ["disk_image", "domain"]
    done = apply(host.target, plan, told)
    assert done.state is State.DONE, done
    assert image.stat().st_mode & 0o777 == 0o600
    os.chown(image, 65534, 65534)  # A session's QEMU is its user's: libvirt gives no file away.
    host.daemon.virsh("start", name)
    said = serial(host.daemon, name, re.compile(r"Shell>|UEFI Interactive Shell|BdsDxe: \w+ing Boot"))
    assert re.search(r"BdsDxe|UEFI", said), said[-500:]
    host.daemon.virsh("destroy", name)
    ended = undo(host.target, done.name, told)
    assert ended.state is State.UNDONE, ended
    assert (host.names(), sorted(os.listdir(host.images))) == before


def test_windows_11_starts_with_secure_boot_and_tpm(host: Host) -> None:
    need("swtpm", "swtpm")
    need("swtpm_setup", "swtpm-tools")
    name, iso = own_name("win11"), host.images / "win.iso"
    iso.write_bytes(b"\0" * 4096)
    iso.chmod(0o644)
    plan = host.plan(
        name=name, system="windows11", disk="none", iso=str(iso), virtio_iso=str(iso), memory="256M", vcpus=2
    )
    assert any("asks for 4 GiB" in note for note in plan.notes)
    done = apply(host.target, plan, told)
    assert done.state is State.DONE, done
    xml = host.daemon.virsh("dumpxml", "--inactive", name).stdout
    assert "<smm state='on'/>" in xml and "name='secure-boot'" in xml and "tpm-crb" in xml
    host.daemon.virsh("start", name)
    running = host.daemon.virsh("dumpxml", name).stdout
    assert re.search(r"<loader [^>]*secure='yes'[^>]*>[^<]*(ms|secboot)[^<]*\.fd</loader>", running), running
    host.daemon.virsh("destroy", name)
    assert undo(host.target, done.name, told).state is State.UNDONE
    assert host.names() == []


def test_an_image_that_a_guest_wrote_to_is_kept_and_named(host: Host) -> None:
    image = host.images / "w.raw"
    plan = host.plan(
        name=own_name("w"), disk=str(image), disk_size="64M", memory="256M", network="none", system="other"
    )
    done = apply(host.target, plan, told)
    assert done.state is State.DONE
    with open(image, "r+b") as file:
        file.write(b"x")
    ended = undo(host.target, done.name, told)
    assert ended.state is State.UNDONE and f"{image} is kept" in ended.word
    assert image.stat().st_size == 64 << 20 and host.names() == []


def test_an_image_that_is_open_is_not_removed(host: Host) -> None:
    name, image = own_name("open"), host.images / "o.qcow2"
    done = apply(
        host.target, host.plan(name=name, disk=str(image), memory="256M", network="none", disk_size="1G"), told
    )
    os.chown(image, 65534, 65534)
    host.daemon.virsh("start", name)
    with pytest.raises(Exception, match="open"):
        undo(host.target, done.name, told)
    assert image.exists()
    host.daemon.virsh("destroy", name)
    assert undo(host.target, done.name, told).state is State.UNDONE
    assert not image.exists()


@pytest.mark.parametrize("name", HOSTILE)
def test_odd_names_are_defined_as_they_are_and_undone(host: Host, name: str) -> None:
    plan = host.plan(name=name, disk="none", memory="64M", network="none", vcpus=1)
    done = apply(host.target, plan, told)
    assert done.state is State.DONE, done
    assert host.names() == [name]
    with pytest.raises(PlanError, match="already"):
        host.plan(name=name, disk="none")
    assert undo(host.target, done.name, told).state is State.UNDONE
    assert host.names() == []


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"disk": "none", "evdev": ["/dev/input/by-id/gone"]}, "evdev: there is nothing"),
        ({"disk": "none", "network": "bridge:br-gone"}, "no bridge 'br-gone'"),
        ({"disk": "none", "network": "nat"}, "a session has no networks"),
        ({"disk": "/dev/gone"}, "/dev/gone is not there"),
        ({"disk": "/dev/null"}, "neither a block device nor a file"),
        ({"disk": "none", "pages": "hook"}, "hooks of this system do not run"),
        ({}, "name the image"),
        ({"disk": "/var/tmp/vft-none/a.qcow2"}, "the folder /var/tmp/vft-none is not there"),
        ({"disk": "/var/tmp/a.qcow2", "disk_size": "60T"}, "does not fit"),
        ({"disk": "/etc/passwd"}, "there is a file at /etc/passwd already"),
        ({"disk": "/etc"}, "something that is no file"),
    ],
)
def test_what_the_running_host_has_not_is_refused(host: Host, answers: dict[str, object], words: str) -> None:
    with pytest.raises(PlanError) as caught:
        host.plan(name="x", **answers)
    assert words in str(caught.value)
