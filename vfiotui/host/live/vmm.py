"""Which processes run a virtual machine: by program, by argv[0], and by the descriptors of KVM that they hold open.

The name of a process is no proof: QEMU's -name process= changes it, wrappers lengthen it (NixOS, Guix), and threads
inherit it. Names of vCPU threads: QEMU "CPU 0/KVM", Cloud Hypervisor "vcpu0", crosvm "crosvm_vcpu0", Firecracker and
libkrun "fc_vcpu 0", kvmtool "kvm-vcpu-0".
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

from vfiotui.host.live.kvm_descriptors import INITIAL, NOTHING, read_descriptors
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, or_else

QEMU = re.compile(r"\.?(qemu-system-|qemu-kvm|kvm$)")
"""QEMU's programs; a wrapped one has a dot before its name and a suffix behind it."""
OTHERS = re.compile(r"\.?(cloud-hypervisor|crosvm|firecracker|lkvm|krunvm|muvm|stratovirt)(?:$|[-_.])")
"""Programs that are a virtual machine, or a helper or client of one: only a vCPU shows which."""
NAME = re.compile(r"(?:^|,)guest=((?:[^,]|,,)*)|^([^,=]+)(?:,|$)")
VCPU = re.compile(r"(?:CPU (\d{1,5})/(?:KVM|TCG)|(?:crosvm_|fc_)?vcpu ?(\d{1,5})|kvm-vcpu-(\d{1,5}))$")
IOTHREAD = re.compile(r"IO (?!mon_)\D*(\d{0,5})$")
NAME_FLAGS = {"crosvm": "--name", "firecracker": "--id"}
NAME_LENGTH = 200


class Vmm(NamedTuple):
    """A process that runs a virtual machine."""

    pid: int
    name: str
    """The guest's; the program and the process where it has none."""
    comm: str
    """What the process is called now: threads without a name of their own bear it."""
    is_qemu: bool


def guest_name(arguments: list[str]) -> str:
    """The name of QEMU's -name argument: guest=NAME with doubled commas, or a bare NAME.

    >>> guest_name(["qemu", "-name", "guest=win10,debug-threads=on"])
    'win10'
    """
    for flag, value in pairwise(arguments):
        if flag in ("-name", "--name"):
            match = NAME.search(value)
            if match:
                return (match[1] or match[2] or "").replace(",,", ",")
    return ""


def kind_of(name: str, is_main: bool) -> tuple[str, int]:
    """What a thread is, by its name."""
    if is_main:
        return "emulator", 0
    vcpu, iothread = VCPU.match(name), IOTHREAD.match(name)
    if vcpu:
        return "vcpu", int(next(n for n in vcpu.groups() if n))
    return ("iothread", int(iothread[1] or 0)) if iothread else ("other", 0)


def identify(root: Root, pid: int, *, descriptors: bool = True) -> Reading[Vmm | None]:
    """The virtual machine of a process, None where it runs none.

    Unread where a process without a known name does not show its descriptors: it may run one. Without `descriptors`
    these are not looked for, which costs a link for each file that a process has open.
    """
    comm = or_else(root.peek(f"/proc/{pid}/comm", 64), b"").decode("utf-8", "replace").rstrip("\n")
    words = or_else(root.peek(f"/proc/{pid}/cmdline", 1 << 12), b"").decode("utf-8", "replace").split("\0")
    program = _base(words[0])
    if QEMU.match(program or comm):
        return None if _is_probe(words) or (not program and _has_ended(root, pid)) else _vmm(root, pid, comm, program)
    if OTHERS.match(program or comm):
        return _vmm(root, pid, comm, program) if _has_vcpu(root, pid) else None
    if not program or not (descriptors or QEMU.match(comm)):
        return None
    executable = _base(or_else(root.link(f"/proc/{pid}/exe"), "").removesuffix(" (deleted)"))
    # The name of a script is that of its file, which may be QEMU's, while the program is a shell.
    if QEMU.match(executable or comm):
        return _vmm(root, pid, comm, executable)
    found = read_descriptors(root, pid) if descriptors else NOTHING
    if isinstance(found, Unread):
        return None if _is_init(root, pid) else found
    return _vmm(root, pid, comm, program) if found.vcpus else None


def _is_init(root: Root, pid: int) -> bool:
    """Whether a process is the one that the kernel started, which starts the others; a container's first is its own."""
    return pid == 1 and root.link("/proc/self/ns/pid") == INITIAL


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _is_probe(arguments: list[str]) -> bool:
    """Whether QEMU was started without a machine: libvirt asks it so what it can do."""
    return any(f in ("-machine", "-M") and v.split(",")[0] == "none" for f, v in pairwise(arguments))


def _has_ended(root: Root, pid: int) -> bool:
    """Whether a process has ended and nobody has asked how: it keeps its name, and nothing else (proc(5), stat)."""
    stat = or_else(root.peek(f"/proc/{pid}/stat", 4096), b"")
    return stat.rpartition(b")")[2].split()[:1] in ([b"Z"], [b"X"])


def _has_vcpu(root: Root, pid: int) -> bool:
    """Whether a thread or a descriptor of a process is a vCPU."""
    folder = f"/proc/{pid}/task"
    names = (or_else(root.text(f"{folder}/{tid}/comm", 4096), "") for tid in or_else(root.names(folder), ()))
    return any(map(VCPU.match, names)) or bool(or_else(read_descriptors(root, pid), NOTHING).vcpus)


def _vmm(root: Root, pid: int, comm: str, program: str) -> Vmm:
    words = or_else(root.bytes(f"/proc/{pid}/cmdline", 1 << 18), b"").decode("utf-8", "replace").split("\0")
    return Vmm(pid, machine_name(words, pid, program or comm), comm, QEMU.match(program or comm) is not None)


def machine_name(arguments: list[str], pid: int, program: str = "") -> str:
    """What the guest of a process is called by its arguments; the program and the process where they give no name.

    `program` is what runs, where argv[0] does not tell.
    """
    program = program or _base(arguments[0])
    if QEMU.match(program) or not program:
        return guest_name(arguments) or f"QEMU {pid}"
    other = OTHERS.match(program)
    flag = NAME_FLAGS.get(other[1], "") if other else ""
    name = next((v for f, v in pairwise(arguments) if flag and f == flag), "")
    name = name or next((w.partition("=")[2] for w in arguments if flag and w.startswith(f"{flag}=")), "")
    return name[:NAME_LENGTH] or f"{other[1] if other else program} {pid}"
