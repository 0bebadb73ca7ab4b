"""Domain XML of the demo's guests."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape


def guest_xml(
    name: str,
    uuid: str,
    *,
    memory_gib: int,
    pins: Sequence[int] = (),
    vcpus: int = 2,
    emulator: str = "",
    iothread: str = "",
    hostdevs: Sequence[str] = (),
    huge: bool = False,
    threads: int = 1,
    extra: str = "",
    kind: str = "kvm",
) -> str:
    """A guest as `virsh dumpxml` would print it, shortened to what matters here."""
    count = len(pins) or vcpus
    tune = "".join(f"    <vcpupin vcpu='{v}' cpuset='{cpu}'/>\n" for v, cpu in enumerate(pins))
    if emulator:
        tune += f"    <emulatorpin cpuset='{emulator}'/>\n"
    if iothread:
        tune += f"    <iothreadpin iothread='1' cpuset='{iothread}'/>\n"
    devices = "".join(_hostdev(bdf) for bdf in hostdevs)
    return (
        f"<domain type='{kind}'>\n  <name>{escape(name)}</name>\n  <uuid>{uuid}</uuid>\n"
        f"  <memory unit='GiB'>{memory_gib}</memory>\n"
        + ("  <memoryBacking>\n    <hugepages/>\n  </memoryBacking>\n" if huge else "")
        + f"  <vcpu placement='static'>{count}</vcpu>\n"
        + ("  <iothreads>1</iothreads>\n" if iothread else "")
        + (f"  <cputune>\n{tune}  </cputune>\n" if tune else "")
        + "  <os firmware='efi'>\n    <type arch='x86_64' machine='q35'>hvm</type>\n  </os>\n"
        + f"  <cpu mode='host-passthrough'>\n    <topology sockets='1' dies='1' cores='{count // threads}' "
        + f"threads='{threads}'/>\n  </cpu>\n  <devices>\n{devices}    <memballoon model='none'/>\n  </devices>\n"
        + f"{extra}</domain>"
    )


def _hostdev(bdf: str) -> str:
    domain, bus, rest = bdf.split(":")
    slot, function = rest.split(".")
    return (
        "    <hostdev mode='subsystem' type='pci' managed='yes'>\n      <source>\n"
        f"        <address domain='0x{domain}' bus='0x{bus}' slot='0x{slot}' function='0x{function}'/>\n"
        "      </source>\n    </hostdev>\n"
    )
