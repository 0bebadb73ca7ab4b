"""Recordings: what was counted comes back to the last digit; damaged ones are told, broken-off ones are read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfiotui.formats.records import live_table
from vfiotui.formats.records.live_record import (
    BadRecord,
    Heading,
    Remark,
    heading_line,
    look_line,
    read_record,
    remark_line,
    sample_line,
)
from vfiotui.model.base.reading import Unread
from vfiotui.model.live.interference import Culprit, Culprits
from vfiotui.model.live.rates import Rates
from vfiotui.model.live.sample import CpuCount, GuestCount, LiveMoment, Sample, ThreadCount

HOSTILE = 'x "[/dev/vfio/1]"\\ [AMD] \x1b[2J\n,'
NOTHING = Unread("not read")


def sample(at: float, run: int = 5, wait: int = 7, forced: int | None = 3) -> Sample:
    thread = ThreadCount("vcpu", 1, 99, frozenset({2, 3}), 2, run, wait, 11, NOTHING if forced is None else forced, at)
    return Sample(
        at, 1e9 + at, (CpuCount(2, 4700.5, 100), CpuCount(3, NOTHING, NOTHING)), (GuestCount(HOSTILE, 9, (thread,)),)
    )


def lines(*samples: Sample) -> list[str]:
    return [heading_line(Heading("tower", "6.12")), *map(sample_line, samples)]


def test_counters_come_back_to_the_last_digit() -> None:
    first, second = sample(1.25, run=2**62), sample(2.25, forced=None)
    heading, *back = read_record([*lines(first, second), remark_line(Remark(HOSTILE, 2.25, True))])
    assert heading == Heading("tower", "6.12")
    assert back[0] == first._replace(cpus=back[0].cpus) and back[0].cpus[0] == first.cpus[0]  # type: ignore
    thread = back[1].guests[0].threads[0]  # type: ignore[union-attr, index]
    assert isinstance(thread.forced, Unread) and thread.pinned == {2, 3} and thread.run == 5
    assert back[2] == Remark(HOSTILE, 2.25, True)
    assert all(line.isascii() and "\n" not in line for line in lines(first, second))


def test_who_was_seen_comes_back() -> None:
    found = (
        Culprit(2, "kernel", HOSTILE, 9, 0.25, 0.0),
        Culprit(2, "ended", "tasks that have ended", 0, 0.1, 0.0),
        Culprit(2, "irq", "87 xhci_hcd", 0, 0.0, 340.5),
    )
    look = Culprits(2.25, 2.0, found, 12, 0.5, others=288)
    line = look_line(look)
    assert line.isascii() and "\n" not in line
    assert list(read_record([*lines(sample(1.0)), line, sample_line(sample(3.0))]))[2] == look


@pytest.mark.parametrize(
    "change", [("who", [[1, "x", "y", 1, 0.1, 0]]), ("who", 7), ("tasks", -1), ("others", -1), ("at", None)]
)
def test_a_damaged_look_is_named(change: tuple[str, object]) -> None:
    value = json.loads(look_line(Culprits(2.25, 2.0, (), 300, 4.5))) | dict([change])
    with pytest.raises(BadRecord, match="line 3"):
        list(read_record([*lines(sample(1.0)), json.dumps(value), sample_line(sample(3.0))]))


def test_a_look_that_counts_no_others_is_of_all() -> None:
    value = json.loads(look_line(Culprits(2.25, 2.0, (), 300, 4.5)))
    del value["others"]
    look = list(read_record([*lines(sample(1.0)), json.dumps(value)]))[2]
    assert isinstance(look, Culprits) and look.others == 0


def test_a_replay_has_the_rates_of_the_screen() -> None:
    samples = [sample(1.0, 0, 0), sample(2.0, 400_000_000, 12_000_000)]
    seen, replayed = Rates(), Rates()
    shown = [seen.moment(s) for s in samples]
    again = [replayed.moment(s) for s in read_record(lines(*samples)) if isinstance(s, Sample)]
    assert [m.guests for m in shown] == [m.guests for m in again]
    thread = again[1].guests[0].threads[0]  # type: ignore[union-attr, index]
    assert (thread.busy, thread.delay_ms) == (0.4, 12.0)


def test_a_recording_that_was_broken_off_is_read_up_to_there() -> None:
    whole = lines(sample(1.0), sample(2.0))
    found = list(read_record([*whole, sample_line(sample(3.0))[:40]]))
    assert len(found) == 3


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1]", "no json", '{"vfiotui live": 2}', "\x00", "[" * 100_000],
    ids=lambda t: t[:20],
)
def test_what_is_no_recording_is_a_sentence(text: str) -> None:
    with pytest.raises(BadRecord, match="no recording"):
        list(read_record([text]))


@pytest.mark.parametrize("change", [("wall", "x"), ("cpus", [[1, 2]]), ("at", 1e999), ("guests", [["n", -1, []]])])
def test_a_damaged_line_is_named(change: tuple[str, object]) -> None:
    whole = lines(sample(1.0), sample(2.0))
    value = json.loads(whole[1])
    value[change[0]] = change[1]
    whole[1] = json.dumps(value)
    with pytest.raises(BadRecord, match="line 2"):
        list(read_record(whole))


@given(st.lists(st.text() | st.just(lines(sample(1.0))[1])))
def test_no_line_raises_anything_else(text: list[str]) -> None:
    try:
        list(read_record([lines()[0], *text]))
    except BadRecord as error:
        assert "line" in str(error)


def moment() -> LiveMoment:
    rates = Rates()
    rates.moment(sample(1.0, 0, 0))
    return rates.moment(sample(2.0, 400_000_000, 12_000_000))


def test_csv_json_and_openmetrics_tell_the_same_figures() -> None:
    import csv
    import io

    text = f"{live_table.csv_heading()}\n{live_table.csv_lines(moment())}"
    rows = list(csv.DictReader(io.StringIO(text)))
    thread = rows[-1]
    assert (thread["guest"], thread["busy"], thread["delay_ms"], thread["mhz"]) == (HOSTILE, "0.4", "12.0", "4700.5")
    assert thread["pinned"] == "2-3" and rows[1]["mhz"] == "", "unknown is empty"
    parsed = [json.loads(line) for line in live_table.json_lines(moment()).splitlines()]
    assert parsed[-1]["delay_ms"] == 12.0 and parsed[1]["mhz"] is None and parsed[-1]["guest"] == HOSTILE
    metrics = live_table.openmetrics(moment())
    assert metrics.endswith("# EOF\n")
    name = HOSTILE.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    label = f'{{guest="{name}",thread="vcpu",number="1"}}'
    assert f"vfiotui_thread_run_seconds_total{label} 0.4\n" in metrics
    assert f"vfiotui_thread_delay_seconds_total{label} 0.012\n" in metrics
    assert 'vfiotui_cpu_frequency_hertz{cpu="2"} 4.7005e+09\n' in metrics
    assert 'cpu="3"' not in metrics, "unknown is left out"
