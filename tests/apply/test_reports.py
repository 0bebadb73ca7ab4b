"""Reports are kept whole, few and private, and keeping one never fails."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfiotui.apply import reports
from vfiotui.apply.reports import KEPT, keep_report, last_report, machine_folder, parse_report, state_folder
from vfiotui.model.base.reading import Unread
from vfiotui.model.finding.comparison import Past, PastReport

ONE = Past("A", "x [/dev/vfio/1] \x1b[2J", "fail", "broken \udcff")


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    folder = str(tmp_path / "new" / "machine")
    assert keep_report(folder, [ONE], 1_800_000_000) is None
    found = last_report(folder)
    assert found == PastReport("2027-01-15T08:00:00Z", (ONE,))
    (kept,) = Path(folder).iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600 and stat.S_IMODE(Path(folder).stat().st_mode) == 0o700


def test_only_the_newest_stay(tmp_path: Path) -> None:
    for second in range(KEPT + 5):
        assert keep_report(str(tmp_path), [], 1_800_000_000 + second) is None
    names = sorted(os.listdir(tmp_path))
    assert len(names) == KEPT and names[0].endswith("080005Z-000.json")


def test_two_in_one_second_are_both_kept_in_order(tmp_path: Path) -> None:
    for word in ("fail", "warn", "info"):
        assert keep_report(str(tmp_path), [Past("A", "host", word, "")], 1_800_000_000) is None
    found = last_report(str(tmp_path))
    assert not isinstance(found, Unread) and found.findings[0].word == "info"
    assert len(os.listdir(tmp_path)) == 3


def test_none_yet_is_a_reason(tmp_path: Path) -> None:
    found = last_report(str(tmp_path / "nowhere"))
    assert isinstance(found, Unread) and "no earlier report" in found.reason


def test_a_damaged_report_is_passed_over_for_the_one_before(tmp_path: Path) -> None:
    keep_report(str(tmp_path), [ONE], 1_800_000_000)
    (tmp_path / "20300101T000000Z-000.json").write_text('{"taken": ')
    found = last_report(str(tmp_path))
    assert not isinstance(found, Unread) and found.findings == (ONE,)


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for second in range(KEPT + 2):
        keep_report(str(tmp_path), [], 1_800_000_000 + second)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = keep_report(str(tmp_path / "file" / "below"), [ONE])
    assert isinstance(found, Unread) and "not kept" in found.reason


def test_a_full_disk_leaves_no_half_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reports.os, "fsync", full)
    found = keep_report(str(tmp_path), [ONE])
    assert isinstance(found, Unread) and "no space" in found.reason and os.listdir(tmp_path) == []


@given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_any_other_json_is_refused(value: object) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        parse_report(json.dumps(value).encode())


def test_state_lies_where_the_desktop_says() -> None:
    assert state_folder({"XDG_STATE_HOME": "/x/"}, 1000) == "/x/vfiotui"
    assert state_folder({"XDG_STATE_HOME": "relative", "HOME": "/home/a"}, 1000) == "/home/a/.local/state/vfiotui"
    assert state_folder({"HOME": "/root"}, 0) == "/var/lib/vfiotui"


def test_machines_do_not_share_a_folder_and_names_stay_inside() -> None:
    hostile = machine_folder("/state", "../../etc/\x1b", "LIVE", "")
    assert hostile.startswith("/state/reports/") and hostile.count("/") == 3 and "\x1b" not in hostile
    assert len({machine_folder("/s", "h", m, la) for m in ("LIVE", "ROOT") for la in ("", "/mnt")}) == 4
