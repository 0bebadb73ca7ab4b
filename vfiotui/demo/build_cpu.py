"""Processors of a described machine: /sys/devices/system/cpu, and what /proc/cpuinfo tells of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from vfiotui.demo.description import CpuDesc
from vfiotui.demo.tree import TreeBuilder
from vfiotui.model.cpu.cpuset import format_list, format_mask

CPUS = "/sys/devices/system/cpu"
TOPOLOGY = (
    ("core_cpus", "core"),
    ("thread_siblings", "core"),
    ("cluster_cpus", "cluster"),
    ("die_cpus", "die"),
    ("package_cpus", "package"),
    ("core_siblings", "package"),
)
"""Names of the sets in topology/, the deprecated ones among them, and what shares them."""
SLOW_CLUSTER = 4
"""Slow cores that share a level 2 cache."""


@cache
def owner(cpu: CpuDesc) -> Mapping[int, int]:
    """The core of every logical CPU."""
    return {number: core for core in range(cpu.cores) for number in cpu.cpus_of(core)}


@cache
def shared(cpu: CpuDesc, kind: str, number: int) -> tuple[int, ...]:
    """The logical CPUs of the core, cluster, level 3 domain, die or package with a number, offline ones included."""
    if kind == "core":
        return cpu.cpus_of(number)
    return tuple(sorted(c for core in range(cpu.cores) if place(cpu, core)[kind] == number for c in cpu.cpus_of(core)))


@cache
def place(cpu: CpuDesc, core: int) -> Mapping[str, int]:
    """The numbers of what a core belongs to, counted over the whole machine."""
    l3 = core // cpu.cores_per_l3
    package = l3 // cpu.l3_per_package
    die = l3 * cpu.dies_per_package // cpu.l3_per_package
    # A cluster is named by its first core: slow cores share one by four, others are alone in theirs.
    slow = sorted(cpu.slow_cores)
    cluster = slow[slow.index(core) // SLOW_CLUSTER * SLOW_CLUSTER] if core in cpu.slow_cores else core
    return {"core": core, "cluster": cluster, "l3": l3, "die": die, "package": package}


@cache
def spellings(cpus: frozenset[int], width: int) -> tuple[str, str]:
    """A set as the kernel writes it: list and mask."""
    return format_list(cpus), format_mask(cpus, width)


def online(cpu: CpuDesc) -> list[int]:
    """The CPUs that run."""
    return [c for c in range(cpu.count) if c not in cpu.offline]


def build_cpu(tree: TreeBuilder, cpu: CpuDesc) -> None:
    """Everything below /sys/devices/system/cpu, and /proc/cpuinfo."""
    every = format_list(range(cpu.count))
    tree.files(
        CPUS,
        online=format_list(online(cpu)),
        offline=format_list(cpu.offline),
        possible=every,
        present=every,
        isolated=cpu.isolated,
        nohz_full=cpu.nohz_full or "(null)",
        kernel_max=8191,
    )
    tree.files(f"{CPUS}/smt", control="on" if cpu.threads > 1 else "notsupported", active=int(cpu.threads > 1))
    if "AMD" in cpu.vendor:
        tree.file(f"{CPUS}/cpufreq/boost", int(cpu.boost))
    else:
        tree.files(f"{CPUS}/intel_pstate", no_turbo=int(not cpu.boost), max_perf_pct=cpu.max_percent, status="active")
    for number, core in owner(cpu).items():
        _one(tree, cpu, core, number)
    tree.file("/proc/cpuinfo", "\n".join(_info(cpu, c) for c in online(cpu)))
    slow = sorted(c for core in cpu.slow_cores for c in cpu.cpus_of(core))
    if slow:
        for unit, cpus in (("cpu_core", sorted(set(range(cpu.count)) - set(slow))), ("cpu_atom", slow)):
            tree.file(f"/sys/devices/{unit}/cpus", format_list(cpus))
            tree.link(f"/sys/bus/event_source/devices/{unit}", f"/sys/devices/{unit}")


def _sets(tree: TreeBuilder, cpu: CpuDesc, path: str, cpus: Iterable[int], mask: str, listed: str) -> None:
    one, other = spellings(frozenset(cpus) - cpu.offline, cpu.count)
    tree.file(f"{path}/{listed}", one)
    tree.file(f"{path}/{mask}", other)


def _one(tree: TreeBuilder, cpu: CpuDesc, core: int, number: int) -> None:
    folder = f"{CPUS}/cpu{number}"
    if number:
        tree.file(f"{folder}/online", int(number not in cpu.offline))
    if number in cpu.offline:
        return
    numbers = place(cpu, core)
    for name, kind in TOPOLOGY:
        _sets(tree, cpu, f"{folder}/topology", shared(cpu, kind, numbers[kind]), name, f"{name}_list")
    per_package, per_die = cpu.cores // cpu.packages, cpu.dies_per_package
    tree.files(
        f"{folder}/topology",
        core_id=core % per_package,
        cluster_id=numbers["cluster"],
        die_id=numbers["die"] % per_die,
        physical_package_id=numbers["package"],
    )
    _caches(tree, cpu, core, folder)
    _frequency(tree, cpu, core in cpu.slow_cores, number)
    _idle(tree, cpu, folder)


def _caches(tree: TreeBuilder, cpu: CpuDesc, core: int, folder: str) -> None:
    numbers = place(cpu, core)
    slow = core in cpu.slow_cores
    caches = [
        (1, "Data", 32, "core"),
        (1, "Instruction", 64 if slow else 32, "core"),
        (2, "Unified", 2048 if slow else 512, "cluster"),
    ]
    if cpu.l3_kib:
        caches.append((3, "Unified", cpu.l3_kib[min(numbers["l3"], len(cpu.l3_kib) - 1)], "l3"))
    for index, (level, kind, kib, sharers) in enumerate(caches):
        path = f"{folder}/cache/index{index}"
        ways = 16 if level > 1 else 8
        tree.files(
            path,
            level=level,
            type=kind,
            size=f"{kib}K",
            id=numbers[sharers],
            coherency_line_size=64,
            ways_of_associativity=ways,
            number_of_sets=kib * 1024 // 64 // ways,
        )
        _sets(tree, cpu, path, shared(cpu, sharers, numbers[sharers]), "shared_cpu_map", "shared_cpu_list")


def _frequency(tree: TreeBuilder, cpu: CpuDesc, slow: bool, number: int) -> None:
    def khz(full: int) -> int:
        return full * 3 // 4 if slow else full

    amd = "AMD" in cpu.vendor
    policy = f"{CPUS}/cpufreq/policy{number}"
    tree.files(
        policy,
        affected_cpus=number,
        related_cpus=number,
        scaling_driver=cpu.scaling or ("amd-pstate-epp" if amd else "intel_pstate"),
        scaling_governor=cpu.governor,
        scaling_available_governors="performance powersave",
        cpuinfo_max_freq=khz(cpu.max_khz),
        cpuinfo_min_freq=550000,
        scaling_max_freq=cpu.limit_khz or khz(cpu.max_khz),
        scaling_min_freq=550000,
        scaling_cur_freq=khz(cpu.base_khz),
    )
    if cpu.preference:
        words = "default performance balance_performance balance_power power"
        tree.files(
            policy,
            energy_performance_preference=cpu.preference,
            energy_performance_available_preferences=words,
        )
    if not amd:
        tree.file(f"{policy}/base_frequency", khz(cpu.base_khz))
    tree.link(f"{CPUS}/cpu{number}/cpufreq", policy)


def _idle(tree: TreeBuilder, cpu: CpuDesc, folder: str) -> None:
    for index, (name, latency) in enumerate(cpu.idle):
        tree.files(f"{folder}/cpuidle/state{index}", name=name, latency=latency, disable=0)


def _info(cpu: CpuDesc, number: int) -> str:
    core = owner(cpu)[number]
    package = place(cpu, core)["package"]
    per_package = cpu.cores // cpu.packages
    return (
        f"processor\t: {number}\nvendor_id\t: {cpu.vendor}\nmodel name\t: {cpu.model}\n"
        f"cpu MHz\t\t: {cpu.base_khz / 1000:.3f}\nphysical id\t: {package}\n"
        f"siblings\t: {len(shared(cpu, 'package', package))}\ncore id\t\t: {core % per_package}\n"
        f"cpu cores\t: {per_package}\nflags\t\t: {cpu.flags}\n"
        f"address sizes\t: {cpu.physical_bits} bits physical, 48 bits virtual\n"
    )
