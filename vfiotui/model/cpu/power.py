"""How fast the processors may run and how deep they may sleep, and who decides it."""

from __future__ import annotations

from vfiotui.model.base.reading import Reading, Unread, Why
from vfiotui.model.base.value import dataclass
from vfiotui.model.cpu.topology import CpuSet

EPP_DRIVERS = ("intel_pstate", "amd-pstate-epp", "amd_pstate_epp")
"""Drivers in active mode: their governor "powersave" is the ordinary one, and the preference decides."""


@dataclass(frozen=True, slots=True)
class FrequencyPolicy:
    """One policyN of cpufreq: CPUs that share their settings."""

    number: int
    cpus: Reading[CpuSet]
    driver: Reading[str]
    governor: Reading[str]
    preference: Reading[str | None]
    """energy_performance_preference; None where the driver has neither this nor choices for it."""
    limit_khz: Reading[int]
    """scaling_max_freq: what it may reach."""
    top_khz: Reading[int]
    """cpuinfo_max_freq: what the processor could reach."""
    boost: Reading[bool | None] = None
    """The policy's own switch for boost; None where it has none."""

    @property
    def by_preference(self) -> bool:
        """Whether the preference decides and not the governor's name."""
        return self.driver in EPP_DRIVERS


@dataclass(frozen=True, slots=True)
class IdleState:
    """One state of cpuidle, as one CPU shows it."""

    index: int
    name: Reading[str]
    latency_us: Reading[int]
    """Microseconds until the CPU works again."""
    folder: str
    """Where it was read: cpuidle of that CPU."""


@dataclass(frozen=True, slots=True)
class Power:
    """Frequency and idle settings of all CPUs."""

    policies: Reading[tuple[FrequencyPolicy, ...]]
    boost: Reading[bool | None]
    """The switch of all CPUs; None where there is none for all."""
    boost_path: str
    """The file that told it."""
    max_percent: Reading[int | None]
    """intel_pstate/max_perf_pct: how much of their top all CPUs may reach; None with other drivers, and where the
    kernel was booted with limits for each CPU."""
    idle: Reading[tuple[IdleState, ...]]
    shallow: Reading[CpuSet]
    """CPUs on which the deepest idle state is switched off."""
    split_lock_mitigate: Reading[bool | None]
    """kernel.split_lock_mitigate; None where this kernel shows no such switch."""

    def policies_of(self, cpus: CpuSet) -> Reading[tuple[FrequencyPolicy, ...]]:
        """The policies of some CPUs; Unread where one of these CPUs has none that is shown.

        Empty where the host shows no policy at all, as a virtual machine does.
        """
        if isinstance(self.policies, Unread) or not self.policies:
            return self.policies
        found, covered = [], set[int]()
        missing: Unread | None = None
        for policy in self.policies:
            if isinstance(policy.cpus, Unread):
                missing = missing or policy.cpus
            elif policy.cpus & cpus:
                found.append(policy)
                covered |= policy.cpus
        if cpus <= covered:
            return tuple(found)
        lost = ", ".join(map(str, sorted(cpus - covered)))
        return missing or Unread(f"no policy of CPU {lost} is shown", Why.ABSENT, "/sys/devices/system/cpu/cpufreq")
