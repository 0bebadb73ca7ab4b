"""Faults while the running kernel and libvirt are told something: hostname, guests, devices and pins of their own.

The command runs in mount and UTS namespaces of its own: /var/lib and the hostname are nobody else's, and libvirtd is
a private one. What is compared is what the kernel and the daemon say.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.apply.systems import plan
from tests.apply.torture.faults import HOUSE, Bench, run
from tests.requirements import need
from tests.virt.libvirtd import Daemon
from vfiotui.model.change.change import Change, define_domain, plug_device, set_autostart, set_value
from vfiotui.model.change.plan import to_json
from vfiotui.virt.define import autostarts, definition, running_xml, writable
from vfiotui.virt.pins import read_pins, real_affinity

HOSTNAME = "/proc/sys/kernel/hostname"
GUEST = """<domain type='qemu'>
  <name>{name}</name>
  <uuid>00000000-0000-4000-8000-00000000000{number}</uuid>
  <memory unit='MiB'>32</memory>
  <vcpu>2</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><emulator>{emulator}</emulator><controller type='usb' model='qemu-xhci'/><memballoon model='none'/></devices>
</domain>"""
PINS = re.compile(r"\s*<cputune>.*?</cputune>", re.DOTALL)
NAMES = ("runs", "kept", "gone", "made")
TABLET = b"<input type='tablet' bus='usb'><alias name='ua-tablet'/></input>\n"


@dataclass(frozen=True, slots=True)
class LiveCase:
    """What is told to a running host."""

    name: str
    steps: Callable[[Daemon], tuple[Change, ...]]
    fails: bool = False


def guest_xml(daemon: Daemon, name: str) -> str:
    return GUEST.format(name=name, number=NAMES.index(name) + 1, emulator=daemon.emulator)


def stored(daemon: Daemon, name: str) -> bytes:
    """A definition as libvirt prints it."""
    with writable(daemon.uri) as connection:
        found = definition(connection, name)
    assert found is not None
    return found


def value(daemon: Daemon) -> tuple[Change, ...]:
    return (set_value(HOSTNAME, b"before\n", b"after", "another name"),)


def domain(daemon: Daemon) -> tuple[Change, ...]:
    kept = stored(daemon, "kept")
    return (
        define_domain("made", None, guest_xml(daemon, "made").encode(), "made", where=daemon.uri),
        define_domain("kept", kept, kept.replace(b"'>32768<", b"'>65536<"), "changed", where=daemon.uri),
        define_domain("gone", stored(daemon, "gone"), None, "removed", where=daemon.uri),
    )


def device(daemon: Daemon) -> tuple[Change, ...]:
    return (plug_device("runs", None, TABLET, "a tablet", where=daemon.uri),)


def autostart(daemon: Daemon) -> tuple[Change, ...]:
    return (set_autostart("kept", True, "with libvirt", where=daemon.uri),)


def pins(daemon: Daemon) -> tuple[Change, ...]:
    return (Change("pins", "runs", "pinned", b"v0 any\nv1 any\n", b"v0 0\nv1 1\n", where=daemon.uri),)


LIVE_CASES = (
    LiveCase("value", value),
    LiveCase("domain", domain),
    LiveCase("device", device),
    LiveCase("autostart", autostart),
    LiveCase("pins", pins),
)


class LiveBench(Bench):
    """One running host with a private daemon; a trial begins with an empty journal."""

    workers = 1

    def __init__(self, case: LiveCase, daemon: Daemon) -> None:
        self.case = case
        self.daemon = daemon
        self.top = Path(tempfile.mkdtemp(prefix="vft-"))
        (self.top / "var/lib").mkdir(parents=True)
        unshare = (need("unshare", "util-linux"), "--mount", "--uts", "--propagation", "private")
        script = 'mount --bind "$1" /var/lib; echo before >/proc/sys/kernel/hostname; echo ready; cat'
        self.holder = subprocess.Popen(
            [*unshare, "sh", "-euc", script, "sh", str(self.top / "var/lib")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.holder.stdout is not None
        assert self.holder.stdout.readline() == b"ready\n"
        enter = [need("nsenter", "util-linux"), "-t", str(self.holder.pid), "--mount", "--uts", "--root"]
        self.inside = (*enter, "env", "-C", str(HOUSE))
        for name in ("runs", "kept", "gone"):
            self._define(name)
        if "running" not in daemon.virsh("domstate", "runs").stdout:
            daemon.virsh("start", "runs")
        (self.top / "plan.json").write_text(to_json(plan(*case.steps(daemon))))
        self.look()

    def _define(self, name: str) -> None:
        file = self.daemon.folder / f"{name}.xml"
        file.write_text(guest_xml(self.daemon, name))
        self.daemon.virsh("define", str(file))

    def fresh(self) -> Path:
        """The host as it was before, by hand where a trial failed; what differs then is that trial's to tell."""
        if hasattr(self, "before") and self.state(self.top) != self.before:
            self._mend()
        shutil.rmtree(self.top / "var/lib/vfiotui", ignore_errors=True)
        return self.top

    def _mend(self) -> None:
        """Puts the guests and the hostname back without the console."""
        subprocess.run([*self.inside, "hostname", "before"], check=True)
        self.daemon.virsh("destroy", "runs", check=False)
        self.daemon.virsh("undefine", "made", check=False)
        for name in ("runs", "kept", "gone"):
            self._define(name)
            self.daemon.virsh("autostart", "--disable", name)
        self.daemon.virsh("start", "runs")
        self.before = self.state(self.top)

    def drop(self, folder: Path) -> None:
        """Takes back what a trial ended in, so that the next one begins as this one did."""
        if self.state(folder) != self.before:
            done = self.undo(folder)
            assert done.returncode == 0, done.stdout + done.stderr
            assert self.state(folder) == self.before

    def close(self) -> None:
        self.cool()
        assert self.holder.stdin is not None
        self.holder.stdin.close()
        self.holder.wait(10)
        shutil.rmtree(self.top)

    def script(self, folder: Path, script: Path) -> str:
        return f"/{script.relative_to(folder)}"

    def words(self, folder: Path, *command: str) -> list[str]:
        return [sys.executable, "-m", "vfiotui", *command]

    def state(self, folder: Path) -> object:
        """The hostname, definitions with autostart, what the running guest is made of, where its vCPUs may run."""
        with writable(self.daemon.uri) as connection:
            definitions = [(definition(connection, name), autostarts(connection, name)) for name in NAMES]
            # A thread that is set free again keeps an element that names every CPU: its meaning is compared.
            running = PINS.sub("", running_xml(connection, "runs") or "")
            name = run(["cat", HOSTNAME], inside=self.inside).stdout
            return name, definitions, running, read_pins(connection, "runs"), real_affinity(connection, "runs")

    def touches(self, call: str, line: str, folder: Path) -> bool:
        writes = call != "openat" or "O_CREAT" in line or "O_WRONLY" in line
        return writes and ("/var/lib/vfiotui" in line or HOSTNAME in line or "<socket:" in line or "<UNIX" in line)
