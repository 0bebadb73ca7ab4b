"""What a user's environment says decides neither what root runs nor where it writes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vfiotui.apply.reports import keep_report, last_report
from vfiotui.cli.own_path import own_path
from vfiotui.model.base.reading import Unread

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="it is about root: run make test as root")
TOOLS = ("journalctl", "lspci", "zstd", "virsh", "systemctl")


def test_root_runs_nothing_out_of_a_folder_of_somebody_elses(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).write_text(f'#!/bin/sh\necho "{name}" >>{tmp_path}/ran\n')
        (folder / name).chmod(0o755)
    for mode, owner in ((0o777, 0), (0o755, 65534)):
        folder.chmod(mode)
        os.chown(folder, owner, 0)
        env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
        done = subprocess.run([sys.executable, "-m", "vfiotui", "doctor"], env=env, capture_output=True, timeout=120)
        assert done.returncode in (0, 1) and not (tmp_path / "ran").exists()


def test_the_folders_of_root_stay(tmp_path: Path) -> None:
    own, shared, theirs = (tmp_path / name for name in ("own", "shared", "theirs"))
    for folder in (own, shared, theirs):
        (folder / "bin").mkdir(parents=True)
    shared.chmod(0o777)
    os.chown(theirs, 65534, 65534)
    (tmp_path / "link").symlink_to(theirs / "bin")
    path = f"/usr/bin:{own}/bin:{shared}/bin:{theirs}/bin:{tmp_path}/link:{tmp_path}/none:.::/tmp"
    assert own_path(path) == f"/usr/bin:{own}/bin"
    assert own_path("") == own_path("bin") != ""


@pytest.mark.parametrize("how", ["link", "shared", "theirs"])
def test_reports_are_kept_where_nobody_else_decides(how: str, tmp_path: Path) -> None:
    state, target = tmp_path / "vfiotui", tmp_path / "target"
    target.mkdir()
    state.mkdir()
    folder = str(state / "reports/machine")
    if how == "link":
        (state / "reports").symlink_to(target)
    else:
        (state / "reports").mkdir()
        os.chmod(state / "reports", 0o777 if how == "shared" else 0o755)
        os.chown(state / "reports", 0 if how == "shared" else 65534, 0)
    found = keep_report(folder, ())
    assert isinstance(found, Unread) and "this report is not kept: " in found.reason
    assert list(target.iterdir()) == [] and not Path(folder).exists()
    assert isinstance(last_report(folder), Unread)


def test_a_report_that_is_a_fifo_or_a_link_is_passed_over(tmp_path: Path) -> None:
    folder = tmp_path / "vfiotui/reports/machine"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "20260101T000000Z-000.json")
    (folder / "20260101T000001Z-000.json").symlink_to("/etc/shadow")
    assert isinstance(last_report(str(folder)), Unread)
