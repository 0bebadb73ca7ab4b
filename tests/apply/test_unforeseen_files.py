"""A generator writes where no plan foresaw it: whatever it does below /boot and on the EFI partitions is taken back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.apply.systems import AFTER, GRUB, RISKS, disk, enterable, plan, quiet
from tests.requirements import need
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.host.root.root import Root
from vfiotui.model.change.change import Change, look_into, run_command, write_file
from vfiotui.model.change.journal import State

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="entering a system needs root: run make test as root")
BUILD = """#!/bin/sh
# Stands for a generator whose configuration names other places than usual: it changes, makes, and removes.
echo "made from $(cat /etc/default/grub)" >/boot/grub/grub.cfg
echo new >/efi/EFI/arch/initramfs-linux.img
mv /efi/prepared /efi/EFI/arch/moved.img
rm -r /boot/old
mkdir -p /boot/deep/er; echo made >/boot/deep/er/entry.conf
rm -f /boot/old.img
cp /boot/same.img /boot/same.new; mv /boot/same.new /boot/same.img
exit $(cat /code)
"""
STEPS: tuple[Change, ...] = (
    write_file("/etc/default/grub", GRUB, AFTER, "add iommu=pt", **RISKS),  # type: ignore[arg-type]
    run_command(("build",), "build", products=("/boot/grub/grub.cfg",), **RISKS),  # type: ignore[arg-type]
)
LOOK = look_into("/boot/grub/grub.cfg", ("nowhere",), "a look that fails")
WAYS = ("undo", "dash", "busybox")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = enterable(tmp_path)
    for name in ("efi/EFI/arch/initramfs-linux.img", "boot/old.img", "boot/same.img", "boot/grub/fonts/x.pf2"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(f"{name} as it was\n")
    (made / "boot/link").symlink_to("old.img")
    (made / "boot/old/er").mkdir(parents=True)
    (made / "boot/old/er/entry.conf").write_text("an entry of before\n")
    (made / "boot/old/empty").mkdir(0o700)
    os.chown(made / "boot/old/er", 12, 34)
    (made / "efi/prepared").write_text("prepared\n")
    (made / "code").write_text("0\n")
    (made / "usr/sbin/build").write_text(BUILD)
    (made / "usr/sbin/build").chmod(0o755)
    return made


def target_of(folder: Path) -> Target:
    return Target(Root.mounted(str(folder)))


def states(folder: Path) -> dict[str, tuple[object, ...]]:
    """All of the disk, folders included."""
    return disk(folder)


def undone(folder: Path, way: str, code: int = 0) -> str:
    """Takes change 1 back in one of the ways; what was said."""
    if way == "undo":
        return undo(target_of(folder), "1", quiet).word
    (script,) = folder.glob("var/lib/vfiotui/changes/0001-*/undo.sh")
    shell = [need(way, way), *(["sh"] if way == "busybox" else [])]
    done = subprocess.run([*shell, str(script)], capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("way", WAYS)
def test_an_undo_takes_back_what_was_not_foreseen(folder: Path, way: str) -> None:
    before = states(folder)
    assert apply(target_of(folder), plan(*STEPS), quiet).state is State.DONE
    assert (folder / "efi/EFI/arch/initramfs-linux.img").read_text() == "new\n"
    undone(folder, way)
    assert states(folder) == before
    assert not list((folder / "boot/deep").rglob("*.conf"))


@pytest.mark.parametrize("code", ["0", "3"])
def test_a_failure_takes_back_what_was_not_foreseen(folder: Path, code: str) -> None:
    """The generator fails at its end, or a look behind it does."""
    (folder / "code").write_text(code)
    before = states(folder)
    outcome = apply(target_of(folder), plan(*STEPS, LOOK), quiet)
    assert outcome.state is State.ROLLED_BACK
    assert states(folder) == before


def test_only_what_was_changed_stays_kept(folder: Path) -> None:
    apply(target_of(folder), plan(*STEPS), quiet)
    (kept,) = folder.glob("var/lib/vfiotui/changes/0001-*/before")
    texts = [p.read_text() for p in kept.iterdir() if p.suffix != ".json" and p.is_file()]
    assert "boot/old.img as it was\n" in texts
    assert not any("same.img" in text or "fonts" in text for text in texts)


@pytest.mark.parametrize("way", WAYS)
def test_an_environment_block_that_a_boot_wrote_is_left_as_it_is(folder: Path, way: str) -> None:
    (folder / "boot/grub/grubenv").write_text("old\n")
    text = BUILD.replace("exit $", "echo new >/boot/grub/grubenv\nexit $")
    (folder / "usr/sbin/build").write_text(text)
    apply(target_of(folder), plan(*STEPS), quiet)
    (folder / "boot/grub/grubenv").write_text("of the boot since\n")
    before = disk(folder)
    undone(folder, way)
    assert (folder / "boot/grub/grubenv").read_text() == "of the boot since\n"
    assert disk(folder)["etc/default/grub.real"] != before["etc/default/grub.real"]


def test_what_somebody_else_changes_before_the_generator_runs_is_nobodys_work(folder: Path) -> None:
    def touched(sentence: str) -> None:
        if sentence.startswith("step 1"):
            (folder / "boot/grub/fonts/x.pf2").write_text("an edit\n")

    apply(target_of(folder), plan(*STEPS), touched)
    undone(folder, "undo")
    assert (folder / "boot/grub/fonts/x.pf2").read_text() == "an edit\n"


@pytest.mark.parametrize("way", WAYS)
def test_each_artifact_goes_back_for_itself(folder: Path, way: str) -> None:
    """The menu was made anew since; all else is still what the change left, and comes back to the byte."""
    before = states(folder)
    apply(target_of(folder), plan(*STEPS), quiet)
    (folder / "boot/grub/grub.cfg").write_text("by a kernel update\n")
    (folder / "usr/sbin/build").write_text("#!/bin/sh\necho made again >/boot/grub/grub.cfg\n")
    assert "made anew since" in undone(folder, way)
    assert (folder / "boot/grub/grub.cfg").read_text() == "made again\n"
    after = states(folder)
    for path in before.keys() - {"boot/grub/grub.cfg", "usr/sbin/build"}:
        assert after[path] == before[path], path
