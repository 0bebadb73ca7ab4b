"""Commands whose effect no undo reaches run once more; looks that want words gone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.apply.systems import AFTER, GRUB, RISKS, disk, plan, quiet, system, with_busybox
from tests.host.boot.test_boot import uki_image
from tests.requirements import need
from vfiotui.apply.run import apply
from vfiotui.apply.scripts.shell_script import shell_script
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.model.change.change import Change, look_into, run_command, write_file
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan, from_json, to_json

REFRESH = """#!/bin/sh
# Stands for proxmox-boot-tool: copies the words to where nobody looks.
echo "${1:-}:$(cat /etc/default/grub.real | sed -n 's/.*DEFAULT=//p')" >>/opt/elsewhere
[ ! -e /opt/full ]
"""
EDIT = write_file("/etc/default/grub", GRUB, AFTER, "add iommu=pt", **RISKS)  # type: ignore[arg-type]
COPY = run_command(("boot-tool", "refresh"), "copy the words", again=True, **RISKS)  # type: ignore[arg-type]


@pytest.fixture
def entered(tmp_path: Path) -> Target:
    if os.geteuid() != 0:
        pytest.skip("entering a system needs root")
    target = system(tmp_path / "a")
    with_busybox(tmp_path / "a", need("busybox", "busybox-static"))
    tool = tmp_path / "a/usr/sbin/boot-tool"
    tool.write_text(REFRESH)
    tool.chmod(0o755)
    (tmp_path / "a/opt").mkdir()
    return target


def elsewhere(folder: Path) -> list[str]:
    return (folder / "a/opt/elsewhere").read_text().split("\n")[:-1]


def test_the_undo_runs_it_once_more_when_the_files_are_back(entered: Target, tmp_path: Path) -> None:
    before = disk(tmp_path / "a")
    outcome = apply(entered, plan(EDIT, COPY), quiet)
    assert outcome.state is State.DONE and elsewhere(tmp_path) == ["refresh:'quiet iommu=pt'"]
    assert undo(entered, "1", quiet).state is State.UNDONE
    assert elsewhere(tmp_path) == ["refresh:'quiet iommu=pt'", "refresh:'quiet'"]
    (tmp_path / "a/opt/elsewhere").unlink()
    assert disk(tmp_path / "a") == before


def test_a_change_that_fails_leaves_the_copies_as_they_were(entered: Target, tmp_path: Path) -> None:
    failing = run_command(("broken-build",), "fails", products=("/boot/grub/grub.cfg",), **RISKS)  # type: ignore[arg-type]
    assert apply(entered, plan(EDIT, COPY, failing), quiet).state is State.ROLLED_BACK
    assert elsewhere(tmp_path)[-1] == "refresh:'quiet'"


def test_an_undo_that_was_cut_short_runs_it_too(entered: Target, tmp_path: Path) -> None:
    """The copy fails on the way back; the files are back by then, and the second undo still copies."""
    apply(entered, plan(EDIT, COPY), quiet)
    (tmp_path / "a/opt/full").touch()
    with pytest.raises(Exception, match="boot-tool ended with 1"):
        undo(entered, "1", quiet)
    (tmp_path / "a/opt/full").unlink()
    shutil.copy(tmp_path / "a/opt/elsewhere", tmp_path / "seen")
    assert undo(entered, "1", quiet).state is State.UNDONE
    assert len(elsewhere(tmp_path)) == len((tmp_path / "seen").read_text().split("\n"))
    assert elsewhere(tmp_path)[-1] == "refresh:'quiet'"


def test_the_script_does_the_same(entered: Target, tmp_path: Path) -> None:
    apply(entered, plan(EDIT, COPY), quiet)
    script = next(Path(entered.outside(entered.journal)).iterdir()) / "undo.sh"
    done = subprocess.run(["sh", str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert elsewhere(tmp_path) == ["refresh:'quiet iommu=pt'", "refresh:'quiet'"]


def test_it_survives_being_written_down() -> None:
    whole = Plan("x", (COPY, look_into("/boot/grub/grub.cfg", ("a",), "look", ("b",))))
    assert from_json(to_json(whole)) == whole


@pytest.mark.parametrize(
    ("text", "wants", "bans", "holds"),
    [
        ("linux /vmlinuz quiet iommu=pt\n", ("iommu=pt",), ("splash",), True),
        ("linux /vmlinuz quiet amd_iommu=pt\n", ("iommu=pt",), (), False),
        ("linux /vmlinuz quiet amd_iommu=pt\n", (), ("iommu=pt",), True),
        ("linux /vmlinuz iommu=pt\n", (), ("iommu=pt",), False),
        ("options a.b=1\n", (), ("a?b=1", "axb=1"), True),
        ("options pci=a+b[0]\n", ("pci=a+b[0]",), (), True),
    ],
)
def test_a_look_wants_whole_words(
    text: str, wants: tuple[str, ...], bans: tuple[str, ...], holds: bool, tmp_path: Path
) -> None:
    target = system(tmp_path / "a")
    (tmp_path / "a/boot/grub/grub.cfg").write_text(text)
    change: Change = look_into("/boot/grub/grub.cfg", wants, "look", bans)
    outcome = apply(target, plan(change), quiet)
    assert (outcome.state is State.DONE) == holds, outcome
    script = "\n".join(shell_script(plan(change))).replace("/boot/grub", f"{tmp_path}/a/boot/grub")
    assert (subprocess.run(["sh", "-c", script]).returncode == 0) == holds


def test_two_commands_may_write_the_same_file(entered: Target, tmp_path: Path) -> None:
    """Neither takes the other's work for somebody else's, nor does the script."""
    tool = tmp_path / "a/usr/sbin/add-word"
    tool.write_text('#!/bin/sh\necho "$1" >>/boot/grub/grub.cfg\necho "$1" >>/boot/grub/grub.cfg.new\n')
    tool.chmod(0o755)
    before = disk(tmp_path / "a")
    steps = [
        run_command(("add-word", w), "add", products=("/boot/grub/grub.cfg*",), **RISKS)  # type: ignore[arg-type]
        for w in ("a", "b")
    ]
    assert apply(entered, plan(*steps), quiet).state is State.DONE
    script = next(Path(entered.outside(entered.journal)).iterdir()) / "undo.sh"
    told = subprocess.run(["sh", str(script), "-n"], capture_output=True, text=True)
    assert told.returncode == 0 and "changed by something else" not in told.stdout, told.stdout + told.stderr
    assert undo(entered, "1", quiet).state is State.UNDONE
    assert disk(tmp_path / "a") == before
    apply(entered, plan(*steps), quiet)
    (tmp_path / "a/boot/grub/grub.cfg").write_text("by hand\n")
    with pytest.raises(Exception, match="changed since"):
        undo(entered, "2", quiet)


def test_only_the_words_of_a_unified_image_count(tmp_path: Path) -> None:
    """The kernel and the initrd inside hold many texts of their own."""
    target = system(tmp_path / "a")
    (tmp_path / "a/boot/x.efi").write_bytes(uki_image("root=UUID=1 iommu=pt") + b" quiet splash \n")
    for wants, bans, state in (
        (("iommu=pt", "root=UUID=1"), ("quiet",), State.DONE),
        (("splash",), (), State.ROLLED_BACK),
        ((), ("iommu=pt",), State.ROLLED_BACK),
    ):
        change = look_into("/boot/x.efi", wants, "look", bans)
        outcome = apply(target, plan(change), quiet)
        assert outcome.state is state, outcome
