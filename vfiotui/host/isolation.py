"""Limits that keep the host off some CPUs (admin-guide/cgroup-v2.rst, cpu-isolation.rst; irqbalance(1))."""

from __future__ import annotations

from vfiotui.host.config_files import ConfigFiles
from vfiotui.host.numbered import cpu_list, cpu_mask
from vfiotui.host.root import Root
from vfiotui.model.isolation import Isolation
from vfiotui.model.reading import Reading, then

CGROUP = "/sys/fs/cgroup"
SETTINGS = ("/etc/default/irqbalance", "/etc/sysconfig/irqbalance", "/etc/irqbalance.env")


def read(root: Root) -> Reading[Isolation]:
    """All limits; each says for itself where it could not be read."""
    files = ConfigFiles(root)
    irqbalance = files.several(SETTINGS)
    return Isolation(
        machine_cpus=cpu_list(root, f"{CGROUP}/machine.slice/cpuset.cpus.effective"),
        host_cpus=cpu_list(root, f"{CGROUP}/system.slice/cpuset.cpus.effective"),
        partitions=cpu_list(root, f"{CGROUP}/cpuset.cpus.isolated"),
        realtime_us=root.integer("/proc/sys/kernel/sched_rt_runtime_us"),
        irqbalance=then(files.seen, lambda _: irqbalance),
        workqueues=cpu_mask(root, "/sys/devices/virtual/workqueue/cpumask"),
    )
