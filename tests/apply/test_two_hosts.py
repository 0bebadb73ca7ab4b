"""Two systems with one disk, or a system and its rescue: neither undoes a change under the other's hands."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.apply.private_mounts import in_private_mounts
from tests.apply.systems import FILES, disk, plan, quiet, system, with_busybox
from tests.apply.torture.faults import HOUSE
from tests.requirements import need
from vfiotui.apply.programs.process import BEAT
from vfiotui.apply.run import apply
from vfiotui.host.changes import LEASE
from vfiotui.model.change.change import Effect, run_command, write_file
from vfiotui.model.change.plan import to_json
from vfiotui.model.finding.finding import Risk

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root: run make test as root")
OTHER = """
echo 11111111-2222-3333-4444-555555555555 >"$1/boot-id"
mount --bind "$1/boot-id" /proc/sys/kernel/random/boot_id
"""
SLOW = "#!/bin/sh\necho here >/begun\nread -r word </go\necho made >/boot/img\n"
AGREED = ("--yes", "--run-its-programs")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A system with a slow build."""
    system(tmp_path)
    with_busybox(tmp_path, need("busybox", "busybox-static"))
    (tmp_path / "usr/sbin/build").write_text(SLOW)
    (tmp_path / "usr/sbin/build").chmod(0o755)
    for name in ("begun", "go"):
        os.mkfifo(tmp_path / name)
    step = run_command(("build",), "build", products=("/boot/img*",), risk=Risk.R2, effect=Effect.BOOT)
    (tmp_path / "plan.json").write_text(to_json(plan(step)))
    return tmp_path


def elsewhere(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    return in_private_mounts(f"{OTHER}{script}", str(folder), need("dash", "dash"))


def test_a_change_at_work_on_another_system_is_left_alone(folder: Path) -> None:
    words = [sys.executable, "-m", "vfiotui", "--root", str(folder), "apply", str(folder / "plan.json"), *AGREED]
    first = subprocess.Popen(words, cwd=HOUSE, stderr=subprocess.DEVNULL)
    assert (folder / "begun").read_text() == "here\n"
    # Its lock is of another kernel: a network or a cluster file system may not know it.
    (folder / "var/lib/vfiotui/lock").unlink()
    done = elsewhere(
        folder,
        """
        v() { "$python" -m vfiotui --root "$@"; }
        v "$1" changes | grep -q applying
        v "$1" undo 1 --yes && exit 9
        v "$1" apply --resume 1 --yes --run-its-programs && exit 9
        busybox sh "$1"/var/lib/vfiotui/changes/0001-*/undo.sh && exit 9
        "$2" "$1"/var/lib/vfiotui/changes/0001-*/undo.sh && exit 9
        exit 0
        """,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.count(f"another system, {os.uname().nodename}, or an earlier start") == 2
    assert done.stdout.count("another program is at work on this change (process of another system)") == 2
    (folder / "go").write_text("word\n")
    assert first.wait(60) == 0 and (folder / "boot/img").read_text() == "made\n"


def test_after_a_power_cut_the_next_start_of_the_system_takes_over(folder: Path) -> None:
    before = disk(folder)
    words = [sys.executable, "-m", "vfiotui", "--root", str(folder), "apply", str(folder / "plan.json"), *AGREED]
    first = subprocess.Popen(words, cwd=HOUSE, stderr=subprocess.DEVNULL)
    assert (folder / "begun").read_text() == "here\n"
    first.kill()
    first.wait()
    (change,) = folder.glob("var/lib/vfiotui/changes/0001-*")
    past = time.time() - LEASE - 1
    os.utime(change / "journal", (past, past))
    done = elsewhere(folder, '"$python" -m vfiotui --root "$1" changes; "$python" -m vfiotui --root "$1" undo 1 --yes')
    assert done.returncode == 0 and "interrupted" in done.stdout, done.stdout + done.stderr
    (folder / "boot-id").unlink()
    assert disk(folder) == before


def test_a_sign_of_life_comes_several_times_in_a_lease() -> None:
    assert BEAT * 3 < LEASE


def test_two_thousand_changes_are_no_burden(tmp_path: Path) -> None:
    """What is read of each is bounded, and the next one is made beside them."""
    target = system(tmp_path)
    apply(target, plan(*FILES), quiet)
    place = tmp_path / "var/lib/vfiotui/changes"
    for number in range(2, 2001):
        copy = place / f"{number:04d}-test-the-steps"
        copy.mkdir()
        for name in ("plan.json", "journal"):
            (copy / name).write_bytes((place / "0001-test-the-steps" / name).read_bytes())
    step = write_file("/etc/beside", None, b"x", "x", risk=Risk.R2, effect=Effect.NOW)
    assert apply(target, plan(step, title="Beside"), quiet).name == "2001-beside"
    words = [sys.executable, "-m", "vfiotui", "--root", str(tmp_path), "changes"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=HOUSE, timeout=60)
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2001
