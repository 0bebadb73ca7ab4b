"""Processors, nodes and frequencies of a described machine."""

from __future__ import annotations

from vfiotui.demo.description import CpuDesc, Host
from vfiotui.demo.tree import TreeBuilder
from vfiotui.model.cpuset import format_list

CPUS = "/sys/devices/system/cpu"
NODES = "/sys/devices/system/node"


def l3_cpus(cpu: CpuDesc, domain: int) -> list[int]:
    """The logical CPUs of a level 3 domain."""
    cores = range(domain * cpu.cores_per_l3, (domain + 1) * cpu.cores_per_l3)
    return sorted(c for core in cores for c in cpu.cpus_of(core))


def package_cpus(cpu: CpuDesc, package: int) -> list[int]:
    """The logical CPUs of a package."""
    first = package * cpu.l3_per_package
    return sorted(c for d in range(first, first + cpu.l3_per_package) for c in l3_cpus(cpu, d))


def node_cpus(host: Host, node: int) -> list[int]:
    """The logical CPUs of a node: packages are dealt out to the nodes, else level 3 domains are."""
    cpu = host.cpu
    domains = cpu.packages * cpu.l3_per_package
    return sorted(c for d in range(domains) if d * host.nodes // domains == node for c in l3_cpus(cpu, d))


def build_cpu(tree: TreeBuilder, host: Host) -> None:
    """Everything below /sys/devices/system/{cpu,node}, and /proc/cpuinfo."""
    cpu = host.cpu
    online = [c for c in range(cpu.count) if c not in cpu.offline]
    every = format_list(range(cpu.count))
    tree.files(
        CPUS,
        online=format_list(online),
        offline=format_list(cpu.offline),
        possible=every,
        present=every,
        isolated=cpu.isolated,
        nohz_full=cpu.nohz_full or "(null)",
    )
    tree.files(f"{CPUS}/smt", control="on" if cpu.threads > 1 else "notsupported", active=int(cpu.threads > 1))
    for core in range(cpu.cores):
        for number in cpu.cpus_of(core):
            _one(tree, host, core, number)
    tree.file("/proc/cpuinfo", "\n".join(_info(cpu, c) for c in online))
    slow = sorted(c for core in cpu.slow_cores for c in cpu.cpus_of(core))
    if slow:
        fast = [c for c in range(cpu.count) if c not in slow]
        tree.file("/sys/devices/cpu_core/cpus", format_list(fast))
        tree.file("/sys/devices/cpu_atom/cpus", format_list(slow))
    tree.files(NODES, online=format_list(range(host.nodes)), possible=format_list(range(host.nodes)))
    for node in range(host.nodes):
        folder = f"{NODES}/node{node}"
        tree.file(f"{folder}/cpulist", format_list(node_cpus(host, node)))
        tree.file(f"{folder}/distance", " ".join("10" if n == node else "21" for n in range(host.nodes)))
        tree.file(f"{folder}/meminfo", f"Node {node} MemTotal:       {host.memory_kib // host.nodes} kB")


def _one(tree: TreeBuilder, host: Host, core: int, number: int) -> None:
    cpu = host.cpu
    folder = f"{CPUS}/cpu{number}"
    domain, package = core // cpu.cores_per_l3, core // (cpu.cores_per_l3 * cpu.l3_per_package)
    if number:
        tree.file(f"{folder}/online", int(number not in cpu.offline))
    if number in cpu.offline:
        return
    there = set(range(cpu.count)) - cpu.offline

    def listed(cpus: list[int] | tuple[int, ...]) -> str:
        return format_list(set(cpus) & there)

    tree.files(
        f"{folder}/topology",
        core_cpus_list=listed(cpu.cpus_of(core)),
        thread_siblings_list=listed(cpu.cpus_of(core)),
        package_cpus_list=listed(package_cpus(cpu, package)),
        core_siblings_list=listed(package_cpus(cpu, package)),
        die_cpus_list=listed(package_cpus(cpu, package)),
        core_id=core,
        die_id=0,
        physical_package_id=package,
    )
    sizes = cpu.l3_kib
    caches = (
        (1, "Data", 32, cpu.cpus_of(core)),
        (1, "Instruction", 32, cpu.cpus_of(core)),
        (2, "Unified", 512, cpu.cpus_of(core)),
        (3, "Unified", sizes[min(domain, len(sizes) - 1)], l3_cpus(cpu, domain)),
    )
    for index, (level, kind, kib, shared) in enumerate(caches):
        tree.files(
            f"{folder}/cache/index{index}",
            level=level,
            type=kind,
            size=f"{kib}K",
            shared_cpu_list=listed(tuple(shared)),
            id=domain if level == 3 else core,
        )
    slow = core in cpu.slow_cores
    tree.files(
        f"{folder}/cpufreq",
        scaling_driver="amd-pstate-epp" if "AMD" in cpu.vendor else "intel_pstate",
        scaling_governor="powersave",
        energy_performance_preference="balance_performance",
        cpuinfo_max_freq=cpu.max_khz * (3 if slow else 4) // 4,
        cpuinfo_min_freq=550000,
        base_frequency=cpu.base_khz * (3 if slow else 4) // 4,
        scaling_cur_freq=cpu.base_khz,
    )


def _info(cpu: CpuDesc, number: int) -> str:
    core = next(c for c in range(cpu.cores) if number in cpu.cpus_of(c)) if cpu.count <= 64 else number % cpu.cores
    package = core // (cpu.cores_per_l3 * cpu.l3_per_package)
    return (
        f"processor\t: {number}\nvendor_id\t: {cpu.vendor}\nmodel name\t: {cpu.model}\n"
        f"cpu MHz\t\t: {cpu.base_khz / 1000:.3f}\nphysical id\t: {package}\ncore id\t\t: {core}\n"
        f"flags\t\t: {cpu.flags}\naddress sizes\t: {cpu.physical_bits} bits physical, 48 bits virtual\n"
    )
