"""Pages of a process: what is told equals the sum of its smaps to the page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.trees import folder_root
from vfiotui.host.memory.guest_backing import count_pages
from vfiotui.host.root.root import Root
from vfiotui.model.base.reading import Unread
from vfiotui.model.memory.guest_backing import PageCount

MIX = """
import mmap
small, huge = mmap.mmap(-1, 24 << 20, flags=0x22), mmap.mmap(-1, 64 << 20, flags=0x22)
small.madvise(mmap.MADV_NOHUGEPAGE); huge.madvise(mmap.MADV_HUGEPAGE)
for area in (small, huge):
    for at in range(0, len(area), 4096): area[at] = 1
print("ready", flush=True)
input()
"""


def summed(pid: int) -> PageCount:
    smaps = Path(f"/proc/{pid}/smaps").read_text()

    def total(*names: str) -> int:
        return sum(int(line.split()[1]) for line in smaps.splitlines() if line.split(":")[0] in names)

    huge = total("AnonHugePages", "ShmemPmdMapped", "FilePmdMapped")
    return PageCount(total("Rss"), huge, total("Shared_Hugetlb", "Private_Hugetlb"))


def test_a_mix_of_huge_and_small_pages_is_counted_to_the_page() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", MIX], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdout.readline()
        before, told, after = None, None, summed(process.pid)
        # On its way into the read it may still touch a page.
        while before != after:
            before, told, after = after, count_pages(Root.live(), process.pid), summed(process.pid)
        process.stdin.write("\n")
        process.stdin.close()
    assert told is not None and not isinstance(told, Unread)
    assert told == after
    assert told.small >= 24 << 10 and 0 <= told.coverage < 1
    if told.huge == 0:
        pytest.skip("this kernel gave no huge page: transparent huge pages are off, or memory is in pieces")


def test_the_shortfall_of_a_guest() -> None:
    pages = PageCount(8388608, 8087552, 0)
    assert pages.small == 301056 and round(pages.coverage, 4) == 0.9641
    assert PageCount(100, 0, 900).coverage == 0.9 and PageCount(0, 0, 0).coverage == 0.0


@pytest.mark.parametrize("text", ["", "x", "head\nRss: x kB\n", "head\nRss: 5 kB\n", "h\nRss: " + "9" * 30 + " kB\n"])
def test_a_damaged_count_is_none(text: str, tmp_path: Path) -> None:
    assert isinstance(count_pages(folder_root(tmp_path, {"/proc/5/smaps_rollup": text}), 5), Unread)
