"""The hook of cores with a real libvirtd and QEMU: the daemon itself calls it, at every start, stop and return."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.locks import GUESTS, alone_with
from tests.virt.system_libvirtd import SystemDaemon, until
from vfiotui.formats.libvirt_hooks.cores_hook import PATH, cores_hook

pytestmark = pytest.mark.needs_libvirtd

XML = """<domain type='qemu'><name>game</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<cputune><vcpupin vcpu='0' cpuset='1'/></cputune><os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><emulator>{emulator}</emulator><controller type='usb' model='none'/><memballoon model='none'/></devices>
</domain>"""
SYSTEMCTL = '#!/bin/sh\n[ "$1" = show ] || printf "%s\\n" "$4 $5" >>"{tree}/calls"\n'
"""There is no systemd in the namespace: what it would be told is written down."""


class Tree:
    """The host that the hook sees: two CPUs, one interrupt, a systemctl."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in {
            "sys/devices/system/cpu/online": "0-1\n",
            "sys/fs/cgroup/cgroup.controllers": "cpuset\n",
            "proc/irq/24/smp_affinity_list": "0-1\n",
            "bin/systemctl": SYSTEMCTL.format(tree=folder),
        }.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        (folder / "bin/systemctl").chmod(0o755)
        (folder / "run").mkdir()

    @property
    def squeezed(self) -> bool:
        """Whether the host is off CPU 1: every slice, and the interrupt."""
        return self.irq == "0" and self.allowed == dict.fromkeys(("user.slice", "system.slice", "init.scope"), "0")

    @property
    def free(self) -> bool:
        """Whether everything is as before, and nothing is remembered."""
        state = self.folder / "run/vfiotui/cores"
        return self.irq == "0-1" and set(self.allowed.values()) <= {"0-1"} and not state.exists()

    @property
    def irq(self) -> str:
        return (self.folder / "proc/irq/24/smp_affinity_list").read_text().strip()

    @property
    def allowed(self) -> dict[str, str]:
        """What systemd was told last of each slice."""
        calls = self.folder / "calls"
        lines = calls.read_text().splitlines() if calls.exists() else []
        return {line.split()[0]: line.partition("AllowedCPUs=")[2] for line in lines}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[tuple[SystemDaemon, Tree]]:
    with alone_with(GUESTS):
        daemon, tree = SystemDaemon(), Tree(tmp_path)
        first, rest = cores_hook(["game"]).split("\n", 1)
        # libvirt gives its hooks no environment of ours: the tree is named in the script.
        daemon.hook(f"{first}\nexport VFIOTUI_HOOK_ROOT='{tmp_path}' PATH='{tmp_path}/bin':\"$PATH\"\n{rest}", PATH)
        try:
            daemon.start()
            daemon.define("game", XML.format(emulator=daemon.emulator))
            yield daemon, tree
        finally:
            daemon.stop()


def test_a_real_guest_has_its_cpus_for_itself_from_start_to_end(host: tuple[SystemDaemon, Tree]) -> None:
    daemon, tree = host
    assert tree.free
    daemon.virsh("start", "game")
    assert tree.squeezed
    daemon.virsh("destroy", "game")
    assert tree.free
    daemon.virsh("start", "game")
    os.kill(daemon.pid("game"), signal.SIGKILL)
    until(lambda: tree.free, "the host has its CPUs back after QEMU's crash")


def test_the_daemon_comes_back_and_its_guest_lives_on_even_when_the_hook_cannot_work(
    host: tuple[SystemDaemon, Tree],
) -> None:
    daemon, tree = host
    daemon.virsh("start", "game")
    pid = daemon.pid("game")
    daemon.kill()
    (tree.folder / "calls").unlink()
    daemon.start()
    until(lambda: tree.squeezed, "the host is squeezed again at reconnect")
    daemon.kill()
    (tree.folder / "bin/systemctl").write_text("#!/bin/sh\nexit 1\n")
    (tree.folder / "sys/devices/system/cpu/online").unlink()
    daemon.start()
    until(lambda: "running" in daemon.virsh("domstate", "game").stdout, "the daemon knows its guest")
    assert daemon.pid("game") == pid and Path(f"/proc/{pid}").exists()
