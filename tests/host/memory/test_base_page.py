"""The size of a small page is read or unknown; blocks, pools and words follow it on every architecture."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trees import folder_root
from vfiotui.formats.system import auxv
from vfiotui.host.memory.base_page import architecture
from vfiotui.host.memory.host_memory import read
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File
from vfiotui.model.base.reading import Unread
from vfiotui.model.memory.host_memory import Memory

X86 = "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu vmx\n\n"
ARM = "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n\n"
POWER = "processor\t: 0\ncpu\t\t: POWER8 (raw), altivec supported\n\nplatform\t: PowerNV\n"
RISCV = "processor\t: 0\nhart\t\t: 0\nisa\t\t: rv64imafdch\nmmu\t\t: sv48\n\n"
LOONGARCH = "processor\t\t: 0\nCPU Family\t\t: Loongson-64bit\nModel Name\t\t: Loongson-3A5000\n\n"
TOTAL = 8257536
CMDLINE = {"/proc/cmdline": "root=/dev/sda2 ro\n"}
PMD = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"


def meminfo(default_kib: int, total: int = TOTAL) -> str:
    return f"MemTotal: {total} kB\nMemFree: 6000000 kB\nMemAvailable: 7000000 kB\nHugepagesize: {default_kib} kB\n"


def pools(*sizes: int) -> dict[str, str]:
    names = "nr_hugepages free_hugepages resv_hugepages surplus_hugepages nr_overcommit_hugepages".split()
    return {f"/sys/kernel/mm/hugepages/hugepages-{s}kB/{n}": "0\n" for s in sizes for n in names}


def buddy(*free: int, zone: str = "Normal") -> dict[str, str]:
    return {"/proc/buddyinfo": f"Node 0, zone {zone:>8} {' '.join(map(str, free))} \n"}


def memory_of(tmp_path: Path, files: dict[str, str | bytes]) -> Memory:
    found = read(folder_root(tmp_path, {"/proc/meminfo": meminfo(2048), "/sys/x": "", **files}))
    assert isinstance(found, Memory)
    return found


def test_the_running_kernel_tells_its_pages(tmp_path: Path) -> None:
    found = read(Root.live())
    assert isinstance(found, Memory) and found.page_size == os.sysconf("SC_PAGE_SIZE")
    assert found.architecture == architecture(
        folder_root(tmp_path, {"/proc/cpuinfo": Path("/proc/cpuinfo").read_text()})
    )


@pytest.mark.parametrize(
    ("files", "kib"),
    [
        ({"/proc/cpuinfo": X86}, 4),
        ({"/proc/cpuinfo": RISCV}, 4),
        ({"/proc/cpuinfo": ARM, **buddy(*[1] * 11)}, None),
        ({}, None),
        ({"/proc/self/auxv": struct.pack("<6Q", 33, 1, 6, 16384, 0, 0)}, 16),
        ({"/proc/self/auxv": struct.pack(">6Q", 33, 1, 6, 65536, 0, 0)}, 64),
        ({"/proc/self/auxv": struct.pack("<6I", 33, 1, 6, 4096, 0, 0)}, 4),
        ({"/proc/cpuinfo": ARM, "/proc/77/smaps": "1-2 r\nKernelPageSize: 2048 kB\nKernelPageSize:  16 kB\n"}, 16),
        (
            {
                "/proc/cpuinfo": ARM,
                "/boot/config-6.12": "CONFIG_ARM64_64K_PAGES=y\n# CONFIG_ARM64_4K_PAGES is not set\n",
            },
            64,
        ),
        ({"/proc/cpuinfo": POWER, "/boot/config-6.12": "CONFIG_PPC_64K_PAGES=y\n"}, 64),
        ({"/proc/cpuinfo": LOONGARCH, "/boot/config-6.12": "CONFIG_PAGE_SIZE_16KB=y\nCONFIG_PAGE_SHIFT=14\n"}, 16),
        ({"/proc/zoneinfo": f"Node 0, zone Normal\n        present  9\n        managed  {TOTAL // 16}\n"}, 16),
        ({"/proc/zoneinfo": f"Node 0, zone Normal\n        managed  {TOTAL // 64}\n"}, 64),
        ({"/proc/cpuinfo": ARM, PMD: f"{32 << 20}\n"}, 16),
        ({"/proc/cpuinfo": ARM, PMD: f"{512 << 20}\n"}, 64),
        ({"/proc/cpuinfo": ARM, "/proc/meminfo": meminfo(32768), **CMDLINE}, 16),
        ({"/proc/cpuinfo": ARM, "/proc/meminfo": meminfo(32768), "/proc/cmdline": "default_hugepagesz=32M\n"}, None),
        ({"/proc/cpuinfo": ARM, "/proc/meminfo": meminfo(65536), **CMDLINE}, None),
        ({"/proc/cpuinfo": POWER, "/proc/meminfo": meminfo(16384), **CMDLINE, **buddy(*[1] * 9)}, 64),
        ({"/proc/cpuinfo": POWER, "/proc/meminfo": meminfo(16384), **CMDLINE, **buddy(*[1] * 13)}, 4),
        ({"/proc/cpuinfo": POWER, "/proc/meminfo": meminfo(16384), **CMDLINE, **buddy(*[1] * 11)}, None),
    ],
)
def test_what_shows_the_size_of_a_page(files: dict[str, str | bytes], kib: int | None, tmp_path: Path) -> None:
    found = memory_of(tmp_path, {"/proc/sys/kernel/osrelease": "6.12\n", **files}).small_kib
    assert found == kib if kib else isinstance(found, Unread) and found.reason


def test_blocks_of_an_arm_kernel_with_pages_of_16_kib(tmp_path: Path) -> None:
    files = {
        "/proc/cpuinfo": ARM,
        "/proc/meminfo": meminfo(32768),
        **CMDLINE,
        **pools(2048, 32768, 1 << 20),
        **buddy(0, 0, 0, 0, 0, 0, 0, 3, 0, 4, 0, 2, zone="DMA"),
    }
    seen = memory_of(tmp_path, files)
    assert (seen.small_kib, seen.largest_kib) == (16, 32768)
    assert (seen.block_sizes(), seen.try_sizes()) == ((2048, 32768), (1 << 20,))
    assert seen.free_blocks(2048) == 3 + 4 * 4 + 2 * 16, "the zone DMA of ARM is memory like any other"
    assert seen.free_blocks(32768) == 2 and isinstance(seen.free_blocks(1 << 20), Unread)


def test_blocks_of_a_power_kernel_with_pages_of_64_kib(tmp_path: Path) -> None:
    files = {
        "/proc/cpuinfo": POWER,
        "/proc/meminfo": meminfo(16384),
        **CMDLINE,
        **pools(16384, 16 << 20),
        **buddy(9, 9, 9, 9, 9, 3, 0, 0, 7),
    }
    seen = memory_of(tmp_path, files)
    assert (seen.block_sizes(), seen.try_sizes(), seen.free_blocks(16384)) == ((16384,), (16 << 20,), 7)


def test_without_the_size_of_a_page_no_block_is_counted(tmp_path: Path) -> None:
    seen = memory_of(tmp_path, {"/proc/cpuinfo": ARM, **pools(2048), **buddy(*[5] * 11)})
    assert isinstance(seen.free_blocks(2048), Unread) and seen.block_sizes() == ()


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 15, b"\xff" * 64, struct.pack("<4Q", 6, 5000, 0, 0), struct.pack("<2Q", 6, 4096), b"6 4096\n"]
)
def test_what_is_no_vector_tells_no_size(data: bytes) -> None:
    assert auxv.page_size(data) is None and auxv.only_page_size(data) is None


@given(st.binary(max_size=400))
def test_no_vector_breaks_the_reader(data: bytes) -> None:
    size = auxv.page_size(data)
    assert size is None or auxv.page_size(auxv.only_page_size(data) or b"") == size


@given(st.dictionaries(st.sampled_from(["cpuinfo", "zoneinfo", "buddyinfo", "self/auxv", "7/smaps"]), st.binary()))
def test_no_tree_breaks_the_size_of_a_page(files: dict[str, bytes]) -> None:
    nodes = {f"/proc/{name}": File(data) for name, data in files.items()}
    nodes["/proc/meminfo"] = File(b"MemTotal: 1000 kB\n")
    seen = read(Root(MemoryTree(nodes), Mode.CAPTURE))
    assert isinstance(seen, Memory)
    assert isinstance(seen.page_size, Unread) or auxv.is_page_size(seen.page_size)
