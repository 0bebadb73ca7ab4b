"""A real guest to look at: QEMU emulates it under a private libvirtd, as the tests do."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from tests.virt.libvirtd import Daemon

XML = """<domain type='qemu'><name>bench</name><memory unit='MiB'>64</memory><vcpu>{vcpus}</vcpu>{pins}
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><emulator>{emulator}</emulator><controller type='usb' model='none'/><memballoon model='none'/></devices>
</domain>"""


@contextlib.contextmanager
def guest(vcpus: int = 16, pinned: str = "") -> Iterator[tuple[str, list[int]]]:
    """The connection's URI, and the processes of daemon and guest; `pinned` names the CPUs of all its threads."""
    daemon = Daemon()
    daemon.start()
    try:
        file = daemon.folder / "bench.xml"
        pins = "".join(f"<vcpupin vcpu='{n}' cpuset='{pinned}'/>" for n in range(vcpus))
        pins = f"<cputune>{pins}<emulatorpin cpuset='{pinned}'/></cputune>" if pinned else ""
        file.write_text(XML.format(vcpus=vcpus, emulator=daemon.emulator, pins=pins))
        daemon.virsh("define", str(file))
        daemon.virsh("start", "bench")
        qemu = int((daemon.folder / "r/libvirt/qemu/run/bench.pid").read_text())
        assert daemon.process is not None
        yield daemon.uri, [daemon.process.pid, qemu]
    finally:
        daemon.stop()


def btop_environment(folder: str, milliseconds: int) -> dict[str, str]:
    """A configuration of btop with an interval; it has no option for it."""
    place = Path(folder) / f"btop-{milliseconds}" / "btop"
    place.mkdir(parents=True, exist_ok=True)
    (place / "btop.conf").write_text(f"update_ms = {milliseconds}\n")
    return {"XDG_CONFIG_HOME": str(place.parent), "HOME": folder, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
