"""Huge pages of the running kernel: set aside, given back, got in part; what was there before comes back."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apply.live_target import LiveTarget, live_target
from tests.pools import POOL, fill, held, own_pool
from vfiotui.apply.errors import ApplyError, Conflict
from vfiotui.apply.run import apply
from vfiotui.apply.steps import kind_of, pages
from vfiotui.apply.undo.undo import undo
from vfiotui.apply.writes.place import Place
from vfiotui.host.root.root import Root
from vfiotui.host.root.walk import Top
from vfiotui.model.change.change import Change, nudge, set_pages, set_value
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan, from_json, to_json

FEW = 6
MAP_HUGETLB = 0x40000
"""include/uapi/asm-generic/mman-common.h."""


class KernelSite(LiveTarget):
    """The journal is the test's own; /sys and /proc are the kernel's."""

    def _where(self, path: str, follow_last: bool) -> Place:
        kernel = path.startswith(("/sys/", "/proc/"))
        return Place(Top("/"), path) if kernel else super()._where(path, follow_last)


def kernel_site(folder: Path) -> KernelSite:
    live_target(folder)
    return KernelSite(Root.mounted(str(folder)))


@pytest.fixture
def pool() -> Iterator[int]:
    """The number of pages before, put back after."""
    with own_pool() as before:
        yield before


def applied(folder: Path, *steps: Change) -> tuple[KernelSite, str, State, str]:
    target = kernel_site(folder)
    outcome = apply(target, from_json(to_json(Plan("pages", steps))), lambda _: None)
    return target, outcome.name.partition("-")[0], outcome.state, outcome.word


def test_pages_are_set_aside_and_an_undo_gives_them_back(pool: int, tmp_path: Path) -> None:
    target, number, state, word = applied(tmp_path, set_pages(POOL, pool, pool + FEW, "some pages"))
    if word:
        pytest.skip(f"this kernel has no {FEW} huge pages to give: {word}")
    assert state is State.DONE and held() == pool + FEW
    assert undo(target, number, lambda _: None).state is State.UNDONE
    assert held() == pool


def test_pages_in_use_stay_and_this_is_said(pool: int, tmp_path: Path) -> None:
    fill(pool + FEW)
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_HUGETLB
    with mmap.mmap(-1, (pool + 2) * 2 << 20, flags) as memory:
        for at in range(0, len(memory), 2 << 20):
            memory[at] = 1
        target, number, state, word = applied(tmp_path, set_pages(POOL, pool + FEW, pool, "give all back"))
        assert state is State.DONE and held() == pool + 2
        assert word.startswith("2 huge pages in") and "go when their guest ends" in word
    assert held() == pool, "the kernel takes them when nobody maps them any more"
    assert undo(target, number, lambda _: None).state is State.UNDONE, "that they went is no change by somebody else"
    assert held() == pool + FEW


def test_a_pool_that_changed_since_the_plan_is_left_alone(pool: int, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="make the plan again"):
        applied(tmp_path, set_pages(POOL, pool + 1, pool + FEW, "some pages"))
    assert held() == pool


def short_kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, most: int) -> str:
    """A pool whose kernel has no more than so many pages to give."""
    place = tmp_path / "nr_hugepages"
    place.write_text("1\n")
    real = pages.write
    monkeypatch.setattr(pages, "write", lambda where, text: real(where, f"{min(int(text), most):<9}"))
    return "/nr_hugepages"


def test_what_the_kernel_gives_in_part_is_kept_and_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = short_kernel(monkeypatch, tmp_path, 5)
    _, number, state, word = applied(tmp_path, set_pages(path, 1, 9, "pages"))
    assert (state, word) == (State.DONE, f"the kernel gave 4 of 8 huge pages in {path}; they are kept")
    assert int((tmp_path / "nr_hugepages").read_text()) == 5
    assert undo(kernel_site(tmp_path), number, lambda _: None).state is State.UNDONE
    assert int((tmp_path / "nr_hugepages").read_text()) == 1


def test_all_or_nothing_takes_a_part_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = short_kernel(monkeypatch, tmp_path, 5)
    _, _, state, word = applied(tmp_path, set_pages(path, 1, 9, "pages", whole=True))
    assert state is State.ROLLED_BACK and "the kernel gave 4 of 8" in word
    assert int((tmp_path / "nr_hugepages").read_text()) == 1


def test_no_page_at_all_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = short_kernel(monkeypatch, tmp_path, 1)
    _, _, state, word = applied(tmp_path, set_pages(path, 1, 9, "pages"))
    assert state is State.ROLLED_BACK and "the kernel gave 0 of 8" in word


@pytest.mark.parametrize("text", [b"", b"many", b"-1", b"9" * 40, b"\xff\x1b[2J", "²".encode()])
def test_a_step_that_names_no_number_is_a_sentence(text: bytes) -> None:
    with pytest.raises(ApplyError, match="no number of pages"):
        list(kind_of("pages").preview(Change("pages", POOL, "x", b"1", text)))


def test_the_kernel_compacts_when_it_is_told_to(tmp_path: Path) -> None:
    if not os.access("/proc/sys/vm/compact_memory", os.W_OK):
        pytest.skip("compact_memory cannot be written here")
    target, number, state, _ = applied(tmp_path, nudge("/proc/sys/vm/compact_memory", "1", "compact"))
    assert state is State.DONE
    assert undo(target, number, lambda _: None).state is State.UNDONE


def test_a_later_step_that_fails_gives_pages_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = short_kernel(monkeypatch, tmp_path, 5)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/value").write_text("a")
    (tmp_path / "other/value").chmod(0o400)
    bad = nudge("/proc/version", "x", "no such order")
    _, _, state, _ = applied(tmp_path, set_pages(path, 1, 4, "pages"), set_value("/other/value", b"a", b"b", "v"), bad)
    assert state is State.ROLLED_BACK
    assert int((tmp_path / "nr_hugepages").read_text()) == 1


def test_the_pool_may_grow_on_demand_and_an_undo_ends_that(pool: int, tmp_path: Path) -> None:
    place = Path(POOL.replace("nr_hugepages", "nr_overcommit_hugepages"))
    before = place.read_bytes()
    step = set_value(str(place), before, b"%d" % (int(before) + FEW), "some pages on demand")
    target, number, state, _ = applied(tmp_path, step)
    assert state is State.DONE and int(place.read_bytes()) == int(before) + FEW and held() == pool
    assert undo(target, number, lambda _: None).state is State.UNDONE
    assert place.read_bytes() == before
