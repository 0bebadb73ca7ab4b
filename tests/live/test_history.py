"""The history of live figures: rings that wrap, rows that come and go, windows over them."""

from __future__ import annotations

import math

from vfiotui.live.history import FIRST_ROOM, NAN, ROOM, THREAD_FIELDS, LiveHistory, cpu_key
from vfiotui.model.base.reading import Unread
from vfiotui.model.live.sample import CpuMoment, GuestMoment, LiveMoment, Sample, ThreadMoment
from vfiotui.tui.screens.live.time_window import GraphLines, Window, cell_values
from vfiotui.tui.terminal.capabilities import UNICODE

GUEST = ("g", "vcpu", 0)
NOTHING = Unread("no")


def moment(at: int, delay: float | None = None, *, there: bool = True) -> LiveMoment:
    thread = ThreadMoment("vcpu", 0, 9, frozenset({1}), 1, 0.5, NOTHING if delay is None else delay, 10.0, NOTHING)
    guests = (GuestMoment("g", 5, (thread,)),) if there else ()
    cpus = (CpuMoment(0, 1000.0, 0.1), CpuMoment(1, 2000.0 + at, 0.5))
    return LiveMoment(float(at), cpus, guests, Sample(float(at), 1e9 + at, NOTHING, NOTHING))


def filled(count: int, depth: int = 10) -> LiveHistory:
    history = LiveHistory(depth)
    for i in range(count):
        history.append(moment(i, float(i)))
    return history


def test_the_ring_keeps_the_newest_and_forgets_the_oldest() -> None:
    history = filled(25)
    assert (len(history), history.first, history.count) == (10, 15, 25)
    assert history.values(GUEST, "delay", 18, 25) == [18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 24.0]
    old = history.values(GUEST, "delay", 13, 17)
    assert [math.isnan(v) for v in old] == [True, True, False, False]
    assert history.at(24) == 24.0 and math.isnan(history.at(14)) and math.isnan(history.at(25))


def test_a_thread_has_the_frequency_of_the_cpu_on_which_it_ran() -> None:
    assert filled(5).value(GUEST, "mhz", 4) == 2004.0
    assert filled(5).value(cpu_key(0), "mhz", 4) == 1000.0


def test_a_guest_that_vanishes_leaves_a_gap_and_goes_on_in_its_row() -> None:
    history = filled(3)
    history.append(moment(3, there=False))
    assert history.guests == {} and math.isnan(history.value(GUEST, "delay", 3))
    history.append(moment(4, 7.0))
    assert history.values(GUEST, "delay", 2, 5)[0::2] == [2.0, 7.0]
    for i in range(5, 20):
        history.append(moment(i, there=False))
    assert math.isnan(history.value(GUEST, "delay", 19)) and history.thread(GUEST) is None, "forgotten"


def test_memory_is_bounded_by_the_number_of_rows() -> None:
    small, large = LiveHistory(), LiveHistory()
    small.append(moment(0, 1.0))
    cpus = tuple(CpuMoment(i, 1.0, 0.5) for i in range(4096))
    large.append(moment(0, 1.0)._replace(cpus=cpus))
    assert small.depth == 3600 and large.depth == 240


def test_rings_take_their_memory_as_it_is_filled() -> None:
    depth = 4 * FIRST_ROOM + 7
    history, late = LiveHistory(depth), cpu_key(2)
    taken = set()
    for i in range(2 * depth):
        with_late = moment(i, float(i))
        if i >= FIRST_ROOM + 3:
            assert not isinstance(with_late.cpus, Unread)
            with_late = with_late._replace(cpus=(*with_late.cpus, CpuMoment(2, float(i), 0.5)))
        history.append(with_late)
        taken.add(len(history._rings[GUEST].fields["delay"]))
        if i in (FIRST_ROOM, 3 * FIRST_ROOM, depth - 1, depth, 2 * depth - 1):
            begin = history.first
            assert history.values(GUEST, "delay", begin, i + 1) == [float(n) for n in range(begin, i + 1)]
            assert (history.at(begin), history.wall(i)) == (float(begin), 1e9 + i)
    assert min(taken) == FIRST_ROOM and max(taken) == depth and len(taken) > 2
    assert (
        len(history._rings[late].fields["mhz"]) == depth and history.value(late, "mhz", 2 * depth - 1) == 2 * depth - 1
    )


def test_guests_that_come_and_go_take_no_more_than_the_room() -> None:
    history, threads = LiveHistory(), 16
    for i in range(40):
        row = moment(i, 1.0).guests[0].threads[0]  # type: ignore[union-attr]
        stranger = GuestMoment(f"g{i}", i, tuple(row._replace(number=n) for n in range(threads)))
        own = GuestMoment("own", 5, (row,))
        history.append(moment(i)._replace(guests=(own, stranger)))
    known = [i for i in range(40) if history.thread((f"g{i}", "vcpu", 0)) is not None]
    assert known and known == list(range(known[0], 40)), "who went first is forgotten first"
    assert len(known) * threads * len(THREAD_FIELDS) * history.depth * 4 <= ROOM
    assert history.values(("own", "vcpu", 0), "delay", 0, 40) == [1.0] * 40, "who stays keeps all"


def test_marks_leave_with_their_samples() -> None:
    history = filled(5)
    history.mark("here")
    assert [(m.number, m.text) for m in history.marks] == [(4, "here")]
    for i in range(5, 30):
        history.append(moment(i, 0.0))
    history.mark("later", alarm=True)
    assert [m.text for m in history.marks] == ["later"]


def drawn(lines: GraphLines, history: LiveHistory, window: Window) -> str:
    lines.look(window, 12, 20.0, UNICODE)
    return lines.line(history, GUEST)


def test_a_graph_line_that_grows_is_the_line_that_is_drawn_anew() -> None:
    history = LiveHistory(500)
    for zoom in (1, 2, 5):
        growing = GraphLines("delay")
        for _ in range(60):
            history.append(moment(history.count, float(history.count * 7 % 26)))
            window = Window(history.count, zoom)
            grown = drawn(growing, history, window)
            assert grown == drawn(GraphLines("delay"), history, window)
            assert len(grown) == 12
    assert drawn(growing, history, Window(50, 5)) != grown, "back in time"


def test_the_newest_sample_at_a_glance() -> None:
    history = LiveHistory()
    history.append(moment(0, 3.0))
    newest = history.newest[GUEST[0]]
    assert (newest.waited, newest.longest) == (3.0, 3.0)
    assert newest.waiter == GUEST
    assert history.fastest == max(history.value(k, "mhz", 0) for k in history.cpus)
    unknown = moment(1, 0.0)
    assert not isinstance(unknown.guests, Unread)
    (guest,) = unknown.guests
    threads = tuple(t._replace(delay_ms=NOTHING, busy=NOTHING) for t in guest.threads)
    history.append(unknown._replace(guests=(guest._replace(threads=threads),)))
    newest = history.newest[GUEST[0]]
    assert math.isnan(newest.waited) and math.isnan(newest.longest)
    assert newest.waiter is None and newest.at_work == ()


def test_a_cell_of_many_samples_shows_the_longest_delay_and_the_deepest_dip() -> None:
    history = filled(10)
    window = Window(10, 5)
    assert cell_values(history, GUEST, "delay", window, 2) == [4.0, 9.0]
    assert cell_values(history, GUEST, "mhz", window, 2) == [2000.0, 2005.0]
    assert window.cell_of(7, 2) == 1 and window.cell_of(4, 2) == 0 and window.cell_of(4, 1) is None


def test_the_peak_is_the_highest_known_value_of_the_window() -> None:
    history = LiveHistory(8)
    for value in (NAN, 5.0, NAN, 2.0, 7.0, NAN, 1.0, 3.0, NAN, 4.0, 6.0):
        history.append(moment(history.count, value))
        for begin in range(-2, history.count):
            known = [v for v in history.values(GUEST, "delay", begin, history.count) if v == v]
            peak = history.peak(GUEST, "delay", begin, history.count)
            assert peak == max(known) if known else peak != peak
    assert history.peak(("none", "vcpu", 0), "delay", 0, 9) != history.peak(GUEST, "delay", 9, 9), "both unknown"


def test_one_moment_has_the_values_of_all_fields() -> None:
    history = filled(6)
    told = history.moment(GUEST, 4)
    for field, value in zip(THREAD_FIELDS, told, strict=True):
        single = history.value(GUEST, field, 4)
        assert value == single or (value != value and single != single)
    assert history.moment(GUEST, 6) == () and history.moment(("none", "vcpu", 0), 4) == ()
