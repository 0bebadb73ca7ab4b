"""The virtual machines and vCPUs that a process holds open, and which of its threads runs which vCPU.

A vCPU is a descriptor `anon_inode:kvm-vcpu:N` (virt/kvm/kvm_main.c). Which thread runs it tell, in this order:
/sys/kernel/debug/kvm/PID-FD/vcpuN/pid (Linux 6.1, root), and /proc/PID/task/TID/syscall of a thread that sleeps in
ioctl(KVM_RUN) on that descriptor (proc(5); needs the right to trace).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Reading, Unread, Why, or_else

VM = "anon_inode:kvm-vm"
VCPU = re.compile(r"anon_inode:kvm-vcpu:(\d{1,5})$")
OLD_VCPU = "anon_inode:kvm-vcpu"
"""Before Linux 4.19 it has no number."""
MOST = 8192
"""Descriptors of a process that are looked at; KVM's come before the thousands of a server's."""
DEBUG = "/sys/kernel/debug/kvm"
INITIAL = "pid:[4026531836]"
"""The first PID namespace (include/linux/proc_ns.h): the ids of debugfs are those of it."""
KVM_RUN = 0xAE80


class Descriptors(NamedTuple):
    """What a process holds open of KVM."""

    vms: int
    vcpus: dict[int, int]
    """Descriptor → number of the vCPU."""


NOTHING = Descriptors(0, {})


def read_descriptors(root: Root, pid: int) -> Reading[Descriptors]:
    """The descriptors of KVM of a process; Unread where they are not shown to this user."""
    folder = f"/proc/{pid}/fd"
    names = root.names(folder)
    if isinstance(names, Unread):
        return names if names.why is Why.FORBIDDEN else NOTHING
    vms = 0
    vcpus: dict[int, int] = {}
    for number in sorted(int(n) for n in names if n.isdigit() and len(n) < 10)[:MOST]:
        target = root.link(f"{folder}/{number}")
        if isinstance(target, Unread):
            if target.why is Why.FORBIDDEN:
                return target
            continue
        if target == VM:
            vms += 1
        elif match := VCPU.fullmatch(target):
            vcpus[number] = int(match[1])
        elif target == OLD_VCPU:
            vcpus[number] = len(vcpus)
    return Descriptors(vms, vcpus)


def vcpu_threads(root: Root, pid: int, tids: Iterable[int], found: Descriptors) -> dict[int, int]:
    """Thread → vCPU, for those of these threads of which it is known."""
    wanted = set(tids)
    known = {tid: n for tid, n in _by_debugfs(root, pid, wanted).items() if n in found.vcpus.values()}
    for tid in sorted(wanted - known.keys()) if len(known) < len(found.vcpus) else ():
        number = found.vcpus.get(_running(or_else(root.text(f"/proc/{pid}/task/{tid}/syscall", 256), "")))
        if number is not None and number not in known.values():
            known[tid] = number
    return known


def _running(syscall: str) -> int:
    """The descriptor of the vCPU that a thread runs; -1 where it sleeps elsewhere or does not sleep."""
    words = syscall.split()
    try:
        # The number of ioctl differs with the architecture, the request does not. KVM's own worker (kvm-nx-lpage-re) is
        # a copy of the thread that made it, which never was in a program: its last word, where that goes on, is 0.
        runs = len(words) > 3 and int(words[2], 16) == KVM_RUN and int(words[-1], 16) != 0
        return int(words[1], 16) if runs else -1
    except ValueError:
        return -1


def _by_debugfs(root: Root, pid: int, tids: set[int]) -> dict[int, int]:
    if or_else(root.link("/proc/self/ns/pid"), "") != INITIAL:
        return {}
    found: dict[int, int] = {}
    for machine in or_else(root.names(DEBUG), ()):
        maker, dash, number = machine.partition("-")
        # The id is that of the thread that made the machine.
        if not dash or not number.isdigit() or not maker.isdigit() or int(maker) not in tids | {pid}:
            continue
        for name in or_else(root.names(f"{DEBUG}/{machine}"), ()):
            place = name.removeprefix("vcpu")
            if place != name and place.isdigit() and len(place) < 6:
                text = or_else(root.text(f"{DEBUG}/{machine}/{name}/pid", 64), "").strip()
                if text.isdigit() and len(text) < 10 and int(text) in tids:
                    found.setdefault(int(text), int(place))
    return found
