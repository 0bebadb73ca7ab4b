"""Guests of a described machine: their XML files, and the processes of those that run."""

from __future__ import annotations

from vfiotui.demo.description import GuestDesc, Host
from vfiotui.demo.tree import TreeBuilder
from vfiotui.model.base.reading import or_else
from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.cpuset import parse_list

LIBRARY = "/usr/lib/x86_64-linux-gnu/libvirt.so.0"
PROGRAM = "/usr/bin/qemu-system-x86_64"
DEFINED, RUNNING = "/etc/libvirt/qemu", "/run/libvirt/qemu"
NETWORK = "<network>\n  <name>default</name>\n  <forward mode='nat'/>\n  <bridge name='virbr0'/>\n</network>\n"
OWN_KIB = 96 << 10
"""What QEMU has beside the guest's memory."""
START = 5000
"""Clock ticks after boot at which the first guest was started."""


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread of a guest's process."""

    tid: int
    name: str
    """Its comm; the kernel keeps 15 characters."""
    allowed: str
    """CPU list of its affinity."""
    cpus: tuple[int, ...]
    """The same as numbers, never empty."""

    @property
    def is_vcpu(self) -> bool:
        """Whether it runs guest code."""
        return self.name.startswith("CPU ")


def threads(guest: GuestDesc) -> tuple[Thread, ...]:
    """The threads of a running guest, the main thread first: QEMU names them so (debug-threads=on)."""
    assert guest.pid is not None
    first = guest.pid

    def thread(offset: int, name: str, allowed: str) -> Thread:
        cpus = tuple(sorted(or_else(parse_list(allowed), frozenset()))) or (0,)
        return Thread(first + offset, name, allowed, cpus)

    found = [thread(0, "qemu-system-x86", guest.emulator)]
    for vcpu in range(guest.vcpus):
        allowed = str(guest.pins[vcpu]) if vcpu < len(guest.pins) else guest.emulator
        found.append(thread(10 + vcpu, f"CPU {vcpu}/KVM", allowed))
    base = 10 + guest.vcpus
    for index in range(1, guest.iothreads + 1):
        found.append(thread(base + index, f"IO iothread{index}", guest.iothread_cpus or guest.emulator))
    found.append(thread(base + guest.iothreads + 1, "IO mon_iothread", guest.emulator))
    found.append(thread(base + guest.iothreads + 2, "worker", guest.emulator))
    return tuple(found)


def stat_line(tid: int, parent: int, name: str, cpu: int, ticks: int = 0, flags: int = 0) -> bytes:
    """A line of /proc/PID/stat: flags (9), CPU time (14), start (22) and last CPU (39) are told, the rest is 0."""
    fields = ["S", "1", str(parent), str(parent), *["0"] * 48]
    fields[9 - 3] = str(flags)
    fields[14 - 3], fields[22 - 3], fields[39 - 3] = str(ticks), str(START), str(cpu)
    return f"{tid} ({name}) {' '.join(fields)}\n".encode()


def status_text(thread: Thread, pid: int, switches: tuple[int, int] = (0, 0)) -> bytes:
    """The text of /proc/PID/task/TID/status; `switches` are voluntary and forced ones."""
    return (
        f"Name:\t{thread.name}\nState:\tS (sleeping)\nTgid:\t{pid}\nPid:\t{thread.tid}\nPPid:\t1\n"
        f"Cpus_allowed_list:\t{thread.allowed}\nMems_allowed_list:\t0\n"
        f"voluntary_ctxt_switches:\t{switches[0]}\nnonvoluntary_ctxt_switches:\t{switches[1]}\n"
    ).encode()


def build_guests(tree: TreeBuilder, host: Host) -> None:
    """Files below /etc/libvirt and /run/libvirt, the folders of running guests below /proc, and libvirt's library."""
    major, minor, release = host.libvirt.split(".")
    tree.file(f"{LIBRARY}.{int(major) * 1000 + int(minor)}.{release}", b"\x7fELF")
    tree.folder(DEFINED)
    tree.folder(RUNNING)
    tree.file(f"{DEFINED}/networks/default.xml", NETWORK, 0o600)
    for number, guest in enumerate(host.guests, 1):
        safe = guest.name.replace("/", "_")
        tree.file(f"{DEFINED}/{safe}.xml", guest.xml, 0o600)
        if guest.autostart:
            tree.link(f"{DEFINED}/autostart/{safe}.xml", f"{DEFINED}/{safe}.xml")
        if guest.pid is not None:
            tree.file(f"{RUNNING}/{safe}.xml", status_xml(guest, guest.pid, number), 0o600)
            _process(tree, guest, guest.pid)
            _pages(tree, guest, guest.pid, number)


def status_xml(guest: GuestDesc, pid: int, number: int) -> str:
    """The daemon's status file: what it must know to find the running guest again."""
    vcpus = "".join(
        f"    <vcpu id='{t.name.split()[1].partition('/')[0]}' pid='{t.tid}'/>\n" for t in threads(guest) if t.is_vcpu
    )
    live = guest.xml.replace("<domain ", f"<domain id='{number}' ", 1)
    return (
        f"<domstatus state='running' reason='booted' pid='{pid}'>\n  <vcpus>\n{vcpus}  </vcpus>\n{live}\n</domstatus>"
    )


def _process(tree: TreeBuilder, guest: GuestDesc, pid: int) -> None:
    # QEMU reads a doubled comma in an option as one.
    arguments = [PROGRAM, "-name", f"guest={guest.name.replace(',', ',,')},debug-threads=on", "-S", "-accel", "kvm"]
    arguments += ["-m", f"size={guest.memory_kib}k"]
    whole = threads(guest)
    for folder in (f"/proc/{pid}", *(f"/proc/{pid}/task/{t.tid}" for t in whole)):
        thread = next((t for t in whole if folder.endswith(f"/{t.tid}")), whole[0])
        tree.file(f"{folder}/comm", thread.name)
        tree.file(f"{folder}/schedstat", "0 0 0")
        tree.file(f"{folder}/stat", stat_line(thread.tid, pid, thread.name, thread.cpus[0]))
        tree.file(f"{folder}/status", status_text(thread, pid))
    tree.folder(f"/proc/{pid}/fd", 0o500)
    tree.file(f"/proc/{pid}/cmdline", "\0".join(arguments).encode() + b"\0")


def _pages(tree: TreeBuilder, guest: GuestDesc, pid: int, number: int) -> None:
    """Huge pages of the pool where the guest asks for them, else transparent ones for most of its memory."""
    pool = guest.memory_kib if "<hugepages" in guest.xml else 0
    transparent = 0 if pool else guest.memory_kib // 2048 * 247 // 256 * 2048
    main = status_text(threads(guest)[0], pid).decode()
    rest = guest.memory_kib - pool + OWN_KIB
    tree.file(f"/proc/{pid}/status", f"{main}VmRSS:\t{rest:8} kB\nHugetlbPages:\t{pool:8} kB\n")
    group = f"/machine.slice/machine-qemu\\x2d{number}.scope"
    tree.file(f"/proc/{pid}/cgroup", f"0::{group}/libvirt/emulator\n")
    tree.file(
        f"/sys/fs/cgroup{group}/memory.stat",
        f"anon {rest << 10}\nanon_thp {transparent << 10}\nfile_thp 0\nshmem_thp 0\n",
    )
