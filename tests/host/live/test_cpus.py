"""Host CPUs: those that come later, and the time that a hypervisor below this host takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vfiotui.formats.records import live_record, live_table
from vfiotui.host.live.cpus import LATE_READINGS, CpuReader
from vfiotui.host.root.root import Root
from vfiotui.live.history import LiveHistory
from vfiotui.model.base.reading import Reading, Unread
from vfiotui.model.live.rates import Rates
from vfiotui.model.live.sample import CpuCount, GuestCount, Sample, ThreadCount
from vfiotui.tui.screens.live.time_window import Window
from vfiotui.tui.screens.live.view import Table, live_rows
from vfiotui.tui.terminal.capabilities import SETS

CPU = "sys/devices/system/cpu/cpu{}"


def machine(top: Path, cpus: tuple[int, ...], with_frequency: tuple[int, ...], step: int = 1, steal: int = 0) -> Root:
    (top / "proc").mkdir(exist_ok=True)
    for cpu in cpus:
        (top / CPU.format(cpu)).mkdir(parents=True, exist_ok=True)
    for cpu in with_frequency:
        (top / CPU.format(cpu) / "cpufreq").mkdir(exist_ok=True)
        (top / CPU.format(cpu) / "cpufreq/scaling_cur_freq").write_text(f"{3 + cpu}000000\n")
    lines = [f"cpu{c} {step} 0 0 {step} 0 0 0 {steal} 0 0\n" for c in cpus]
    (top / "proc/stat").write_text(f"cpu  1 0 0 1 0 0 0 0 0 0\n{''.join(lines)}intr 5\n")
    return Root.mounted(str(top))


def frequencies(reader: CpuReader) -> dict[int, Reading[float]]:
    found = reader.read()
    assert not isinstance(found, Unread)
    return {c.cpu: c.mhz for c in found}


def test_a_cpu_that_comes_online_later_shows_its_frequency(tmp_path: Path) -> None:
    reader = CpuReader(machine(tmp_path, (0,), (0,)))
    assert frequencies(reader) == {0: 3000.0}
    machine(tmp_path, (0, 1, 2), (0, 1), 2)
    found = frequencies(reader)
    assert found[1] == 4000.0 and isinstance(found[2], Unread)
    machine(tmp_path, (0, 1, 2), (0, 1, 2), 3)
    assert frequencies(reader)[2] == 5000.0, "the kernel shows it a moment later"
    reader.close()


def test_a_cpu_without_a_frequency_is_not_looked_at_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = machine(tmp_path, (0,), (0,))
    reader = CpuReader(root)
    frequencies(reader)
    machine(tmp_path, (0, 1), (0,), 2)
    asked: list[str] = []
    exists = root.exists
    monkeypatch.setattr(root, "exists", lambda path: asked.append(path) or exists(path))
    for step in range(3 * LATE_READINGS):
        machine(tmp_path, (0, 1), (0,), 3 + step)
        frequencies(reader)
    assert 0 < len(asked) <= LATE_READINGS + 1
    reader.close()


def moments(*steals: int) -> tuple[LiveHistory, list[dict[str, object]]]:
    rates, history = Rates(), LiveHistory()
    records: list[dict[str, object]] = []
    for at, steal in enumerate(steals, 1):
        moment = rates.moment(Sample(float(at), 1e9 + at, (CpuCount(0, 3000.0, 10 * at, steal),), ()))
        history.append(moment)
        records = live_table.records(moment)
    return history, records


def test_stolen_time_is_no_work_and_has_a_figure_of_its_own(tmp_path: Path) -> None:
    reader = CpuReader(machine(tmp_path, (0,), (0,), steal=7))
    found = reader.read()
    assert not isinstance(found, Unread) and (found[0].busy, found[0].steal) == (1, 7)
    reader.close()
    _, records = moments(100, 125)
    assert (records[0]["busy"], records[0]["steal"]) == (0.1, 0.25)
    _, records = moments(0, 0)
    assert records[0]["steal"] == 0.0


def screen(history: LiveHistory, guest: str = "") -> str:
    table = Table(SETS["ascii"])
    rows = live_rows(history, guest, Window(history.count), history.count - 1, table, 100, cpus=True)
    assert all(sum(len(text) for text, _ in row.runs) <= 100 for row in rows)
    return "\n".join("".join(text for text, _ in row.runs) for row in rows)


def test_only_a_host_that_is_a_virtual_machine_has_the_column_of_stolen_time() -> None:
    assert "steal" not in screen(moments(0, 0)[0])
    shown = screen(moments(100, 125)[0])
    assert "busy  steal load" in shown and re.search(r" 10%  25\.0% ", shown)
    assert "0.0%" in screen(moments(100, 125, 125)[0])


def test_a_recording_keeps_stolen_time_and_what_is_not_visible() -> None:
    missing, unseen = Unread("the thread of vCPU 0 has no name"), Unread("hidepid=2")
    sample = Sample(1.0, 2.0, (CpuCount(3, 1.0, 5, 9), CpuCount(4, 1.0, 5)), (GuestCount("g", 7, (), missing),), unseen)
    lines = [live_record.heading_line(live_record.Heading("h", "k")), live_record.sample_line(sample)]
    assert list(live_record.read_record(lines))[1] == sample
    none = Sample(1.0, 2.0, (), unseen)
    line = live_record.sample_line(none)
    kept = list(live_record.read_record([lines[0], line]))[1]
    assert isinstance(kept, Sample) and kept.guests == unseen
    plain = live_record.sample_line(Sample(1.0, 2.0, (CpuCount(4, 1.0, 5),), ()))
    assert not {"steal", "missing", "not_visible"} & set(re.findall(r'"(\w+)"', plain))


@pytest.mark.parametrize(
    "more", ['"steal":{"x":1}', '"steal":{"3":-1}', '"steal":[1]', '"missing":7', '"missing":{"a":"b"}', '"steal":null']
)
def test_a_garbled_recording_is_no_sample(more: str) -> None:
    lines = [
        live_record.heading_line(live_record.Heading("h", "k")),
        f'{{"at":1,"wall":2,"cpus":[],"guests":[],{more}}}',
    ]
    with pytest.raises(live_record.BadRecord):
        list(live_record.read_record([*lines, lines[1]]))


def test_what_is_not_visible_stands_on_the_screen_and_in_the_streams() -> None:
    missing, unseen = Unread("the thread of vCPU 0 has no name"), Unread("is mounted with hidepid=2", path="/proc")
    history = LiveHistory()
    emulator = ThreadCount("emulator", 0, 7, frozenset({0}), 0, 1, 1, 1, 1, 1.0)
    moment = Rates().moment(Sample(1.0, 2.0, (), (GuestCount("g", 7, (emulator,), missing),), unseen))
    history.append(moment)
    shown = screen(history, "g")
    assert "more guests may run: /proc: is mounted with hidepid=2" in shown
    assert "not all vCPUs are visible: the thread of vCPU 0 has no name" in shown
    csv = live_table.csv_lines(moment)
    assert ",g,unread,," in csv and ",,unread,," in csv and csv.count("hidepid=2") == 1
    history.append(Rates().moment(Sample(2.0, 3.0, (), unseen)))
    assert "guests are not visible: /proc: is mounted with hidepid=2" in screen(history)
