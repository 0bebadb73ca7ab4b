"""The boot path is resolved again when all is done: what the plan wanted must be what the next boot gets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.apply.systems import RISKS, disk, enterable, plan
from vfiotui.apply.run import apply
from vfiotui.apply.run_steps import Outcome
from vfiotui.apply.target import Target
from vfiotui.apply.undo.undo import undo
from vfiotui.host.root.root import Root
from vfiotui.model.change.change import look_at_next_boot, look_into, run_command, write_file
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan, from_json, to_json

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="entering a system needs root: run make test as root")
OLD, NEW = b'GRUB_CMDLINE_LINUX_DEFAULT="quiet"\n', b'GRUB_CMDLINE_LINUX_DEFAULT="quiet iommu=pt"\n'
MENU = """#!/bin/sh
# Stands for update-grub: the entry of 10_linux, and one that a person wrote.
. /etc/default/grub
cat >/boot/grub/grub.cfg.new <<END
set default="$(cat /default)"
### BEGIN /etc/grub.d/10_linux ###
menuentry 'Debian' --id debian {
  linux /boot/vmlinuz-6.12.9 root=/dev/sda1 $(cat /before)$GRUB_CMDLINE_LINUX_DEFAULT $(cat /more)
}
### END /etc/grub.d/10_linux ###
### BEGIN /etc/grub.d/40_custom ###
menuentry 'By hand' --id hand {
  linux /boot/vmlinuz-6.12.9 root=/dev/sda1 vga=normal
}
### END /etc/grub.d/40_custom ###
END
mv /boot/grub/grub.cfg.new /boot/grub/grub.cfg
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = enterable(tmp_path)
    (made / "etc/default/grub").unlink()
    files = {
        "etc/default/grub": OLD.decode(),
        "usr/sbin/update-grub": MENU,
        "boot/vmlinuz-6.12.9": "kernel",
        "default": "debian",
        "more": "",
        "before": "",
        "boot/grub/grub.cfg": "menuentry 'Debian' {\n linux /boot/vmlinuz-6.12.9 quiet\n}\n",
    }
    for name, text in files.items():
        (made / name).write_text(text)
    (made / "usr/sbin/update-grub").chmod(0o755)
    return made


def changed(folder: Path, *wants: str, bans: tuple[str, ...] = ()) -> Outcome:
    steps = (
        write_file("/etc/default/grub", OLD, NEW, "add iommu=pt", **RISKS),  # type: ignore[arg-type]
        run_command(("update-grub",), "make the menu", products=("/boot/grub/grub.cfg*",), **RISKS),  # type: ignore[arg-type]
        look_into("/boot/grub/grub.cfg", ("iommu=pt",), "the menu holds the word"),
        look_at_next_boot(wants or ("word iommu=pt",), bans, "the entry that starts has it"),
    )
    whole = from_json(to_json(plan(*steps)))
    return apply(Target(Root.mounted(str(folder))), whole, lambda sentence: None)


def test_the_entry_that_starts_has_the_word(folder: Path) -> None:
    before = disk(folder)
    outcome = changed(folder, "word iommu=pt", "word quiet", "option iommu=pt", bans=("splash",))
    assert (outcome.state, outcome.word) == (State.DONE, "")
    undo(Target(Root.mounted(str(folder))), "1", lambda sentence: None)
    assert disk(folder) == before


def test_a_menu_that_holds_the_word_in_another_entry_is_no_effect(folder: Path) -> None:
    (folder / "default").write_text("hand")
    before = disk(folder)
    outcome = changed(folder)
    assert outcome.state is State.ROLLED_BACK
    assert "the entry 'By hand' of /etc/grub.d/40_custom" in outcome.word and "has no iommu=pt" in outcome.word
    assert "do not come from the files that were edited" in outcome.word
    assert disk(folder) == before


def test_a_line_that_ends_before_the_word_is_no_effect(folder: Path) -> None:
    (folder / "before").write_text("splash\n ")
    outcome = changed(folder)
    assert outcome.state is State.ROLLED_BACK and "sets its words again" in outcome.word


def test_a_word_that_stays_is_named(folder: Path) -> None:
    (folder / "more").write_text("nomodeset")
    outcome = changed(folder, bans=("nomodeset",))
    assert outcome.state is State.ROLLED_BACK and "still has nomodeset" in outcome.word


def test_a_device_that_no_bus_shows_is_not_judged(folder: Path) -> None:
    outcome = changed(folder, "word iommu=pt", "vfio 0000:01:00.0")
    assert outcome.state is State.DONE and "not judged" in outcome.word


def test_an_old_plan_has_no_chosen_devices() -> None:
    assert from_json(to_json(Plan("t", ()))).chosen == ()


def test_chosen_devices_stand_in_the_next_boot_and_doubtful_ones_first() -> None:
    forecast = (("0000:01:00.0", ("vfio-pci",)), ("0000:02:00.0", ("vfio-pci", "e1000e")), ("0000:03:00.0", ("ahci",)))
    chosen = (("0000:01:00.0", ""), ("0000:02:00.0", "It is not ordered."))
    made = from_json(to_json(Plan("t", (), forecast=forecast, chosen=chosen)))
    assert made.next_boot == ("0000:02:00.0: vfio-pci or e1000e: It is not ordered.", "0000:01:00.0: vfio-pci")
