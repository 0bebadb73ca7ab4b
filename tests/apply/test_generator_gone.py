"""undo.sh where the generator is not there any more, and menus whose kernels were missing before the change."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.apply.systems import COMMAND, FILES, GRUB, disk, plan, system, with_busybox
from tests.requirements import need
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.host.root.root import Root
from vfiotui.model.change.journal import State

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="entering a system needs root: run make test as root")
SHELLS = ("dash", "busybox")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    system(tmp_path)
    with_busybox(tmp_path, need("busybox", "busybox-static"))
    return tmp_path


def target_of(folder: Path) -> Target:
    return Target(Root.mounted(str(folder)))


def by_shell(folder: Path, shell: str) -> subprocess.CompletedProcess[str]:
    (script,) = folder.glob("var/lib/vfiotui/changes/0001-*/undo.sh")
    words = [need(shell, shell), *(["sh"] if shell == "busybox" else []), str(script)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_that_is_left_is_named(folder: Path, shell: str) -> None:
    """The menu was made anew since, and what makes it is not there: the sources are back, and it says what to run."""
    apply(target_of(folder), plan(*FILES, *COMMAND), [].append)
    (folder / "boot/grub/grub.cfg").write_text("by a kernel update\n")
    maker = folder / "usr/sbin/update-grub"
    kept = maker.read_bytes()
    maker.unlink()
    done = by_shell(folder, shell)
    assert done.returncode == 4 and done.stderr == "", done.stdout + done.stderr
    assert "update-grub is not there: the files that it reads are as before" in done.stdout
    assert "left to do inside the system: update-grub\n" in done.stdout
    assert (folder / "etc/default/grub.real").read_bytes() == GRUB
    assert (folder / "boot/grub/grub.cfg").read_text() == "by a kernel update\n"
    maker.write_bytes(kept)
    maker.chmod(0o755)
    again = by_shell(folder, shell)
    assert again.returncode == 0 and "what was made anew since was made again" in again.stdout, again.stdout
    assert (folder / "boot/grub/grub.cfg").read_text() == "linux /vmlinuz quiet \n"


MENU = "linux /boot/vmlinuz-1 quiet\nlinux /boot/vmlinuz-gone quiet\n"


@pytest.mark.parametrize("way", ["undo", *SHELLS])
def test_a_menu_that_named_a_missing_kernel_before_goes_back_to_the_byte(folder: Path, way: str) -> None:
    (folder / "boot/vmlinuz-1").write_text("x")
    (folder / "boot/grub/grub.cfg").write_text(MENU)
    before = disk(folder)
    assert apply(target_of(folder), plan(*FILES, *COMMAND), [].append).state is State.DONE
    assert (folder / "boot/grub/grub.cfg").read_text() != MENU
    if way == "undo":
        outcome = undo(target_of(folder), "1", [].append)
        assert outcome.state is State.UNDONE and "byte for byte" in outcome.word
    else:
        done = by_shell(folder, way)
        assert done.returncode == 0 and "byte for byte" in done.stdout, done.stdout + done.stderr
    assert disk(folder) == before


def test_a_menu_whose_kernel_went_since_is_made_again(folder: Path) -> None:
    (folder / "boot/vmlinuz-1").write_text("x")
    for name in ("vmlinuz", "vmlinuz-2"):
        (folder / "boot" / name).write_text("x")
    (folder / "boot/grub/grub.cfg").write_text("linux /boot/vmlinuz-1 quiet\n")
    apply(target_of(folder), plan(*FILES, *COMMAND), [].append)
    (folder / "boot/vmlinuz-1").unlink()
    told: list[str] = []
    outcome = undo(target_of(folder), "1", told.append)
    assert outcome.state is State.UNDONE and "made anew since" in outcome.word
    assert "runs once more: update-grub" in told
