"""Frequency and idle settings (admin-guide/pm/cpufreq.rst, cpuidle.rst, intel_pstate.rst, amd-pstate.rst)."""

from __future__ import annotations

import re

from vfiotui.host.root.root import Root
from vfiotui.host.root.sysfs_index import CPUS, numbered
from vfiotui.model.base.reading import Reading, Unread, Why, at, if_absent, or_else, then
from vfiotui.model.cpu.cpuset import parse_list
from vfiotui.model.cpu.power import FrequencyPolicy, IdleState, Power
from vfiotui.model.cpu.topology import CpuSet

POLICIES = f"{CPUS}/cpufreq"
POLICY = re.compile(r"policy(\d{1,6})$")
STATE = re.compile(r"state(\d{1,2})$")
BOOST = (f"{CPUS}/intel_pstate/no_turbo", f"{CPUS}/cpufreq/boost")
"""Of Intel's driver, where 1 means off; of all others."""
MAX_PERCENT = f"{CPUS}/intel_pstate/max_perf_pct"
PREFERENCES = ("default", "performance", "balance_performance", "balance_power", "power")
IDLE_DRIVER = f"{CPUS}/cpuidle/current_driver"
SPLIT_LOCK = "/proc/sys/kernel/split_lock_mitigate"


def read_policies(root: Root) -> Reading[tuple[FrequencyPolicy, ...]]:
    """Every policy by number."""
    names = root.names(POLICIES)
    if isinstance(names, Unread):
        return names
    found = []
    for number in sorted(int(m[1]) for m in map(POLICY.match, names) if m):
        folder = f"{POLICIES}/policy{number}"
        found.append(
            FrequencyPolicy(
                number,
                read_affected(root, f"{folder}/affected_cpus"),
                word(root, f"{folder}/scaling_driver"),
                word(root, f"{folder}/scaling_governor"),
                read_preference(root, folder),
                frequency(root, f"{folder}/scaling_max_freq"),
                frequency(root, f"{folder}/cpuinfo_max_freq"),
                if_absent(switch(root, f"{folder}/boost"), None),
            )
        )
    if not found and (len(names) > 0 or "cpufreq" in or_else(root.names(f"{CPUS}/cpu0"), ())):
        return Unread("shows no policy, though a driver is there", Why.DAMAGED, POLICIES)
    return tuple(found)


def read_affected(root: Root, path: str) -> Reading[CpuSet]:
    """The CPUs of a policy that run, blank-separated; a policy has one at least."""
    cpus = at(path, then(root.text(path, 1 << 16), lambda t: parse_list(",".join(t.split()))))
    return cpus or Unread("lists no CPU", Why.DAMAGED, path)


def word(root: Root, path: str) -> Reading[str]:
    """A file that holds one word."""
    text = root.text(path, 4096)
    if isinstance(text, str) and not re.fullmatch(r"[\w-]+", text, re.ASCII):
        return Unread(f"holds no word but {text[:40]!r}", Why.DAMAGED, path)
    return text


def read_preference(root: Root, folder: str) -> Reading[str | None]:
    """A preference by its name, or a number of up to 255 (intel_pstate.rst); None where the driver shows no choices.

    Without hardware-managed P-states intel_pstate has neither file.
    """
    path = f"{folder}/energy_performance_preference"
    text = word(root, path)
    if isinstance(text, Unread) and text.why is Why.ABSENT:
        choices = root.exists(f"{folder}/energy_performance_available_preferences")
        return text if choices is True else then(choices, lambda _: None)
    if isinstance(text, str) and text not in PREFERENCES and not (text.isdigit() and len(text) < 4):
        return Unread(f"holds no preference but {text[:40]!r}", Why.DAMAGED, path)
    return text


def frequency(root: Root, path: str) -> Reading[int]:
    """kHz; no processor runs at less than one or at more than a thousand GHz."""
    number = root.integer(path)
    if isinstance(number, int) and not 0 < number < 10**9:
        return Unread(f"holds no frequency: {number}", Why.DAMAGED, path)
    return number


def read_boost(root: Root, policies: Reading[tuple[FrequencyPolicy, ...]]) -> tuple[Reading[bool | None], str]:
    """Whether all CPUs may boost, and the file that told it."""
    no_turbo, boost = (switch(root, path) for path in BOOST)
    if not isinstance(no_turbo, Unread) or no_turbo.why is not Why.ABSENT:
        return then(no_turbo, lambda off: not off), BOOST[0]
    # Without a driver for frequencies nothing switches boost; amd-pstate has had a switch in each policy only.
    of_each = not isinstance(policies, Unread) and all(p.boost is not None for p in policies)
    if of_each and isinstance(boost, Unread) and boost.why is Why.ABSENT:
        return None, BOOST[1]
    return boost, BOOST[1]


def read_max_percent(root: Root) -> Reading[int | None]:
    """Percent of the top frequency (intel_pstate.rst, max_perf_pct)."""
    percent = root.integer(MAX_PERCENT)
    if isinstance(percent, int) and not 0 < percent <= 100:
        return Unread(f"holds no percentage: {percent}", Why.DAMAGED, MAX_PERCENT)
    return if_absent(percent, None)


def switch(root: Root, path: str) -> Reading[bool]:
    """A file that holds 0 or 1."""
    number = root.integer(path)
    if isinstance(number, int) and number not in (0, 1):
        return Unread(f"holds {number}, and neither 0 nor 1", Why.DAMAGED, path)
    return then(number, bool)


def states_of(root: Root) -> Reading[dict[int, tuple[int, ...]]]:
    """The numbers of the idle states of each CPU that has any; none where the kernel says that it has no driver."""
    found: dict[int, tuple[int, ...]] = {}
    first: Unread | None = None
    for cpu in numbered(root.names(CPUS), "cpu"):
        folder = f"{CPUS}/cpu{cpu}/cpuidle"
        names = root.names(folder)
        if isinstance(names, Unread):
            # A CPU that does not run has no such folder; one that may not be listed may have any state.
            if names.why is not Why.ABSENT:
                return names
            first = first or names
            continue
        found[cpu] = tuple(sorted(int(m[1]) for m in map(STATE.match, names) if m))
        if not found[cpu]:
            return Unread("shows no idle state", Why.DAMAGED, folder)
    if not found and root.text(IDLE_DRIVER, 4096) == "none":
        return {}
    return found or first or Unread("no CPU is shown", Why.ABSENT, CPUS)


def read_idle(root: Root, states: Reading[dict[int, tuple[int, ...]]]) -> Reading[tuple[IdleState, ...]]:
    """The idle states by depth, as the CPU with the most of them shows them."""
    if isinstance(states, Unread):
        return states
    if not states:
        return ()
    cpu = max(states, key=lambda c: (len(states[c]), -c))
    folder = f"{CPUS}/cpu{cpu}/cpuidle"
    return tuple(
        IdleState(n, root.text(f"{folder}/state{n}/name", 4096), latency(root, f"{folder}/state{n}"), folder)
        for n in states[cpu]
    )


def latency(root: Root, folder: str) -> Reading[int]:
    """Microseconds."""
    number = root.integer(f"{folder}/latency")
    if isinstance(number, int) and not 0 <= number < 1 << 32:
        return Unread(f"holds no time: {number}", Why.DAMAGED, f"{folder}/latency")
    return number


def read_shallow(root: Root, states: Reading[dict[int, tuple[int, ...]]]) -> Reading[CpuSet]:
    """CPUs on which the deepest state is switched off, or that have none so deep."""
    if isinstance(states, Unread):
        return states
    if not states:
        return frozenset()
    deepest = max(numbers[-1] for numbers in states.values())
    found = set()
    for cpu, numbers in states.items():
        off = deepest not in numbers or switch(root, f"{CPUS}/cpu{cpu}/cpuidle/state{deepest}/disable")
        if isinstance(off, Unread):
            return off
        if off:
            found.add(cpu)
    return frozenset(found)


def read_split_lock(root: Root) -> Reading[bool | None]:
    """Whether the kernel slows down who locks across cache lines."""
    value = switch(root, SPLIT_LOCK)
    return if_absent(value, None) if root.has("proc") else value


def read(root: Root) -> Reading[Power]:
    """All settings; Unread only where the machine does not run."""
    if isinstance(root.names(CPUS), Unread):
        return Unread("frequency and idle settings are those of a running system", Why.NOT_HERE, CPUS)
    policies = read_policies(root)
    boost, path = read_boost(root, policies)
    states = states_of(root)
    idle, shallow = read_idle(root, states), read_shallow(root, states)
    return Power(policies, boost, path, read_max_percent(root), idle, shallow, read_split_lock(root))
