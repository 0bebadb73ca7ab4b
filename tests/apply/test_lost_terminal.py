"""A lost terminal ends no change, and two appliers never mix."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
from pathlib import Path

import pytest

from tests.apply.private_mounts import HOUSE, VFIOTUI
from tests.apply.systems import disk, plan, system, with_busybox
from tests.requirements import need
from vfiotui.model.change.change import Change, Effect, run_command, write_file
from vfiotui.model.change.plan import to_json
from vfiotui.model.finding.finding import Risk

AGREED = ("--yes", "--run-its-programs")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="entering a mounted system needs root: run make test as root")
LONG = '#!/bin/sh\necho begins\necho here >/begun\nread word </go\necho "goes on: $word"\necho made >/boot/img\n'


def build(why: str = "build the image") -> Change:
    return run_command(("build",), why, products=("/boot/img*",), risk=Risk.R2, effect=Effect.BOOT)


def words(folder: Path, *command: str) -> list[str]:
    return [*VFIOTUI, "--root", str(folder), *command]


def told(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words(folder, *command), capture_output=True, text=True, timeout=60, cwd=HOUSE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A system with a build that waits in the middle: it says so in /begun, and goes on after a word in /go."""
    system(tmp_path)
    with_busybox(tmp_path, need("busybox", "busybox-static"))
    (tmp_path / "usr/sbin/build").write_text(LONG)
    (tmp_path / "usr/sbin/build").chmod(0o755)
    for name in ("begun", "go"):
        os.mkfifo(tmp_path / name)
    last = write_file("/etc/after", None, b"after\n", "what comes after", risk=Risk.R2, effect=Effect.BOOT)
    (tmp_path / "plan.json").write_text(to_json(plan(build(), last, title="Build slowly")))
    return tmp_path


def test_a_change_ends_without_its_terminal(folder: Path) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(HOUSE)
        os.execv(VFIOTUI[0], words(folder, "apply", str(folder / "plan.json"), *AGREED))
    assert (folder / "begun").read_text() == "here\n"
    # The kernel sends SIGHUP to the session of a terminal that goes away.
    os.close(terminal)
    running = told(folder, "changes", "1")
    assert "applying" in running.stdout and "begins" in running.stdout, "another console sees it at work"
    (folder / "go").write_text("word\n")
    _, status = os.waitpid(pid, 0)
    assert not os.WIFSIGNALED(status)
    assert (folder / "boot/img").read_text() == "made\n" and (folder / "etc/after").read_text() == "after\n"
    ended = told(folder, "changes", "1").stdout
    assert "0001-build-slowly" in ended and ": done" in ended and "goes on: word" in ended


def test_two_appliers_do_not_mix(folder: Path) -> None:
    first = subprocess.Popen(
        words(folder, "apply", str(folder / "plan.json"), *AGREED),
        cwd=HOUSE,
        stderr=subprocess.DEVNULL,
    )
    assert (folder / "begun").read_text() == "here\n"
    other = write_file("/etc/other", None, b"other\n", "another", risk=Risk.R2, effect=Effect.NOW)
    (folder / "other.json").write_text(to_json(plan(other, title="Another")))
    refused = told(folder, "apply", str(folder / "other.json"), *AGREED)
    assert refused.returncode == 4
    assert f"another vfiotui (process {first.pid} of " in refused.stderr and "undoes a change" in refused.stderr
    assert told(folder, "undo", "1", "--yes").returncode == 4
    assert not (folder / "etc/other").exists()
    waiting = subprocess.Popen(words(folder, "apply", str(folder / "other.json"), *AGREED, "--wait"), cwd=HOUSE)
    (folder / "go").write_text("word\n")
    assert first.wait(60) == 0 and waiting.wait(60) == 0
    listed = json.loads(told(folder, "changes", "--json").stdout)["changes"]
    assert [(c["number"], c["state"]) for c in listed] == [(2, "done"), (1, "done")]


def test_many_at_once_each_wholly(folder: Path) -> None:
    """Every one of them adds its own file and then the same step; they wait for each other."""
    before = disk(folder)
    for number in range(4):
        step = write_file(f"/etc/many/{number}", None, b"x", "x", risk=Risk.R2, effect=Effect.NOW)
        (folder / f"plan{number}.json").write_text(to_json(plan(step, title=f"Number {number}")))
    at_once = [
        subprocess.Popen(words(folder, "apply", str(folder / f"plan{n}.json"), *AGREED, "--wait"), cwd=HOUSE)
        for n in range(4)
    ]
    assert [p.wait(60) for p in at_once] == [0] * 4
    listed = json.loads(told(folder, "changes", "--json").stdout)["changes"]
    assert sorted(c["number"] for c in listed) == [1, 2, 3, 4] and {c["state"] for c in listed} == {"done"}
    for number in (4, 3, 2, 1):
        assert told(folder, "undo", str(number), "--yes").returncode == 0
        (folder / f"plan{number - 1}.json").unlink()
    assert disk(folder) == before


def test_an_interruption_by_hand_is_heard_after_the_step(folder: Path) -> None:
    before = disk(folder)
    process = subprocess.Popen(words(folder, "apply", str(folder / "plan.json"), *AGREED), cwd=HOUSE)
    assert (folder / "begun").read_text() == "here\n"
    process.send_signal(signal.SIGINT)
    (folder / "go").write_text("word\n")
    assert process.wait(60) == 4
    assert disk(folder) == before


@pytest.mark.parametrize("shell", [("busybox", "sh"), ("dash",)], ids=["busybox", "dash"])
def test_the_script_waits_for_whoever_is_at_work(folder: Path, shell: tuple[str, ...]) -> None:
    """An apply does not have its work undone under its hands, and one that is killed leaves no command that goes on."""
    before = disk(folder)
    process = subprocess.Popen(
        words(folder, "apply", str(folder / "plan.json"), *AGREED),
        cwd=HOUSE,
        stderr=subprocess.DEVNULL,
    )
    assert (folder / "begun").read_text() == "here\n"
    (script,) = folder.glob("var/lib/vfiotui/changes/*/undo.sh")

    def undone() -> subprocess.CompletedProcess[str]:
        argv = [need(shell[0], shell[0]), *shell[1:], str(script)]
        return subprocess.run(argv, capture_output=True, text=True, timeout=60)

    refused = undone()
    assert refused.returncode == 1 and f"at work on this change (process {process.pid} " in refused.stdout
    command = int(refused.stdout.partition(f"process {process.pid} ")[2].partition(")")[0])
    process.kill()
    process.wait(10)
    with contextlib.suppress(ProcessLookupError):
        # The command's supervisor ends it with the apply.
        ended = os.pidfd_open(command)
        assert select.select([ended], [], [], 60)[0]
        os.close(ended)
    done = undone()
    assert done.returncode == 0 and done.stderr == "", done.stdout + done.stderr
    assert disk(folder) == before
