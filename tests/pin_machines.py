"""Machines of very different kinds, to place guests on."""

from __future__ import annotations

from functools import cache

from vfiotui.demo.builder import build
from vfiotui.demo.description import CpuDesc, GuestDesc, Host
from vfiotui.demo.guest_xml import guest_xml
from vfiotui.host.cpu import topology as cpu
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.reading import Unread
from vfiotui.model.cpu.topology import Topology

CPU = "/sys/devices/system/cpu"
PLAIN = CpuDesc("GenuineIntel", "Plain 4c/4t", l3_per_package=1, cores_per_l3=4, threads=1)
COFFEE_LAKE = CpuDesc("GenuineIntel", "Core i7-8700K", l3_per_package=1, cores_per_l3=6)
RYZEN_1600 = CpuDesc(model="Ryzen 5 1600", l3_per_package=2, cores_per_l3=3, siblings="pairs", l3_kib=(8192,))
RYZEN = CpuDesc()
X3D = CpuDesc(model="Ryzen 9 7950X3D", cores_per_l3=8, l3_kib=(98304, 32768), max_khz=5250000)
HYBRID = CpuDesc(
    "GenuineIntel",
    "Core Ultra 7",
    l3_per_package=1,
    cores_per_l3=16,
    threads=2,
    siblings="pairs",
    slow_cores=frozenset(range(6, 16)),
)
EPYC = CpuDesc(
    model="EPYC 7763",
    packages=2,
    l3_per_package=8,
    cores_per_l3=8,
    l3_kib=(32768,),
    max_khz=3500000,
)
ARM = CpuDesc("ARM", "big.LITTLE", "fp asimd", l3_per_package=1, cores_per_l3=8, threads=1)
GAPS = CpuDesc(
    "GenuineIntel",
    "Xeon with holes",
    packages=2,
    l3_per_package=4,
    cores_per_l3=16,
    threads=2,
    offline=frozenset({0, 5, 6, 7, 64, 130, 131, *range(240, 256)}),
)


def _files(name: str) -> dict[str, str | bytes]:
    if name == "hybrid":
        # The last two cores are the low-power island: no level 3 cache, a unit of their own.
        low = f"{HYBRID.cpus_of(14)[0]}-{HYBRID.cpus_of(15)[0]}"
        high = f"{HYBRID.cpus_of(6)[0]}-{HYBRID.cpus_of(13)[0]}"
        return {"/sys/devices/cpu_atom/cpus": high, "/sys/devices/cpu_lowpower/cpus": low}
    if name == "x3d":
        fast = [c for core in range(8, 16) for c in X3D.cpus_of(core)]
        return {f"{CPU}/cpufreq/policy{c}/cpuinfo_max_freq": "5700000" for c in fast}
    if name == "arm":
        return {f"{CPU}/cpu{c}/cpu_capacity": "1024" if c >= 4 else "446" for c in range(8)}
    return {}


def _gone(name: str) -> tuple[str, ...]:
    if name == "hybrid":
        return tuple(f"{CPU}/cpu{HYBRID.cpus_of(core)[0]}/cache/index3" for core in (14, 15))
    return tuple(f"{CPU}/cpu{c}/cache/index3" for c in range(8)) if name == "arm" else ()


DESCRIBED = {
    "plain": PLAIN,
    "coffee-lake": COFFEE_LAKE,
    "ryzen-1600": RYZEN_1600,
    "ryzen": RYZEN,
    "x3d": X3D,
    "hybrid": HYBRID,
    "epyc": EPYC,
    "arm": ARM,
    "gaps": GAPS,
}
SIX = ("ryzen", "x3d", "hybrid", "epyc", "arm", "gaps")


def guests(name: str) -> tuple[GuestDesc, ...]:
    """A running guest on two of the first cores behind the host's, and one without pins."""
    cpu = DESCRIBED[name]
    cores = [c for c in map(cpu.cpus_of, range(2, cpu.cores)) if not cpu.offline.intersection(c)][:2]
    pins = tuple(c for core in cores for c in core)
    threads = len(cores[0])
    uuid = "00000000-0000-4000-8000-00000000000{}"
    game = guest_xml("game", uuid.format(1), memory_gib=8, pins=pins, threads=threads, iothread="1", emulator="1")
    work = guest_xml("work", uuid.format(2), memory_gib=8, vcpus=4)
    return (
        GuestDesc("game", game, pid=700, vcpus=len(pins), pins=pins, emulator="1", iothreads=1),
        GuestDesc("work", work),
    )


def host(name: str) -> Host:
    """The whole machine."""
    nodes = 2 if DESCRIBED[name].packages == 2 else 1
    return Host(
        name=name, cpu=DESCRIBED[name], nodes=nodes, guests=guests(name), files=_files(name), remove=_gone(name)
    )


@cache
def topology(name: str) -> Topology:
    """Its processors, as they are read."""
    found = cpu.read(Root(MemoryTree(build(host(name))), Mode.CAPTURE))
    assert not isinstance(found, Unread)
    return found
