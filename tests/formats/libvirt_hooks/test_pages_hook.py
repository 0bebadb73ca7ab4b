"""The hook at work: called as libvirt calls it, in the shells of hosts, over a tree and over the running kernel."""

from __future__ import annotations

import mmap
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pools import fill, held, own_pool
from tests.requirements import need
from vfiotui.formats.libvirt_hooks.pages_hook import guests_of, pages_hook

UUIDS = {"win10": "00000000-0000-4000-8000-000000000001", "it's $(a) vm": "00000000-0000-4000-8000-000000000002"}
OTHER = "it's $(a) vm"
MAP_HUGETLB = 0x40000
SIZES = {"2M": 2048, "1G": 1048576}


def xml(guest: str, inside: str, memory: str = "<memory unit='KiB'>8192</memory>") -> str:
    """What libvirt hands over, as far as memory goes; the dimm must not be taken for the guest's memory."""
    return (
        f"<domain type='kvm'>\n  <name>x</name>\n  <uuid>{UUIDS[guest]}</uuid>\n  {memory}\n"
        f"  <currentMemory unit='KiB'>1</currentMemory>\n  {inside}\n  <vcpu>2</vcpu>\n  <devices>\n"
        "    <memory model='dimm'><target><size unit='KiB'>77777777</size></target></memory>\n  </devices>\n</domain>\n"
    )


HUGE = "<memoryBacking>\n    <hugepages/>\n  </memoryBacking>"


class Hook:
    """The script in one shell, over a folder that is the host's root for it."""

    def __init__(self, folder: Path, shell: list[str]) -> None:
        self.folder, self.shell = folder, shell
        (folder / "run/libvirt/qemu").mkdir(parents=True)
        (folder / "hook").write_text(pages_hook(UUIDS))

    def call(self, guest: str, operation: str, text: str) -> None:
        """libvirt calls the hook; it must end well and print nothing."""
        done = subprocess.run(
            [*self.shell, str(self.folder / "hook"), guest, operation, "begin", "-"],
            input=text,
            env={"PATH": os.environ["PATH"], "VFIOTUI_HOOK_ROOT": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    def crash(self, guest: str) -> None:
        """Guest and daemon ended without a word, some minutes ago."""
        long_ago = time.time() - 300
        os.utime(self.folder / "run/vfiotui/pages/guest" / UUIDS[guest], (long_ago, long_ago))


@pytest.fixture(params=["dash", "busybox", "bash"])
def shell(request: pytest.FixtureRequest) -> list[str]:
    program = need(request.param, request.param)
    return [program, "sh"] if request.param == "busybox" else [program]


class Tree(Hook):
    """A host of two nodes whose kernel gives every page that is asked for."""

    def __init__(self, folder: Path, shell: list[str]) -> None:
        super().__init__(folder, shell)
        (folder / "proc/sys/vm").mkdir(parents=True)
        (folder / "proc/sys/vm/compact_memory").write_text("")
        (folder / "proc/meminfo").write_text("MemAvailable: 33554432 kB\nHugepagesize:    2048 kB\n")
        for node in ("-", "0", "1"):
            for size in SIZES.values():
                place = self.place(node, size)
                place.mkdir(parents=True)
                for name in ("nr_hugepages", "free_hugepages", *(["resv_hugepages"] if node == "-" else [])):
                    (place / name).write_text("0\n")

    def place(self, node: str, size: int) -> Path:
        above = "sys/kernel/mm" if node == "-" else f"sys/devices/system/node/node{node}"
        return self.folder / above / f"hugepages/hugepages-{size}kB"

    def set_aside(self) -> dict[str, int]:
        """Node and size → pages, where there are some."""
        found = {
            f"{node} {word}": int((self.place(node, size) / "nr_hugepages").read_text())
            for node in ("-", "0", "1")
            for word, size in SIZES.items()
        }
        return {place: pages for place, pages in found.items() if pages}


@pytest.fixture
def tree(shell: list[str], tmp_path: Path) -> Tree:
    return Tree(tmp_path, shell)


CELLS = (
    "<cpu><numa>\n<cell id='0' cpus='0' memory='4096' unit='KiB'/>\n<cell id='1' cpus='1' memory='6144' unit='KiB'/>\n"
    "</numa></cpu>"
)
STRICT = "<numatune>\n<memory mode='strict' nodeset='{}'/>\n</numatune>"
NODES = (
    "<numatune><memnode cellid='0' mode='strict' nodeset='1'/>"
    "<memnode cellid='1' mode='strict' nodeset='0'/></numatune>"
)
PAGE = "<memoryBacking><hugepages>\n<page size='{}' unit='KiB'{}/>\n</hugepages></memoryBacking>"
TWO = (
    "<memoryBacking><hugepages><page size='2048' unit='KiB' nodeset='0'/><page size='1048576' unit='KiB' nodeset='1'/>"
    "</hugepages></memoryBacking>"
)


@pytest.mark.parametrize(
    ("inside", "memory", "pages"),
    [
        (HUGE, "<memory unit='KiB'>8192</memory>", {"- 2M": 4}),
        (HUGE, "<memory unit='KiB'>8193</memory>", {"- 2M": 5}),
        (HUGE, "<memory dumpCore='off' unit='GiB'>1</memory>", {"- 2M": 512}),
        (PAGE.format(1048576, ""), "<memory unit='KiB'>2097152</memory>", {"- 1G": 2}),
        (PAGE.format(2048, " nodeset='0'"), "<memory unit='KiB'>8192</memory>", {"- 2M": 4}),
        (HUGE + STRICT.format("1"), "<memory unit='KiB'>8192</memory>", {"1 2M": 4}),
        (HUGE + STRICT.format("0-1"), "<memory unit='KiB'>10240</memory>", {"0 2M": 3, "1 2M": 2}),
        (HUGE + STRICT.format("0-1,^0"), "<memory unit='KiB'>8192</memory>", {"1 2M": 4}),
        (HUGE + CELLS + NODES, "<memory unit='KiB'>10240</memory>", {"1 2M": 2, "0 2M": 3}),
        (TWO + CELLS, "<memory unit='KiB'>10240</memory>", {"- 2M": 2, "- 1G": 1}),
        (PAGE.format(2048, " nodeset='1'") + CELLS, "<memory unit='KiB'>10240</memory>", {"- 2M": 3}),
        ("<memoryBacking><nosharepages/></memoryBacking>", "<memory unit='KiB'>8192</memory>", {}),
    ],
)
def test_what_the_xml_asks_for_is_set_aside_where_it_is_wanted(
    tree: Tree, inside: str, memory: str, pages: dict[str, int]
) -> None:
    tree.call("win10", "prepare", xml("win10", inside, memory))
    assert tree.set_aside() == pages


def test_without_huge_pages_memory_is_compacted_and_nothing_kept(tree: Tree) -> None:
    tree.call("win10", "prepare", xml("win10", ""))
    assert (tree.folder / "proc/sys/vm/compact_memory").read_text() == "1\n"
    assert list((tree.folder / "run/vfiotui/pages/guest").iterdir()) == []


def test_the_host_keeps_two_gibibytes_or_a_tenth(tree: Tree) -> None:
    tree.call("win10", "prepare", xml("win10", HUGE, f"<memory unit='KiB'>{31 << 20}</memory>"))
    assert tree.set_aside() == {}
    tree.call("win10", "prepare", xml("win10", HUGE, f"<memory unit='KiB'>{28 << 20}</memory>"))
    assert tree.set_aside() == {"- 2M": 28 << 9}


def test_free_pages_are_taken_first_and_promised_ones_are_not(tree: Tree) -> None:
    place = tree.place("-", 2048)
    (place / "nr_hugepages").write_text("3\n")
    (place / "free_hugepages").write_text("3\n")
    tree.call("win10", "prepare", xml("win10", HUGE))
    assert tree.set_aside() == {"- 2M": 4}, "three were free: one more"
    (place / "free_hugepages").write_text("4\n")
    tree.call(OTHER, "prepare", xml(OTHER, HUGE))
    assert tree.set_aside() == {"- 2M": 8}, "the four free ones are the first guest's, which has not taken them yet"


def test_a_kernel_that_gives_nothing_fails_no_start(tree: Tree) -> None:
    place = tree.place("-", 2048) / "nr_hugepages"
    place.unlink()
    place.mkdir()
    for operation in ("prepare", "started", "release"):
        tree.call("win10", operation, xml("win10", HUGE))


@pytest.mark.parametrize(
    "text", ["", "<domain/>", "<memory>9</memory><hugepages/>", "<uuid>../../etc</uuid><hugepages/>", "\0\xff<<<>>'\""]
)
def test_damaged_xml_fails_nothing(tree: Tree, text: str) -> None:
    for operation in ("prepare", "started", "reconnect", "release", "migrate"):
        tree.call("win10", operation, text)
    assert tree.set_aside() == {}


def test_no_state_can_be_kept_and_the_guest_starts_all_the_same(tree: Tree) -> None:
    (tree.folder / "run/vfiotui").write_text("a file is in the way")
    tree.call("win10", "prepare", xml("win10", HUGE))
    tree.call("win10", "reconnect", xml("win10", HUGE))
    assert tree.set_aside() == {}


def test_a_guest_that_is_not_served_gets_nothing(tree: Tree) -> None:
    tree.call("somebody", "prepare", xml("win10", HUGE))
    assert tree.set_aside() == {}


class Kernel(Hook):
    """/sys and /proc are the kernel's; only what the hook remembers is the test's own."""

    def __init__(self, folder: Path, shell: list[str], before: int) -> None:
        super().__init__(folder, shell)
        (folder / "sys").symlink_to("/sys")
        (folder / "proc").symlink_to("/proc")
        self.before = before
        self._memory: dict[str, mmap.mmap] = {}

    def starts(self, guest: str, pages: int) -> None:
        """As libvirt does it: the hook, QEMU maps its pages, the hook again."""
        text = xml(guest, HUGE, f"<memory unit='KiB'>{pages * 2048}</memory>")
        self.call(guest, "prepare", text)
        memory = self._memory[guest] = mmap.mmap(
            -1, pages * 2 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_HUGETLB
        )
        for at in range(0, len(memory), 2 << 20):
            memory[at] = 1
        (self.folder / f"run/libvirt/qemu/{guest}.pid").write_text(str(os.getpid()))
        self.call(guest, "started", text)

    def dies(self, guest: str) -> None:
        self._memory.pop(guest).close()
        (self.folder / f"run/libvirt/qemu/{guest}.pid").unlink()

    def ends(self, guest: str) -> None:
        self.dies(guest)
        self.call(guest, "release", xml(guest, HUGE))


@pytest.fixture
def kernel(shell: list[str], tmp_path: Path) -> Iterator[Kernel]:
    with own_pool() as before:
        fill(before + 16)
        fill(before)
        yield Kernel(tmp_path, shell, before)


def test_pages_come_with_the_guest_and_go_with_it(kernel: Kernel) -> None:
    kernel.starts("win10", 4)
    assert held() == kernel.before + 4
    kernel.call("win10", "reconnect", xml("win10", HUGE))
    assert held() == kernel.before + 4, "a daemon that comes back changes nothing"
    kernel.starts(OTHER, 3)
    assert held() == kernel.before + 7
    kernel.ends("win10")
    assert held() == kernel.before + 3
    kernel.ends(OTHER)
    assert held() == kernel.before


def test_a_start_that_fails_gives_back(kernel: Kernel) -> None:
    kernel.call("win10", "prepare", xml("win10", HUGE))
    assert held() == kernel.before + 4
    kernel.call("win10", "release", xml("win10", HUGE))
    assert held() == kernel.before


def test_after_a_crash_the_next_start_gives_back(kernel: Kernel) -> None:
    kernel.starts("win10", 4)
    kernel.dies("win10")
    kernel.crash("win10")
    kernel.starts(OTHER, 3)
    assert held() == kernel.before + 3, "the dead guest's pages are the host's again"
    kernel.ends(OTHER)
    assert held() == kernel.before


def test_the_same_guest_after_its_own_crash_takes_no_pages_twice(kernel: Kernel) -> None:
    kernel.starts("win10", 4)
    kernel.dies("win10")
    kernel.starts("win10", 4)
    assert held() == kernel.before + 4
    kernel.ends("win10")
    assert held() == kernel.before


def test_pages_that_somebody_else_uses_are_not_taken(kernel: Kernel) -> None:
    kernel.starts("win10", 4)
    kernel.dies("win10")
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_HUGETLB
    with mmap.mmap(-1, (kernel.before + 2) * 2 << 20, flags=flags) as memory:
        for at in range(0, len(memory), 2 << 20):
            memory[at] = 1
        kernel.call("win10", "release", xml("win10", HUGE))
        assert held() == kernel.before + 2
        assert memory[0] == 1


def test_the_script_knows_its_guests_and_is_ours() -> None:
    assert set(guests_of(pages_hook(UUIDS))) == set(UUIDS)
    assert guests_of("#!/bin/sh\nexit 0\n") == ()
