"""Memory: pools, transparent huge pages, free blocks; what is not there is not zero."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.hosts import CLEAN
from tests.machines import facts_of
from tests.trees import folder_root
from vfiotui.host.memory import host_memory as memory
from vfiotui.host.memory.thp import chosen
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.memory.host_memory import Memory

X86 = "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu svm\n\n"


def test_pools_of_the_host_and_of_each_node() -> None:
    seen = facts_of(replace(CLEAN, nodes=2, huge_2m=(101, 50))).memory
    assert isinstance(seen, Memory) and not isinstance(seen.pools, Unread)
    small = [p for p in seen.pools if p.size_kib == 2048]
    assert [(p.node, p.total, p.free) for p in small] == [(None, 101, 50), (0, 51, 25), (1, 50, 25)]
    assert isinstance(small[1].reserved, Unread), "reserved pages are known for the whole host only"


def test_chosen_words() -> None:
    assert chosen("always [madvise] never") == "madvise"
    assert isinstance(chosen("always madvise never"), Unread)


def test_free_blocks_of_two_mebibytes(tmp_path: Path) -> None:
    free = (
        "Node 0, zone DMA 1 1 1 1 1 1 1 1 1 1 9\n"
        "Node 0, zone Normal 9 9 9 9 9 9 9 9 9 3 2\n"
        "Node 1, zone Movable 0 0 0 0 0 0 0 0 0 0 1\n"
    )
    files = {"/proc/buddyinfo": free, "/proc/meminfo": "MemTotal: 1 kB\n", "/proc/cpuinfo": X86, "/sys/x": ""}
    seen = memory.read(folder_root(tmp_path, files))
    assert isinstance(seen, Memory)
    assert seen.free_blocks(2048, 0) == 3 + 2 * 2, "ZONE_DMA is left out; order 10 counts twice"
    assert seen.free_blocks(2048) == 9
    assert seen.free_blocks(2048, 7) == 0


@pytest.mark.parametrize("text", ["", "no numbers here\n", "MemTotal kB 5\n"])
def test_a_meminfo_without_rows_is_no_machine_without_memory(text: str, tmp_path: Path) -> None:
    seen = memory.read_meminfo(folder_root(tmp_path, {"/proc/meminfo": text}))
    assert isinstance(seen, Unread) or "MemTotal" not in seen


def test_a_kernel_without_huge_pages_has_unread_pools(tmp_path: Path) -> None:
    seen = memory.read(folder_root(tmp_path, {"/proc/meminfo": "MemTotal: 1024 kB\n", "/sys/x": ""}))
    assert isinstance(seen, Memory) and isinstance(seen.thp.enabled, Unread)
    assert isinstance(seen.pools, Unread) or seen.pools == ()


def test_the_running_system_has_memory() -> None:
    seen = memory.read(Root.live())
    assert isinstance(seen, Memory) and isinstance(seen.meminfo, dict)
    assert seen.meminfo["MemTotal"] > 100_000
