"""What keeps the host off some CPUs while it runs: control groups, irqbalance, realtime limits."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading
from vfiotui.model.base.value import dataclass
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.model.cpu.topology import CpuSet


@dataclass(frozen=True, slots=True)
class Isolation:
    """Limits in force."""

    machine_cpus: Reading[CpuSet]
    """cpuset.cpus.effective of machine.slice, below which libvirt starts guests."""
    host_cpus: Reading[CpuSet]
    """cpuset.cpus.effective of system.slice."""
    partitions: Reading[CpuSet]
    """cpuset.cpus.isolated: CPUs of isolated partitions."""
    realtime_us: Reading[int]
    """sched_rt_runtime_us; -1 lets realtime tasks starve all others."""
    irqbalance: Reading[tuple[ConfigFile, ...]]
    """Its settings, where there are any."""
    workqueues: Reading[CpuSet]
    """CPUs of unbound kernel work (workqueue/cpumask)."""
