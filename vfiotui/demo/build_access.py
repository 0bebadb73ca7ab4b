"""Users, services and control groups of a described host."""

from __future__ import annotations

from vfiotui.demo.build_cpu import online
from vfiotui.demo.description import Host
from vfiotui.demo.tree import TreeBuilder
from vfiotui.model.base.nodes import Folder
from vfiotui.model.cpu.cpuset import format_list

UNITS = "/usr/lib/systemd/system"


def build_access(tree: TreeBuilder, host: Host) -> None:
    """Who may do what, which services run, and which CPUs they may use."""
    tree.file("/etc/passwd", "\n".join(f"{line}::/:/bin/sh" for line in host.users))
    tree.file("/etc/group", "root:x:0:\nkvm:x:104:libvirt-qemu\nlibvirt:x:105:user")
    tree.folder("/etc/systemd/system/multi-user.target.wants")
    tree.folder("/run/systemd/units")
    if host.user is not None:
        tree.file("/proc/self/loginuid", host.user)
    for service in host.enabled:
        tree.absolute(f"/etc/systemd/system/multi-user.target.wants/{service}.service", f"{UNITS}/{service}.service")
        tree.absolute(f"/run/systemd/units/invocation:{service}.service", "0123456789abcdef0123456789abcdef")
    every = format_list(online(host.cpu))
    tree.file("/sys/fs/cgroup/machine.slice/cpuset.cpus.effective", host.machine_cpus or every)
    tree.file("/sys/fs/cgroup/system.slice/cpuset.cpus.effective", every)
    tree.file("/sys/fs/cgroup/cpuset.cpus.isolated", "")
    tree.folder("/var/lib/libvirt/images", 0o711)
    for path, mode in host.modes.items():
        tree.nodes[path] = Folder(mode)
