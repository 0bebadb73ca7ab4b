"""A sample of the torture: a kill and a refusal at calls spread over the whole run, and every recovery."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.apply.systems import FILES
from tests.apply.torture.__main__ import CASES
from tests.apply.torture.faults import ERRORS, RECOVERIES, Bench, Case, Point
from tests.apply.torture.full_partition import bench_of
from tests.apply.torture.live_faults import LIVE_CASES, LiveBench, LiveCase
from tests.apply.torture.swapped_links import Systems, swaps
from tests.virt.libvirtd import Daemon, lone_daemon

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="owners, chroots and namespaces need root: run make test as root"),
    pytest.mark.needs_libvirtd,
]
SAMPLE = 2


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with lone_daemon() as real:
        yield real


@pytest.fixture(scope="module", params=(*CASES, *LIVE_CASES), ids=lambda c: c.name)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    case: Case | LiveCase = request.param
    made = bench_of(case) if isinstance(case, Case) else LiveBench(case, request.getfixturevalue("daemon"))
    yield made
    made.close()


def spread(points: list[Point], shift: int) -> list[Point]:
    """Some points from beginning to end; another shift takes others."""
    step = len(points) // SAMPLE
    return points[shift % step :: step][:SAMPLE]


@pytest.mark.parametrize("recovery", range(len(RECOVERIES)), ids=[r.__name__ for r in RECOVERIES])
def test_killed_anywhere_it_is_recovered(bench: Bench, recovery: int) -> None:
    assert len(bench.points) > 40
    for point in spread(bench.points, 7 + recovery * 5):
        bench.killed_apply(point, RECOVERIES[recovery])


@pytest.mark.parametrize("error", ERRORS)
def test_refused_anywhere_it_is_all_or_nothing(bench: Bench, error: str) -> None:
    for point in spread(bench.points, 3 + ERRORS.index(error) * 4):
        bench.refused(point, error)


def test_an_undo_that_is_killed_is_ended_by_the_next(bench: Bench) -> None:
    if bench.case.fails:
        assert bench.undo_points == []
        return
    for point in spread(bench.undo_points, 2):
        bench.killed_undo(point)


def test_a_link_in_the_place_of_a_folder_leads_nowhere() -> None:
    with closing(Systems(FILES)) as systems:
        calls = {doing: systems.count(doing) for doing in ("apply", "undo")}
        found = [(swap, wrong) for swap in swaps(calls, 4999) if (wrong := systems.trial(swap)) != ""]
    assert len(found) > 10 and [wrong for wrong in found if wrong[1]] == []
