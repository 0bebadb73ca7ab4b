"""Kinds of cores: which machines have several, by which fact, and where it is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.trees import folder_root
from vfiotui.host.cpu import topology as cpu
from vfiotui.host.cpu.core_types import stepped
from vfiotui.model.base.reading import Unread
from vfiotui.model.cpu.topology import Topology

CPUS = "/sys/devices/system/cpu"
X925, A725, A55 = 0x410FD850, 0x411FD871, 0x412FD050
GB10_CAPACITIES = (718, 718, 718, 718, 718, 997, 997, 1017, 1017, 1024) * 2
"""Five distinct figures of two kinds, as favoured clusters run higher."""


def machine(count: int, vendor: str = "", parts: Sequence[int] = ()) -> dict[str, str]:
    files = {f"{CPUS}/online": f"0-{count - 1}\n", f"{CPUS}/present": f"0-{count - 1}\n"}
    blocks = []
    for n in range(count):
        files[f"{CPUS}/cpu{n}/topology/core_cpus_list"] = f"{n}\n"
        lines = [f"processor\t: {n}"] + ([f"vendor_id\t: {vendor}"] if vendor else [])
        if parts:
            lines += [f"CPU implementer\t: {parts[n] >> 24:#x}", f"CPU part\t: {parts[n] >> 4 & 0xFFF:#05x}"]
        blocks.append("\n".join(lines) + "\n")
    return {**files, "/proc/cpuinfo": "\n".join(blocks)}


def each(count: int, path: str, values: Sequence[object]) -> dict[str, str]:
    return {f"{CPUS}/cpu{n}/{path}": f"{values[n]}\n" for n in range(count)}


def smt(pairs: Sequence[tuple[int, int]]) -> dict[str, str]:
    return {f"{CPUS}/cpu{n}/topology/core_cpus_list": f"{a},{b}\n" for a, b in pairs for n in (a, b)}


def level2(count: int, groups: Sequence[str]) -> dict[str, str]:
    files: dict[str, str] = {}
    for n in range(count):
        folder = f"{CPUS}/cpu{n}/cache/index2"
        files |= {
            f"{folder}/level": "2\n",
            f"{folder}/type": "Unified\n",
            f"{folder}/shared_cpu_list": f"{groups[n]}\n",
        }
    return files


def read(folder: Path, files: dict[str, str]) -> Topology:
    found = cpu.read(folder_root(folder, files))
    assert isinstance(found, Topology)
    return found


def names(seen: Topology) -> list[str]:
    return [c.kind_name for c in seen.cpus]


GB10 = [A725] * 5 + [X925] * 5 + [A725] * 5 + [X925] * 5
E_CORES = "4-7"
DRAWN = smt([(0, 1), (2, 3)]) | level2(8, ["0-1", "0-1", "2-3", "2-3", *[E_CORES] * 4])
"""Two fast cores of two threads, and four slow ones."""
GIVEN: dict[str, tuple[dict[str, str], list[str]]] = {
    "two designs of five capacities": (
        machine(20, parts=GB10) | each(20, "cpu_capacity", GB10_CAPACITIES),
        [*["E"] * 5, *["P"] * 5] * 2,
    ),
    "two designs in MIDR_EL1 alone": (
        machine(20)
        | each(20, "regs/identification/midr_el1", [f"{p:#018x}" for p in GB10])
        | each(20, "cpu_capacity", GB10_CAPACITIES),
        [*["E"] * 5, *["P"] * 5] * 2,
    ),
    "capacities alone": (machine(20) | each(20, "cpu_capacity", GB10_CAPACITIES), [*["E"] * 5, *["P"] * 5] * 2),
    "designs ranked by frequency": (
        machine(2, parts=[X925, A725]) | each(2, "cpufreq/cpuinfo_max_freq", [3900000, 2808000]),
        ["P", "E"],
    ),
    "three designs": (
        machine(3, parts=[A55, A725, X925]) | each(3, "cpu_capacity", [250, 720, 1024]),
        ["LP-E", "E", "P"],
    ),
    "one design at two speeds": (machine(2, parts=[X925, X925]) | each(2, "cpu_capacity", [700, 1024]), ["", ""]),
    "favoured cores": (machine(4) | each(4, "cpu_capacity", [965, 980, 1010, 1024]), [""] * 4),
    "Speed Select": (
        machine(8, "GenuineIntel")
        | smt([(0, 4), (1, 5), (2, 6), (3, 7)])
        | level2(8, ["0,4", "1,5", "2,6", "3,7"] * 2)
        | each(8, "cpufreq/base_frequency", [2800000, 2800000, 2100000, 2100000] * 2)
        | each(8, "cpufreq/cpuinfo_max_freq", [3600000] * 8),
        [""] * 8,
    ),
    "Speed Select without caches": (
        machine(4, "GenuineIntel") | each(4, "cpufreq/base_frequency", [2800000, 2100000] * 2),
        [""] * 4,
    ),
    "shared caches beside SMT": (machine(8, "GenuineIntel") | DRAWN, [*["P"] * 4, *["E"] * 4]),
    "SMT switched off, frequencies agree": (
        machine(4, "GenuineIntel") | level2(4, ["0", "1", "2-3", "2-3"])
        | each(4, "cpufreq/cpuinfo_max_freq", [5200000, 5100000, 3900000, 3900000]),
        ["P", "P", "E", "E"],
    ),
    "a pair of which one is off": (
        machine(3, "GenuineIntel") | level2(3, ["0", "1-2", "1-2"])
        | each(3, "cpufreq/cpuinfo_max_freq", [2200000] * 3),
        [""] * 3,
    ),
    "other vendors' shared caches": (machine(8, "AuthenticAMD") | DRAWN, [""] * 8),
    "the kernel's units": (
        machine(4, "GenuineIntel") | {"/sys/devices/cpu_core/cpus": "0-1\n", "/sys/devices/cpu_atom/cpus": "2-3\n"},
        ["P", "P", "E", "E"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GIVEN)
def test_cores_are_of_the_kinds_that_they_are(case: str, tmp_path: Path) -> None:
    files, wanted = GIVEN[case]
    seen = read(tmp_path, files)
    assert names(seen) == wanted
    assert seen.hybrid == (len(set(wanted)) > 1)
    assert all(c.kind is None or isinstance(c.kind, int) for c in seen.cpus)


@pytest.mark.parametrize(
    "files",
    [
        machine(2, parts=[X925, A725]),
        machine(2, parts=[X925, A725]) | each(2, "cpu_capacity", [0, -7]),
        machine(4, "GenuineIntel") | {"/sys/devices/cpu_core/cpus": "0-1\n", "/sys/devices/cpu_atom/cpus": "junk\n"},
        machine(4, "GenuineIntel") | {"/sys/devices/cpu_core/cpus": "0-1\n"},
        machine(4, "GenuineIntel") | {"/sys/devices/cpu_core/cpus": "\n", "/sys/devices/cpu_atom/type": "10\n"},
    ],
    ids=["no speed", "garbled speed", "garbled unit", "half the units", "units without lists"],
)
def test_kinds_that_cannot_be_told_are_unknown_and_not_alike(files: dict[str, str], tmp_path: Path) -> None:
    seen = read(tmp_path, files)
    assert all(isinstance(c.kind, Unread) and c.kind.path for c in seen.cpus)


def test_a_garbled_unit_leaves_what_the_caches_show(tmp_path: Path) -> None:
    units = {"/sys/devices/cpu_core/cpus": "0-3\n", "/sys/devices/cpu_atom/cpus": "4-\n"}
    assert names(read(tmp_path, machine(8, "GenuineIntel") | DRAWN | units)) == [*["P"] * 4, *["E"] * 4]


def test_cores_that_are_off_have_no_kind(tmp_path: Path) -> None:
    files = machine(4, "GenuineIntel") | {
        f"{CPUS}/online": "0-1\n", "/sys/devices/cpu_core/cpus": "0-1\n", "/sys/devices/cpu_atom/cpus": "2-3\n",
    }  # fmt: skip
    seen = read(tmp_path, files)
    assert names(seen) == ["P", "P", "", ""] and not seen.hybrid


def test_steps_lie_a_tenth_apart() -> None:
    assert stepped({}) == {} and stepped({7: 5}) == {7: 0}
    assert set(stepped(dict(enumerate(GB10_CAPACITIES))).values()) == {0, 1}
