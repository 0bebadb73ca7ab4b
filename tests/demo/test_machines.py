"""The made-up machines: the same at every build, as large as promised, and their figures move like real ones."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.hosts import HOSTS
from tests.tree_on_disk import write
from vfiotui.demo.builder import build
from vfiotui.demo.figures import moving_figures
from vfiotui.demo.hostile import NAME, hostile_host
from vfiotui.demo.libvirt_node import write_node
from vfiotui.demo.machine import NAMES, machine
from vfiotui.demo.scale import scale_host
from vfiotui.demo.tower import TOWER
from vfiotui.model.base.nodes import File, Symlink
from vfiotui.model.base.reading import Unread
from vfiotui.virt import read_domains as once


@pytest.mark.parametrize("name", NAMES)
def test_a_build_is_the_same_every_time(name: str) -> None:
    assert build(machine(name)) == build(machine(name))


def test_the_scale_machine_is_as_large_as_promised() -> None:
    host = scale_host()
    nodes = build(host)
    assert host.cpu.count == 256 and len(host.pci) == 2000
    devices = [p for p in nodes if re.fullmatch(r"/sys/bus/pci/devices/[^/]+", p)]
    cpus = [
        p
        for p in nodes
        if re.fullmatch(r"/sys/devices/system/cpu/cpu\d+/online|/sys/devices/system/cpu/cpu0/topology/core_id", p)
    ]
    assert len(devices) == 2000 and len(cpus) == 256
    assert len({d.bdf for d in host.pci}) == 2000


@pytest.mark.parametrize("name", NAMES)
def test_no_link_of_sysfs_leads_nowhere(name: str) -> None:
    from vfiotui.host.root.memory_tree import MemoryTree
    from vfiotui.host.root.root import Root
    from vfiotui.model.base.mode import Mode

    nodes = build(machine(name))
    root = Root(MemoryTree(nodes), Mode.CAPTURE)
    dangling = [
        p
        for p, n in nodes.items()
        if isinstance(n, Symlink) and p.startswith("/sys/") and isinstance(root.stat(p), Unread)
    ]
    assert dangling == []


def test_hostile_names_are_in_the_files_as_they_are() -> None:
    nodes = build(hostile_host())
    whole = b"".join(n.data for n in nodes.values() if isinstance(n, File))
    assert whole.count(NAME.encode()) > 10


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def counters(path: str, data: bytes) -> list[int]:
    """The numbers of a file that may only grow."""
    if path.endswith("scaling_cur_freq") or path == "/proc/buddyinfo":
        return []
    if path.endswith("/stat") and path != "/proc/stat":
        return [int(data.rpartition(b")")[2].split()[11])]
    if path.endswith("/status"):
        return [int(n) for n in re.findall(rb"ctxt_switches:\t(\d+)", data)]
    return [int(n) for n in re.findall(rb"(?<![\w.])\d+", data)]


@pytest.mark.parametrize("host", [TOWER, HOSTS["bad-pins"]], ids=lambda h: h.name)
def test_no_counter_runs_backwards_and_what_moves_moves(host: object) -> None:
    clock = Clock()
    moving = moving_figures(host, clock)  # type: ignore[arg-type]
    seen = {path: [tell()] for path, tell in moving.items()}
    for _ in range(120):
        clock.now += 0.37
        for path, tell in moving.items():
            seen[path].append(tell())
    for path, samples in seen.items():
        assert len(set(samples)) > 5, path
        for before, after in pairwise(counters(path, s) for s in samples):
            assert len(before) == len(after) and all(a <= b for a, b in zip(before, after, strict=True)), path


def test_frequencies_stay_within_the_processors_bounds() -> None:
    clock = Clock()
    moving = moving_figures(TOWER, clock)
    for _ in range(200):
        clock.now += 1.3
        for path, tell in moving.items():
            if path.endswith("scaling_cur_freq"):
                assert 400_000 <= int(tell()) <= TOWER.cpu.max_khz


@pytest.mark.parametrize("host", [TOWER, scale_host(40)], ids=lambda h: h.name)
def test_libvirts_own_test_driver_takes_the_guests(host: object, tmp_path: Path) -> None:
    virt = once.read(write_node(host, str(tmp_path)), seconds=30)  # type: ignore[arg-type]
    assert virt.connected and not isinstance(virt.domains, Unread), virt.detail
    by_name = {d.name: d for d in virt.domains}
    for guest in host.guests:  # type: ignore[attr-defined]
        domain = by_name[guest.name]
        assert domain.running == (guest.pid is not None)
        assert tuple(next(iter(c)) for _, c in domain.vcpu_pins) == guest.pins or not guest.pid
        assert domain.vcpus == guest.vcpus or not guest.pid


def test_a_tree_is_laid_out_on_a_disk(tmp_path: Path) -> None:
    write(build(HOSTS["clean"]), str(tmp_path))
    assert (tmp_path / "sys/bus/pci/devices/0000:01:00.0").is_symlink()
    assert (tmp_path / "proc/cmdline").read_text() == f"{HOSTS['clean'].cmdline}\n"
    with pytest.raises(OSError, match="exists"):
        write(build(HOSTS["clean"]), str(tmp_path))
