"""Frequency and idle settings (admin-guide/pm/cpufreq.rst, cpuidle.rst, intel_pstate.rst, amd-pstate.rst)."""

from __future__ import annotations

import re

from vfiotui.host.numbered import CPUS, numbered
from vfiotui.host.root import Root
from vfiotui.model.cpuset import parse_list
from vfiotui.model.power import FrequencyPolicy, IdleState, Power
from vfiotui.model.reading import Reading, Unread, Why, then
from vfiotui.model.topology import CpuSet

POLICIES = f"{CPUS}/cpufreq"
POLICY = re.compile(r"policy(\d{1,6})$")
STATE = re.compile(r"state(\d{1,2})$")
BOOST = (f"{CPUS}/intel_pstate/no_turbo", f"{CPUS}/cpufreq/boost")
"""Of Intel's driver, where 1 means off; of all others."""
SPLIT_LOCK = "/proc/sys/kernel/split_lock_mitigate"


def read_policies(root: Root) -> Reading[tuple[FrequencyPolicy, ...]]:
    """Every policy by number."""
    names = root.names(POLICIES)
    if isinstance(names, Unread):
        return names
    found = []
    for number in sorted(int(m[1]) for m in map(POLICY.match, names) if m):
        folder = f"{POLICIES}/policy{number}"
        preference: Reading[str | None] = root.text(f"{folder}/energy_performance_preference", 4096)
        if isinstance(preference, Unread) and preference.why is Why.ABSENT:
            preference = None
        found.append(
            FrequencyPolicy(
                number,
                then(root.text(f"{folder}/affected_cpus", 1 << 16), lambda t: parse_list(",".join(t.split()))),
                root.text(f"{folder}/scaling_driver", 4096),
                root.text(f"{folder}/scaling_governor", 4096),
                preference,
                root.integer(f"{folder}/scaling_max_freq"),
                root.integer(f"{folder}/cpuinfo_max_freq"),
            )
        )
    return tuple(found)


def read_boost(root: Root) -> tuple[Reading[bool | None], str]:
    """Whether the processor may boost, and the file that told it."""
    no_turbo, boost = map(root.integer, BOOST)
    if not isinstance(no_turbo, Unread):
        return no_turbo == 0, BOOST[0]
    if not isinstance(boost, Unread) or boost.why is not Why.ABSENT:
        return then(boost, bool), BOOST[1]
    return (None if root.has("sys") else Unread("this root has no /sys", Why.NOT_HERE, BOOST[1])), BOOST[1]


def read_idle(root: Root) -> Reading[tuple[IdleState, ...]]:
    """The idle states by depth, as the first CPU that has any shows them."""
    first: Unread | None = None
    for cpu in numbered(root.names(CPUS), "cpu"):
        folder = f"{CPUS}/cpu{cpu}/cpuidle"
        names = root.names(folder)
        if isinstance(names, Unread):
            first = first or names
            continue
        numbers = sorted(int(m[1]) for m in map(STATE.match, names) if m)
        return tuple(
            IdleState(n, root.text(f"{folder}/state{n}/name", 4096), root.integer(f"{folder}/state{n}/latency"))
            for n in numbers
        )
    return first or Unread("no CPU is shown", Why.ABSENT, CPUS)


def read_shallow(root: Root, idle: Reading[tuple[IdleState, ...]]) -> Reading[CpuSet]:
    """CPUs on which the deepest state is switched off."""
    if isinstance(idle, Unread):
        return idle
    if not idle:
        return frozenset()
    deepest = idle[-1].index
    return frozenset(
        cpu
        for cpu in numbered(root.names(CPUS), "cpu")
        if root.integer(f"{CPUS}/cpu{cpu}/cpuidle/state{deepest}/disable") == 1
    )


def read_split_lock(root: Root) -> Reading[bool | None]:
    """Whether the kernel slows down who locks across cache lines."""
    value = root.integer(SPLIT_LOCK)
    if isinstance(value, Unread) and value.why is Why.ABSENT and root.has("proc"):
        return None
    return then(value, bool)


def read(root: Root) -> Reading[Power]:
    """All settings; Unread only where the machine does not run."""
    if isinstance(root.names(CPUS), Unread):
        return Unread("frequency and idle settings are those of a running system", Why.NOT_HERE, CPUS)
    boost, path = read_boost(root)
    idle = read_idle(root)
    return Power(read_policies(root), boost, path, idle, read_shallow(root, idle), read_split_lock(root))
