"""Limits that keep the host off some CPUs (admin-guide/cgroup-v2.rst, cpu-isolation.rst; irqbalance(1))."""

from __future__ import annotations

from vfiotui.host.root.config_files import ConfigFiles
from vfiotui.host.root.root import Root
from vfiotui.host.root.sysfs_index import cpu_list, cpu_mask
from vfiotui.model.base.reading import Reading, Unread, Why, then
from vfiotui.model.cpu.isolation import Isolation

CGROUP = "/sys/fs/cgroup"
SETTINGS = ("/etc/default/irqbalance", "/etc/sysconfig/irqbalance", "/etc/irqbalance.env")


def slice_cpus(root: Root, name: str) -> Reading[frozenset[int]]:
    """The CPUs of a slice; empty where it sets no limit: it is not there, or no cpuset is switched on for it."""
    groups = root.names(CGROUP)
    if isinstance(groups, Unread):
        return groups
    if "cgroup.controllers" not in groups:
        return Unread("the control groups are not unified", Why.NOT_HERE, CGROUP)
    files = root.names(f"{CGROUP}/{name}") if name in groups else ()
    if isinstance(files, Unread) or "cpuset.cpus.effective" not in files:
        return files if isinstance(files, Unread) else frozenset()
    found = cpu_list(root, f"{CGROUP}/{name}/cpuset.cpus.effective")
    return found or Unread("lists no CPU", Why.DAMAGED, f"{CGROUP}/{name}/cpuset.cpus.effective")


def read(root: Root) -> Reading[Isolation]:
    """All limits; each says for itself where it could not be read."""
    files = ConfigFiles(root)
    irqbalance = files.several(SETTINGS)
    return Isolation(
        machine_cpus=slice_cpus(root, "machine.slice"),
        host_cpus=slice_cpus(root, "system.slice"),
        partitions=cpu_list(root, f"{CGROUP}/cpuset.cpus.isolated"),
        realtime_us=root.integer("/proc/sys/kernel/sched_rt_runtime_us"),
        irqbalance=then(files.seen, lambda _: irqbalance),
        workqueues=cpu_mask(root, "/sys/devices/virtual/workqueue/cpumask"),
    )
