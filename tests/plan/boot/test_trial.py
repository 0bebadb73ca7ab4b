"""A trial boot: what is installed, in which order, and what is refused."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.machines import facts_of, root_of
from tests.plan.isolate.test_isolate import CARD, HOST_CARD, SOUND, files
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.boot import Loader
from vfiotui.model.change.plan import Plan
from vfiotui.plan.boot.fallback import GRUB_SCRIPT, GRUB_TEXT
from vfiotui.plan.boot.loader_files import WITHOUT_ENTRY
from vfiotui.plan.boot.trial import DEFAULT, SCRIPT, UNIT, WANTED
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan

BOOT_GPU = "0000:00:02.0"
PROGRAMS = ("update-initramfs", "update-grub", "grub-editenv", "systemctl")


def trial_of(*goals: tuple[str, str], programs: tuple[str, ...] = PROGRAMS) -> Plan:
    snapshot = replace(read_config_snapshot(root_of(HOST_CARD)), programs={p: f"/usr/sbin/{p}" for p in programs})
    return make_plan(facts_of(HOST_CARD), snapshot, [*goals, ("boot.trial", "yes")])


def test_it_is_armed_last_and_the_undo_disarms_it() -> None:
    plan = trial_of(("isolate.auto", CARD))
    arm = plan.steps[-1]
    assert arm.argv == ("grub-editenv", "-", "set", "vfiotui_trial=armed")
    assert arm.back == ("grub-editenv", "-", "unset", "vfiotui_trial")
    order = [s.subject for s in plan.steps]
    assert order.index(GRUB_SCRIPT) < order.index("update-grub") < len(order) - 1
    assert {SCRIPT, UNIT, WANTED} <= set(order)


def test_the_check_names_what_is_given_and_what_stays() -> None:
    text = files(trial_of(("isolate.auto", CARD)))[SCRIPT]
    assert f"has {CARD} vfio-pci" in text and "has 0000:00:02.0 i915" in text
    done = subprocess.run(["/bin/sh", "-n"], input=text + GRUB_TEXT, text=True, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr


def checked(tmp_path: Path, **stubs: str) -> str:
    """What the check says in a real shell, over folders in place of sysfs and /etc, where systemd says it is up."""
    text = files(trial_of(("isolate.auto", CARD)))[SCRIPT]
    for bdf in (CARD, SOUND):
        (tmp_path / "pci/devices" / bdf).mkdir(parents=True)
        (tmp_path / "pci/devices" / bdf / "driver").symlink_to("../drivers/vfio-pci")
    (tmp_path / "pci/devices" / BOOT_GPU).mkdir()
    (tmp_path / "bin").mkdir()
    said = {"systemctl": "echo running", "grub-editenv": "echo $@", "udevadm": ":", "sleep": ":", **stubs}
    for name, line in said.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    text = text.replace("/sys/bus/pci", f"{tmp_path}/pci").replace("/etc/", f"{tmp_path}/etc/")
    (tmp_path / "cmdline").write_text("quiet\n")
    text = text.replace("/proc/cmdline", f"{tmp_path}/cmdline")
    environment = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    done = subprocess.run(["/bin/sh", "-c", text], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("when", ["udevadm", "sleep"])
def test_a_driver_that_comes_behind_the_start_is_waited_for(when: str, tmp_path: Path) -> None:
    """systemd is up when udev still loads drivers, and udev is idle when some drivers still look at their devices."""
    told = checked(tmp_path, **{when: f"ln -sfn ../drivers/i915 {tmp_path}/pci/devices/{BOOT_GPU}/driver"})
    assert "passthrough stays" in told and "- unset vfiotui_trial" in told


def test_a_driver_that_never_comes_fails_the_trial(tmp_path: Path) -> None:
    told = checked(tmp_path)
    assert f"{BOOT_GPU} has the driver , not i915" in told and "- set vfiotui_trial=failed" in told
    assert "passthrough stays" not in told


@pytest.mark.parametrize(
    ("goals", "programs", "words"),
    [
        ((), PROGRAMS, "tries an isolation"),
        ((("isolate.dynamic", CARD),), PROGRAMS, "tries an isolation"),
        ((("isolate.auto", CARD),), ("update-initramfs", "update-grub"), "needs systemd, the boot entry"),
        ((("isolate.auto", CARD),), ("update-initramfs", "grub-editenv", "systemctl"), "needs systemd, the boot entry"),
    ],
)
def test_what_cannot_be_tried_is_refused(
    goals: tuple[tuple[str, str], ...], programs: tuple[str, ...], words: str
) -> None:
    with pytest.raises(PlanError, match=words):
        trial_of(*goals, programs=programs)


def with_entries(*extra: str) -> Plan:
    entry = "title a\nlinux /vmlinuz\noptions root=UUID=1 quiet\n"
    texts = {"/boot/loader/entries/a.conf": entry, **dict.fromkeys(extra, "x")}
    host = replace(HOST_CARD, files=texts)
    programs = {p: f"/usr/bin/{p}" for p in ("update-initramfs", "bootctl", "systemctl")}
    facts = facts_of(host)
    assert not isinstance(facts.boot, Unread)
    facts = replace(facts, boot=replace(facts.boot, loader=Loader("systemd-boot", True, ())))
    snapshot = read_config_snapshot(root_of(host))
    snapshot = replace(snapshot, programs=programs, files={**snapshot.files, **dict.fromkeys(extra, b"x")})
    return make_plan(facts, snapshot, [("isolate.auto", CARD), ("boot.trial", "yes")])


def test_systemd_boot_starts_the_other_entry_until_the_check() -> None:
    plan = with_entries()
    assert [s.argv for s in plan.steps[-2:]] == [
        ("bootctl", "set-default", WITHOUT_ENTRY), ("bootctl", "set-oneshot", "a.conf")
    ]  # fmt: skip
    assert [s.back for s in plan.steps[-2:]] == [("bootctl", "set-default", ""), ("bootctl", "set-oneshot", "")]
    assert "bootctl set-default '' || exit 1" in files(plan)[SCRIPT]


def test_a_default_that_somebody_chose_is_not_lost() -> None:
    with pytest.raises(PlanError, match="would lose the chosen default"):
        with_entries(DEFAULT)


def test_another_loader_is_told_so() -> None:
    facts = facts_of(HOST_CARD)
    assert not isinstance(facts.boot, Unread)
    facts = replace(facts, boot=replace(facts.boot, loader=Loader("refind", True, ())))
    with pytest.raises(PlanError, match="needs systemd, the boot entry"):
        make_plan(facts, read_config_snapshot(root_of(HOST_CARD)), [("boot.trial", "yes")])
