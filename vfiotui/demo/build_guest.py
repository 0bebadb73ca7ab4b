"""Guests of a described machine: their XML files, and the processes of those that run."""

from __future__ import annotations

from vfiotui.demo.description import GuestDesc, Host
from vfiotui.demo.tree import TreeBuilder


def threads(guest: GuestDesc) -> list[tuple[int, str, str, int]]:
    """Thread id, name, CPUs it may run on, CPU it ran on; the main thread first."""
    assert guest.pid is not None
    first = int(guest.emulator.split("-")[0].split(",")[0] or 0)
    found = [(guest.pid, "qemu-system-x86", guest.emulator, first)]
    for vcpu in range(guest.vcpus):
        cpu = guest.pins[vcpu] if vcpu < len(guest.pins) else vcpu
        pinned = str(cpu) if guest.pins else guest.emulator
        found.append((guest.pid + 10 + vcpu, f"CPU {vcpu}/KVM", pinned, cpu))
    for thread in range(1, guest.iothreads + 1):
        found.append((guest.pid + 50 + thread, f"IO iothread{thread}", guest.emulator, first))
    return found


def stat_line(tid: int, name: str, cpu: int, start: int = 5000) -> str:
    """A line of /proc/TID/stat with the fields that are read: start time (22) and last CPU (39)."""
    fields = ["S", "1", str(tid), str(tid), *["0"] * 15, str(start), *["0"] * 16, str(cpu), *["0"] * 13]
    return f"{tid} ({name}) {' '.join(fields)}"


def build_guests(tree: TreeBuilder, host: Host) -> None:
    """Files below /etc/libvirt and /run/libvirt, and the folders of running guests below /proc."""
    tree.folder("/etc/libvirt/qemu")
    for guest in host.guests:
        safe = guest.name.replace("/", "_")
        tree.file(f"/etc/libvirt/qemu/{safe}.xml", guest.xml, 0o600)
        if guest.autostart:
            tree.link(f"/etc/libvirt/qemu/autostart/{safe}.xml", f"/etc/libvirt/qemu/{safe}.xml")
        if guest.pid is not None:
            status = f"<domstatus state='running' pid='{guest.pid}'>\n{guest.xml}\n</domstatus>"
            tree.file(f"/run/libvirt/qemu/{safe}.xml", status, 0o600)
            _process(tree, guest, guest.pid)


def _process(tree: TreeBuilder, guest: GuestDesc, pid: int) -> None:
    arguments = ["/usr/bin/qemu-system-x86_64", "-name", f"guest={guest.name},debug-threads=on", "-S"]
    tree.file(f"/proc/{pid}/comm", "qemu-system-x86")
    tree.file(f"/proc/{pid}/cmdline", "\0".join(arguments).encode() + b"\0")
    for tid, name, pinned, cpu in threads(guest):
        folder = f"/proc/{pid}/task/{tid}"
        tree.files(folder, comm=name, schedstat="0 0 0", stat=stat_line(tid, name, cpu))
        tree.file(f"{folder}/status", f"Name:\t{name}\nCpus_allowed_list:\t{pinned}\nnonvoluntary_ctxt_switches:\t0")
