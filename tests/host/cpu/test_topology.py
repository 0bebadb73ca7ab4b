"""Processors: lscpu and lstopo see the same in the built tree; caches, kinds, offline CPUs, gaps."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.hosts import CLEAN
from tests.machines import facts_of
from tests.requirements import need
from tests.tree_on_disk import write
from tests.trees import folder_root
from vfiotui.demo.builder import build
from vfiotui.demo.description import CpuDesc, Host
from vfiotui.demo.scale import scale_host
from vfiotui.demo.tower import TOWER
from vfiotui.host.cpu import topology as cpu
from vfiotui.host.cpu.caches import parse_size
from vfiotui.model.base.reading import Unread
from vfiotui.model.cpu.topology import Topology

HYBRID = replace(
    CLEAN,
    cpu=CpuDesc(
        "GenuineIntel", "Intel Core Hybrid", "fpu lm vmx", l3_per_package=1, cores_per_l3=12,
        slow_cores=frozenset(range(8, 12)), siblings="pairs",
    ),
)  # fmt: skip
OFFLINE = replace(CLEAN, cpu=replace(CLEAN.cpu, offline=frozenset({3, 7}), isolated="4-6", nohz_full="4-6"))


def topology(host: Host) -> Topology:
    found = facts_of(host).cpu
    assert isinstance(found, Topology)
    return found


@pytest.mark.parametrize(
    "host",
    [TOWER, CLEAN, HYBRID, OFFLINE, replace(CLEAN, cpu=CpuDesc(packages=2, cores_per_l3=2), nodes=2), scale_host(40)],
    ids=lambda h: f"{h.name}-{h.cpu.count}",
)
def test_lscpu_sees_the_same_processors(host: Host, tmp_path: Path) -> None:
    program = need("lscpu", "util-linux")
    write(build(host), str(tmp_path))
    words = [program, f"--sysroot={tmp_path}", "--json", "--all", "--extended=CPU,SOCKET,CORE,NODE,CACHE,ONLINE"]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    # lscpu writes a bare dash, which is no JSON, for what an offline CPU does not tell.
    rows = json.loads(re.sub(r": -(?=[,\n])", ": null", told))["cpus"]
    seen = topology(host)
    assert [c.cpu for c in seen.cpus] == [r["cpu"] for r in rows]
    assert [c.online for c in seen.cpus] == [r["online"] for r in rows]
    online = [(c, r) for c, r in zip(seen.cpus, rows, strict=True) if c.online]
    # lscpu numbers packages, cores and caches in order of appearance: only who shares what can be compared.
    for column, shared in (("socket", lambda c: c.package_cpus), ("core", lambda c: c.siblings)):
        theirs: dict[object, set[int]] = {}
        for found, row in online:
            theirs.setdefault(row[column], set()).add(found.cpu)
        for found, row in online:
            assert shared(found) == theirs[row[column]], (column, found.cpu)
    for level, place in ((2, 2), (3, 3)):
        theirs = {}
        for found, row in online:
            theirs.setdefault(row["l1d:l1i:l2:l3"].split(":")[place], set()).add(found.cpu)
        for found, row in online:
            ours = found.shared(level)
            assert (
                ours is not None and ours & {c.cpu for c, _ in online} == theirs[row["l1d:l1i:l2:l3"].split(":")[place]]
            )
    assert [next(iter(c.nodes)) for c, _ in online if not isinstance(c.nodes, Unread)] == [
        int(r["node"]) for _, r in online
    ]


def test_lstopo_sees_the_same_cores_and_caches(tmp_path: Path) -> None:
    program = need("lstopo-no-graphics", "hwloc-nox")
    write(build(TOWER), str(tmp_path))
    words = [program, "--no-io", "--only", "L3Cache", "--of", "console", "--cpuset"]
    told = subprocess.run(words, capture_output=True, text=True, env={"HWLOC_FSROOT": str(tmp_path)}, timeout=60)
    masks = [int(line.rpartition("cpuset=")[2].split()[0].rstrip(")").replace(",", "").replace("0x", "") or "0", 16)
             for line in told.stdout.splitlines() if "cpuset=" in line]  # fmt: skip
    assert told.returncode == 0 and masks, told.stderr + told.stdout
    sets = {frozenset(i for i in range(64) if mask >> i & 1) for mask in masks}
    assert sets == {c.shared(3) for c in topology(TOWER).cpus}


def test_the_tower_has_two_level_three_domains() -> None:
    seen = topology(TOWER)
    assert {c.shared(3) for c in seen.cpus} == {
        frozenset([*range(6), *range(12, 18)]),
        frozenset([*range(6, 12), *range(18, 24)]),
    }
    assert seen.by_number[0].siblings == {0, 12}
    assert seen.by_number[0].cache_size(3) == 32 << 20
    assert not seen.hybrid


def test_offline_cpus_stay_in_the_list() -> None:
    seen = topology(OFFLINE)
    assert [c.cpu for c in seen.cpus if not c.online] == [3, 7]
    assert len(seen.online_cpus) == len(seen.cpus) - 2
    assert [c.cpu for c in seen.cpus if c.isolated] == [4, 5, 6] == [c.cpu for c in seen.cpus if c.nohz_full]


def test_a_hybrid_processor_has_named_kinds() -> None:
    seen = topology(HYBRID)
    assert seen.hybrid
    assert {c.kind_name for c in seen.cpus} == {"P", "E"}
    slow = [c for c in seen.cpus if c.kind_name == "E"]
    assert all(c.siblings == {c.cpu} for c in slow) and len(slow) == 4


@pytest.mark.parametrize(
    ("text", "size"),
    [("32K", 32 << 10), ("1024K", 1 << 20), ("8M", 8 << 20), ("512 KB", 512 << 10), ("7", 7), ("x", None),
     ("9" * 12, None)],
)  # fmt: skip
def test_cache_sizes(text: str, size: int | None) -> None:
    found = parse_size(text)
    assert isinstance(found, Unread) if size is None else found == size


def test_numbers_may_have_gaps(tmp_path: Path) -> None:
    files = {"/sys/devices/system/cpu/online": "0,6\n", "/sys/devices/system/cpu/possible": "0-7\n"}
    for number in (0, 6):
        files[f"/sys/devices/system/cpu/cpu{number}/topology/core_cpus_list"] = f"{number}\n"
    seen = cpu.read(folder_root(tmp_path, files))
    assert isinstance(seen, Topology)
    assert [c.cpu for c in seen.online_cpus] == [0, 6]
    assert isinstance(seen.by_number[0].package, Unread), "what is not there is no package 0"


def test_the_running_system_agrees_with_lscpu() -> None:
    from vfiotui.host.root.root import Root

    program = need("lscpu", "util-linux")
    told = json.loads(subprocess.run([program, "-J", "-e=CPU,ONLINE"], capture_output=True, text=True).stdout)["cpus"]
    seen = cpu.read(Root.live())
    assert isinstance(seen, Topology)
    assert [c.cpu for c in seen.online_cpus] == [r["cpu"] for r in told if r.get("online", True)]


LOONGSON = """system type\t\t: generic-loongson-machine

processor\t\t: {0}
package\t\t\t: 0
core\t\t\t: {1}
CPU Family\t\t: Loongson-64bit
Model Name\t\t: Loongson-3A6000
CPU MHz\t\t\t: 2500.00
Address Sizes\t\t: 48 bits physical, 48 bits virtual
ISA\t\t\t: loongarch32r loongarch32s loongarch64
Features\t\t: cpucfg lam ual fpu lsx lasx complex crypto lvz lbt_x86

"""


def test_loongarch_is_read_by_its_own_words(tmp_path: Path) -> None:
    info = "".join(LOONGSON.format(n, n // 2) for n in range(4))
    seen = cpu.read(folder_root(tmp_path, {"/proc/cpuinfo": info}))
    assert isinstance(seen, Topology)
    assert [c.siblings for c in seen.cpus] == [{0, 1}, {0, 1}, {2, 3}, {2, 3}]
    assert {c.package for c in seen.cpus} == {0}
    assert (seen.model, seen.vendor, seen.physical_bits) == ("Loongson-3A6000", "Loongson-64bit", 48)
    assert isinstance(seen.flags, frozenset) and "lvz" in seen.flags


def test_a_cache_without_a_type_is_no_level_one_cache_of_data(tmp_path: Path) -> None:
    folder = "/sys/devices/system/cpu/cpu0/cache"
    files = {"/sys/devices/system/cpu/online": "0\n"}
    for index, level in enumerate((1, 2, 3)):
        files |= {f"{folder}/index{index}/level": f"{level}\n", f"{folder}/index{index}/shared_cpu_list": "0\n"}
    seen = cpu.read(folder_root(tmp_path, files))
    assert isinstance(seen, Topology)
    assert [(c.level, c.kind) for c in seen.cpus[0].caches] == [(2, "Unified"), (3, "Unified")]


def test_nodes_of_memory_alone_and_cpus_that_may_come(tmp_path: Path) -> None:
    node, cpus = "/sys/devices/system/node", "/sys/devices/system/cpu"
    seen = cpu.read(
        folder_root(
            tmp_path,
            {
                f"{cpus}/online": "0-1\n",
                f"{cpus}/present": "0-1\n",
                f"{cpus}/possible": "0-63\n",
                **{f"{cpus}/cpu{n}/topology/core_cpus_list": f"{n}\n" for n in (0, 1, 2)},
                f"{node}/node0/cpulist": "0-1\n",
                f"{node}/node0/distance": "10 40\n",
                f"{node}/node0/meminfo": "Node 0 MemTotal:  1024 kB\n",
                f"{node}/node8/cpulist": "\n",
                f"{node}/node8/distance": "40 10\n",
                f"{node}/node9/cpulist": "junk\n",
                f"{node}/node9/meminfo": "Node 9 MemTotal: -5 kB\n",
                f"{node}/node9/distance": "40 x 10\n",
            },
        )
    )
    assert isinstance(seen, Topology)
    assert [c.cpu for c in seen.cpus] == [0, 1], "a CPU that is not plugged in is none"
    assert len(seen.possible if isinstance(seen.possible, frozenset) else ()) == 64
    by = {n.node: n for n in seen.nodes}
    assert (by[0].cpus, by[0].memory_kib, by[0].distances) == ({0, 1}, 1024, (10, 40))
    assert by[8].cpus == frozenset() and isinstance(by[8].memory_kib, Unread)
    assert isinstance(by[9].cpus, Unread) and isinstance(by[9].memory_kib, Unread)
    assert isinstance(by[9].distances, Unread), "a figure that is left out would move the others"
    assert seen.by_number[0].nodes == {0}
