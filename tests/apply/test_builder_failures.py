"""A generator that fails: the lines that say why come first, and whether it failed before the change too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.apply.systems import BREAKING, FILES, RISKS, disk, plan, system, with_busybox
from tests.requirements import need
from vfiotui.apply.run import apply
from vfiotui.apply.target import Target
from vfiotui.host.root.root import Root
from vfiotui.model.change.change import run_command
from vfiotui.model.change.journal import State

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="entering a system needs root: run make test as root")
BY_WORD = """#!/bin/sh
# Stands for mkinitcpio, which cannot take the new setting, builds one image of two, and ends with words of success.
. /etc/default/grub
echo "$GRUB_CMDLINE_LINUX_DEFAULT" >/boot/other.img
case $GRUB_CMDLINE_LINUX_DEFAULT in
*iommu*)
    echo '==> ERROR: module not found: vfio_virqfd'
    for line in one two three four five; do echo "==> $line"; done
    exit 1
    ;;
esac
"""
BUILD = run_command(("build",), "build", products=("/boot/grub/grub.cfg",), **RISKS)  # type: ignore[arg-type]
ALREADY = "it failed already before this change: with everything as it was, "


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    system(tmp_path)
    with_busybox(tmp_path, need("busybox", "busybox-static"))
    for name in ("efi/EFI/arch/initramfs-linux.img", "boot/old.img"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("as it was\n")
    (tmp_path / "usr/sbin/build").write_text(BY_WORD)
    (tmp_path / "usr/sbin/build").chmod(0o755)
    return tmp_path


def test_what_failed_before_the_change_too_is_told_with_its_output(folder: Path) -> None:
    before, told = disk(folder), []
    outcome = apply(Target(Root.mounted(str(folder))), plan(FILES[0], *BREAKING), told.append)
    assert outcome.state is State.ROLLED_BACK and disk(folder) == before
    word = "failing-elsewhere ended with 3: ==> ERROR: no such hook"
    assert outcome.word == f"{word}; {ALREADY}{word}"
    assert "runs once more with everything as before: failing-elsewhere" in told


def test_what_only_the_change_breaks_is_not_said_to_have_failed_before(folder: Path) -> None:
    before = disk(folder)
    outcome = apply(Target(Root.mounted(str(folder))), plan(FILES[0], BUILD), [].append)
    assert outcome.state is State.ROLLED_BACK and disk(folder) == before
    assert outcome.word.startswith("build ended with 1: ==> ERROR: module not found: vfio_virqfd / ")
    assert ALREADY not in outcome.word
