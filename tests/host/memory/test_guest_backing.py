"""Huge and small pages of guests by the sources that cost nothing, held against the guest's memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hosts import CLEAN
from tests.machines import root_of
from tests.trees import folder_root
from vfiotui.host.memory.guest_backing import BackingReader, memory_of, read_guest, walk
from vfiotui.host.memory.pagetypes import read_movable
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.base.mode import Mode
from vfiotui.model.base.nodes import File
from vfiotui.model.base.reading import Unread
from vfiotui.model.memory.guest_backing import GuestBacking

GROUP = "/machine.slice/machine-qemu\\x2d1\\x2dwin10.scope"
ARGUMENTS = b"qemu-system-x86_64\0-name\0guest=win10,debug-threads=on\0-m\0size=8388608k\0"
SEED = {
    "/proc/77/comm": "qemu-system-x86\n",
    "/proc/77/cmdline": ARGUMENTS,
    "/proc/77/status": "Name:\tqemu\nVmRSS:\t 8512000 kB\nHugetlbPages:\t       0 kB\n",
    "/proc/77/cgroup": f"0::{GROUP}/libvirt/emulator\n",
    f"/sys/fs/cgroup{GROUP}/memory.stat": f"anon 1\nanon_thp {8087552 << 10}\nshmem_thp 0\nfile_thp 0\n",
    "/proc/78/comm": "bash\n",
}


def only(root: Root) -> GuestBacking:
    found = BackingReader(root).read()
    assert not isinstance(found, Unread)
    (guest,) = found
    return guest


def test_the_shortfall_in_kilobytes(tmp_path: Path) -> None:
    guest = only(folder_root(tmp_path, SEED))
    assert (guest.name, guest.memory_kib, guest.huge_kib, guest.short_kib) == ("win10", 8388608, 8087552, 301056)
    assert isinstance(guest.coverage, float) and f"{guest.coverage:.1%}" == "96.4%"
    assert guest.source.endswith("machine-qemu\\x2d1\\x2dwin10.scope/memory.stat"), "above the threads' own group"


def test_pages_of_a_pool_need_no_control_group(tmp_path: Path) -> None:
    status = "VmRSS:\t 90000 kB\nHugetlbPages:\t 8388608 kB\n"
    guest = only(folder_root(tmp_path, {**SEED, "/proc/77/status": status, "/proc/77/cgroup": "0::/user.slice/x\n"}))
    assert isinstance(guest.transparent_kib, Unread) and guest.short_kib == 0


def test_a_shared_control_group_counts_other_programs_too(tmp_path: Path) -> None:
    files = {
        **SEED,
        "/proc/77/cgroup": "0::/user.slice/s\n",
        "/sys/fs/cgroup/user.slice/s/memory.stat": "anon_thp 9999\n",
    }
    guest = only(folder_root(tmp_path, files))
    assert isinstance(guest.coverage, Unread) and "only a walk counts them" in guest.coverage.reason
    assert isinstance(guest.foretold_ms, float) and 100 < guest.foretold_ms < 150, "8.1 GiB of small pages at 15 ms"


SCOPE = "/qemu.slice/100.scope"
UNIT = "/system.slice/qemu@win10.service"
SESSION = "/user.slice/user-1000.slice/user@1000.service/app.slice/app-virt-manager.scope"


@pytest.mark.parametrize(
    ("group", "processes", "own"),
    [
        (SCOPE, "", True),
        (UNIT, "77\n", True),
        (UNIT, "77\n78\n", False),
        (UNIT, "", False),
        (UNIT, "\x00\xff", False),
        (SESSION, "76\n77\n", False),
        ("/qemu.slice", "77\n78\n", False),
        ("/machine.slice/../etc", "77\n", False),
    ],
)
def test_a_group_is_the_guests_own_by_its_name_or_by_what_is_in_it(
    group: str, processes: str, own: bool, tmp_path: Path
) -> None:
    files = {
        **SEED,
        "/proc/77/cgroup": f"0::{group}\n",
        f"/sys/fs/cgroup{group}/memory.stat": f"anon_thp {8000000 << 10}\n",
        f"/sys/fs/cgroup{group}/cgroup.procs": processes,
    }
    found = only(folder_root(tmp_path, files)).transparent_kib
    assert found == 8000000 if own else isinstance(found, Unread)


@pytest.mark.parametrize(
    ("word", "kib"),
    [("64KB", 64), ("2MB", 2048), ("16MB", 16384), ("32MB", 32768), ("512MB", 512 << 10), ("1GB", 1 << 20),
     ("16GB", 16 << 20)],
)  # fmt: skip
def test_pools_of_every_size_are_counted_by_node(word: str, kib: int, tmp_path: Path) -> None:
    file = f"/sys/fs/cgroup{GROUP}/hugetlb.{word}.numa_stat"
    found = only(folder_root(tmp_path, {**SEED, file: f"total={16 << 30} N0={16 << 30} N1=0\n"})).on_nodes
    assert found == {(kib, 0): 16 << 20}


def test_the_first_version_of_control_groups(tmp_path: Path) -> None:
    group = "/machine/qemu-3-win10.libvirt-qemu"
    files = {
        **SEED,
        "/proc/77/cgroup": f"5:cpuset:{group}/emulator\n4:memory:{group}\n0::/\n",
        f"/sys/fs/cgroup/memory{group}/memory.stat": f"rss 5\nrss_huge {4194304 << 10}\n",
    }
    assert only(folder_root(tmp_path, files)).short_kib == 4194304


def test_pools_by_node(tmp_path: Path) -> None:
    stat = f"total={3 << 30} N0={1 << 30} N1={2 << 30}\n"
    files = {**SEED, f"/sys/fs/cgroup{GROUP}/hugetlb.2MB.numa_stat": stat}
    assert only(folder_root(tmp_path, files)).on_nodes == {(2048, 0): 1 << 20, (2048, 1): 2 << 20}


@pytest.mark.parametrize(
    ("words", "kib"),
    [
        (["-m", "4096"], 4 << 20),
        (["-m", "4G,slots=2,maxmem=8G"], 4 << 20),
        (["-m", "maxmem=8G,size=1048576k"], 1 << 20),
        (["-m", "1", "-m", "2"], 2048),
        (["-m"], None),
        (["-m", "\x1b[2J"], None),
    ],
)
def test_memory_by_the_arguments(words: list[str], kib: int | None) -> None:
    found = memory_of(words)
    assert found == kib if kib is not None else isinstance(found, Unread)


def huge_by_smaps(pid: int) -> int:
    """KiB in transparent huge pages, area by area."""
    smaps = Path(f"/proc/{pid}/smaps").read_text()
    names = ("AnonHugePages", "ShmemPmdMapped", "FilePmdMapped")
    return sum(int(row.split()[1]) for row in smaps.splitlines() if row.partition(":")[0] in names)


def test_a_walk_counts_to_the_page_what_the_kernel_gave() -> None:
    """Four huge pages and five small ones beside them, by madvise; smaps of the same mapping is the judge."""
    child = """
import mmap, sys
size = 2 << 20
area = mmap.mmap(-1, 16 * size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
import ctypes
at = ctypes.addressof(ctypes.c_char.from_buffer(area))
first = (-at) % size
area.madvise(mmap.MADV_NOHUGEPAGE)
area.madvise(mmap.MADV_HUGEPAGE, first, 4 * size)
for n in range(4): area[first + n * size] = 1
for n in range(5): area[first + 8 * size + n * 4096] = 1
print("ready", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == b"ready\n"
        before, guest, truth = None, None, huge_by_smaps(process.pid)
        while before != truth:  # khugepaged works beside this.
            guest, before = walk(Root.live(), read_guest(Root.live(), process.pid)), truth
            truth = huge_by_smaps(process.pid)
        process.stdin.close()
    assert guest is not None and guest.transparent_kib == truth and guest.walk_ms is not None
    if truth == 0:
        pytest.skip("this kernel gave no huge page: transparent huge pages are off, or memory is in pieces")
    assert truth % 2048 == 0


@given(st.dictionaries(st.sampled_from(["comm", "cmdline", "status", "cgroup"]), st.binary(max_size=200)))
def test_no_process_breaks_the_reader(files: dict[str, bytes]) -> None:
    nodes = {f"/proc/9/{name}": File(data) for name, data in files.items()}
    nodes["/proc/9/comm"] = File(b"qemu-system-x86\n")
    guest = only(Root(MemoryTree(nodes), Mode.CAPTURE))
    assert guest.pid == 9 and guest.name
    assert not isinstance(guest.coverage, float) or 0 <= guest.coverage <= 1


def test_a_described_guest_lies_in_huge_pages() -> None:
    found = BackingReader(root_of(CLEAN)).read()
    assert not isinstance(found, Unread)


def test_movable_blocks_are_counted_without_dma(tmp_path: Path) -> None:
    text = (
        "Page block order: 9\nPages per block:  512\n\nFree pages count per migrate type at order 0 1\n"
        "Number of blocks type     Unmovable      Movable  Reclaimable\n"
        "Node 0, zone      DMA            1            7            0\n"
        "Node 0, zone   Normal           10          100            2\n"
        "Node 1, zone   Normal           10          200            2\n"
    )
    assert read_movable(folder_root(tmp_path, {"/proc/pagetypeinfo": text})) == {0: 100 * 512, 1: 200 * 512}
    assert isinstance(read_movable(folder_root(tmp_path, {"/proc/pagetypeinfo": text[:120]})), Unread)


def test_the_running_kernel_counts_movable_blocks() -> None:
    if not os.access("/proc/pagetypeinfo", os.R_OK):
        pytest.skip("pagetypeinfo needs root")
    found = read_movable(Root.live())
    assert not isinstance(found, Unread) and sum(found.values()) > 0
