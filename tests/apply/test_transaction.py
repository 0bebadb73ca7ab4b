"""A plan is applied wholly or not at all, and taken back to the last byte and attribute."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.apply.systems import AFTER, COMMAND, FILES, GRUB, disk, plan, quiet, system, with_busybox
from tests.requirements import need
from vfiotui.apply.errors import ApplyError, Busy, Conflict
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import resume, undo
from vfiotui.apply.writes.place import Place
from vfiotui.host import changes
from vfiotui.host.root.walk import Top
from vfiotui.model.change.change import Effect, run_command, set_value, write_file
from vfiotui.model.change.journal import ChangeRecord, State
from vfiotui.model.change.plan import Condition, Plan
from vfiotui.model.finding.finding import Risk

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="entering a mounted system needs root: run make test as root")


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return system(tmp_path)


@pytest.fixture
def entered(target: Target, tmp_path: Path) -> Target:
    with_busybox(tmp_path, need("busybox", "busybox-static"))
    return target


def records(target: Target) -> list[ChangeRecord]:
    found = changes.read(target.root)
    assert isinstance(found, tuple)
    return list(found)


def test_files_and_links_change_and_come_back(target: Target, tmp_path: Path) -> None:
    before = disk(tmp_path)
    told: list[str] = []
    outcome = apply(target, plan(*FILES), told.append)
    assert outcome.state is State.DONE
    assert (tmp_path / "etc/default/grub.real").read_bytes() == AFTER
    assert (tmp_path / "etc/default/grub").is_symlink(), "the file behind a link is edited, the link stays"
    assert not (tmp_path / "etc/modprobe.d/old.conf").exists()
    assert (tmp_path / "etc/dracut.conf.d/deep/vfio.conf").stat().st_mode & 0o777 == 0o600
    assert os.readlink(tmp_path / "etc/current") == "/etc/modprobe.d"
    assert [t.split(":")[0] for t in told] == [f"step {n} of 5" for n in range(1, 6)]
    assert undo(target, "1", quiet).state is State.UNDONE
    assert disk(tmp_path) == before


def test_mode_owner_and_attributes_stay(target: Target, tmp_path: Path) -> None:
    name = "etc/default/grub.real"
    before = disk(tmp_path)[name]
    apply(target, plan(FILES[0]), quiet)
    after = disk(tmp_path)[name]
    assert after[:-1] == before[:-1] and after[-1] != before[-1]


def test_the_journal_tells_it(target: Target) -> None:
    apply(target, plan(*FILES, title="Add iommu=pt [bold]"), quiet)
    (record,) = records(target)
    assert (record.number, record.slug, record.state) == (1, "add-iommu-pt-bold", State.DONE)
    assert isinstance(record.plan, Plan) and record.plan.steps == FILES
    assert record.progress.begun == (1, 2, 3, 4, 5)
    undo(target, record.name, quiet)
    assert records(target)[0].state is State.UNDONE
    with pytest.raises(ApplyError, match="already"):
        undo(target, "1", quiet)


def test_a_subject_that_is_not_as_planned_stops_before_the_first_write(target: Target, tmp_path: Path) -> None:
    (tmp_path / "etc/modprobe.d/old.conf").write_text("# mine\n")
    before = disk(tmp_path)
    with pytest.raises(Conflict, match=r"old\.conf .*make the plan again"):
        apply(target, plan(*FILES), quiet)
    assert disk(tmp_path) == before and records(target) == []


def test_undo_refuses_what_somebody_changed_since(target: Target, tmp_path: Path) -> None:
    apply(target, plan(*FILES), quiet)
    (tmp_path / "etc/default/grub.real").write_bytes(b"mine\n")
    before = disk(tmp_path)
    with pytest.raises(Conflict, match="/etc/default/grub changed since"):
        undo(target, "1", quiet)
    assert disk(tmp_path) == before, "a refused undo does nothing at all"
    undo(target, "1", quiet, force=True)
    assert (tmp_path / "etc/default/grub.real").read_bytes() == GRUB


def test_undo_names_the_later_change_of_the_same_file(target: Target) -> None:
    apply(target, plan(FILES[0]), quiet)
    second = write_file("/etc/default/grub", AFTER, b"x\n", "again", risk=Risk.R2, effect=Effect.BOOT)
    apply(target, plan(second), quiet)
    with pytest.raises(Conflict, match="change 2 did; undo the newest first"):
        undo(target, "1", quiet)
    undo(target, "2", quiet)
    undo(target, "1", quiet)


@ROOT_ONLY
def test_a_command_runs_inside_the_system_and_its_products_come_back(entered: Target, tmp_path: Path) -> None:
    before = disk(tmp_path)
    mounts = Path("/proc/self/mounts").read_text()
    outcome = apply(entered, plan(FILES[0], *COMMAND), quiet)
    assert outcome.state is State.DONE, outcome
    assert b"iommu=pt" in (tmp_path / "boot/grub/grub.cfg").read_bytes()
    assert "made by" in Path(entered.outside(entered.journal), outcome.name, "log").read_text()
    assert undo(entered, "1", quiet).state is State.UNDONE
    assert disk(tmp_path) == before
    assert Path("/proc/self/mounts").read_text() == mounts, "nothing stays mounted"


@ROOT_ONLY
def test_a_command_that_fails_takes_everything_back(entered: Target, tmp_path: Path) -> None:
    before = disk(tmp_path)
    broken = run_command(
        ("broken-build",), "build", products=("/boot/grub/grub.cfg",), risk=Risk.R2, effect=Effect.BOOT
    )
    outcome = apply(entered, plan(*FILES, broken), quiet)
    assert outcome.state is State.ROLLED_BACK
    assert "broken-build ended with 3: no space for the menu" in outcome.word
    assert disk(tmp_path) == before
    (record,) = records(entered)
    assert record.state is State.ROLLED_BACK and record.progress.word == outcome.word


@ROOT_ONLY
def test_success_is_not_believed_from_an_exit_code(entered: Target, tmp_path: Path) -> None:
    before = disk(tmp_path)
    outcome = apply(entered, plan(*COMMAND), quiet)
    assert outcome.state is State.ROLLED_BACK
    assert "does not hold iommu=pt" in outcome.word
    assert disk(tmp_path) == before


def test_a_missing_program_is_told_before_the_first_write(target: Target, tmp_path: Path) -> None:
    before = disk(tmp_path)
    step = run_command(("update-nothing",), "x", risk=Risk.R2, effect=Effect.BOOT)
    with pytest.raises(ApplyError, match="update-nothing is not installed"):
        apply(target, plan(*FILES, step), quiet)
    assert disk(tmp_path) == before and records(target) == []


def test_conditions_are_all_told_at_once(target: Target, tmp_path: Path) -> None:
    wanted = Plan(
        "x",
        FILES,
        conditions=(
            Condition("program", "grubby", why="install it"),
            Condition("space", "/boot", str(1 << 60)),
            Condition("mounted", "/etc/empty"),
        ),
        machine="another",
    )
    (tmp_path / "etc/empty").mkdir()
    with pytest.raises(ApplyError) as caught:
        apply(target, wanted, quiet)
    for words in ("another machine", "grubby is not installed here; install it", "MiB free", "/etc/empty is empty"):
        assert words in str(caught.value)


def test_a_value_of_the_kernel_belongs_to_a_running_one(target: Target) -> None:
    with pytest.raises(ApplyError, match="a mounted system has none"):
        apply(target, plan(set_value("/sys/kernel/mm/ksm/run", b"1", b"0", "x")), quiet)


def test_somebody_at_work_is_not_disturbed(target: Target) -> None:
    from vfiotui.apply.lock import locked

    with locked(target), pytest.raises(Busy, match="another vfiotui"):
        apply(target, plan(*FILES), quiet)
    assert apply(target, plan(*FILES), quiet).state is State.DONE


def test_who_is_at_work_is_named(target: Target) -> None:
    """The process that has the lock, not one that only waits for it."""
    from vfiotui.apply.lock import locked

    with locked(target):
        lock = target.outside(target.journal.above / "lock")
    program = f"import fcntl, sys; file = open({lock!r}); print(flush=True); fcntl.flock(file, fcntl.LOCK_EX)"
    words = [sys.executable, "-c", f"{program}; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline() and holder.stdout.readline()
        waiter = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            assert waiter.stdout is not None and waiter.stdout.readline()
            with pytest.raises(Busy, match=rf"vfiotui \(process {holder.pid} of \w+ since [^:]+:\d\d: /\S+ -c"):
                apply(target, plan(*FILES), quiet)
        finally:
            holder.communicate()
            waiter.communicate()


def test_stopping_by_hand_takes_back_what_was_done(target: Target, tmp_path: Path) -> None:
    before = disk(tmp_path)
    asked: list[int] = []

    def third() -> bool:
        asked.append(1)
        return len(asked) == 3

    outcome = apply(target, plan(*FILES), quiet, stopped=third)
    assert outcome.state is State.ROLLED_BACK and "stopped by hand" in outcome.word
    assert disk(tmp_path) == before


def test_an_interrupted_change_blocks_the_next_until_it_is_ended(target: Target, tmp_path: Path) -> None:
    before = disk(tmp_path)
    apply(target, plan(*FILES), quiet)
    journal = Path(target.outside(target.journal), "0001-test-the-steps", "journal")
    lines = journal.read_text().splitlines(True)
    # As if another process had been killed in the third step, with a line that the power cut tore.
    journal.write_text("".join(lines[:6]).replace('"start": ', '"start": 9') + lines[6][:10])
    assert records(target)[0].state is State.INTERRUPTED
    with pytest.raises(ApplyError, match=r"is interrupted: 'vfiotui undo 1'"):
        apply(target, plan(FILES[0]), quiet)
    assert resume(target, "1", quiet).state is State.DONE
    undo(target, "1", quiet)
    assert disk(tmp_path) == before
    assert all(json.loads(line) for line in journal.read_text().splitlines() if not line.startswith(lines[6][:10]))


@pytest.mark.parametrize("path", ["etc/x", "/etc/\0x", "relative"])
def test_a_path_that_is_none_is_refused(target: Target, path: str) -> None:
    with pytest.raises(ApplyError, match="no absolute path"):
        apply(target, plan(write_file(path, None, b"x", "x", risk=Risk.R2, effect=Effect.NOW)), quiet)


def test_links_never_lead_out_of_a_mounted_system(target: Target, tmp_path: Path) -> None:
    (tmp_path / "etc/out").symlink_to("/../../../../../../tmp")
    (tmp_path / "tmp").mkdir()
    apply(target, plan(write_file("/etc/out/escaped", None, b"x", "x", risk=Risk.R2, effect=Effect.NOW)), quiet)
    assert (tmp_path / "tmp/escaped").read_bytes() == b"x"
    assert not Path("/tmp/escaped").exists()


def test_the_demo_and_a_capture_cannot_be_changed() -> None:
    from tests.hosts import HOSTS
    from tests.machines import root_of
    from vfiotui.model.base.mode import Mode

    with pytest.raises(ApplyError, match="made up"):
        Target(root_of(HOSTS["tower"], Mode.DEMO))
    with pytest.raises(ApplyError, match="capture"):
        Target(root_of(HOSTS["tower"], Mode.CAPTURE))


def test_a_folder_in_place_of_a_file_is_not_touched(target: Target, tmp_path: Path) -> None:
    (tmp_path / "etc/dir").mkdir()
    with pytest.raises(ApplyError, match="no regular file"):
        apply(target, plan(write_file("/etc/dir", None, b"x", "x", risk=Risk.R2, effect=Effect.NOW)), quiet)


def test_a_command_that_cannot_be_journaled_does_not_run_on(entered: Target, tmp_path: Path) -> None:
    """Its work is taken back: a command that went on would write behind that."""
    from vfiotui.apply.programs.process import run as run_command_of

    begun: list[int] = []

    def full(pid: int) -> None:
        begun.append(pid)
        raise OSError(28, "No space left on device")

    if os.geteuid() != 0:
        pytest.skip("entering a mounted system needs root: run make test as root")
    with pytest.raises(OSError, match="No space"):
        run_command_of(entered, ("sh", "-c", "read line </dev/zero"), Place(Top(str(tmp_path)), "/log"), full)
    with pytest.raises(ProcessLookupError):
        os.kill(begun[0], 0)


@ROOT_ONLY
def test_what_somebody_changed_while_it_was_applied_is_left_alone_on_the_way_back(
    entered: Target, tmp_path: Path
) -> None:
    before = disk(tmp_path)
    # Stands for a person or a program that edits the file between our step and the failure.
    (tmp_path / "usr/sbin/broken-build").write_text("#!/bin/sh\nprintf 'mine' >/etc/default/grub.real\nexit 3\n")
    broken = run_command(
        ("broken-build",), "build", products=("/boot/grub/grub.cfg",), risk=Risk.R2, effect=Effect.BOOT
    )
    outcome = apply(entered, plan(*FILES, broken), quiet)
    assert outcome.state is State.STUCK
    assert "/etc/default/grub was changed by something else meanwhile: it is left alone" in outcome.word
    assert (tmp_path / "etc/default/grub.real").read_bytes() == b"mine"
    after = disk(tmp_path)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert changed == {"etc/default/grub.real", "usr/sbin/broken-build"}, "everything else is back"


def test_every_line_of_the_journal_is_durable_before_a_subject_changes(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, rename = os.fsync, os.rename
    durable, renamed = [0], list[str]()

    def written() -> int:
        return sum(len(p.read_bytes().splitlines()) for p in (tmp_path / "var/lib/vfiotui/changes").glob("*/journal"))

    def note_fsync(fd: int) -> None:
        fsync(fd)
        if os.readlink(f"/proc/self/fd/{fd}").endswith("/journal"):
            durable.append(written())

    def note_rename(old: str, new: str, **folders: int) -> None:
        where = os.readlink(f"/proc/self/fd/{folders['dst_dir_fd']}") if "dst_dir_fd" in folders else ""
        if where.startswith(str(tmp_path / "etc")):
            renamed.append(new)
            assert durable[-1] == written() > 0, f"{new} is changed before the intent is on the disk"
        rename(old, new, **folders)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "rename", note_rename)
    assert apply(target, plan(*FILES), quiet).state is State.DONE
    assert renamed and durable[-1] == written(), "the last line too"
    assert undo(target, "1", quiet).state is State.UNDONE
    assert durable[-1] == written()
