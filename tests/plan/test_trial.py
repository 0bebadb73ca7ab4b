"""A trial boot: what is installed, in which order, and what is refused."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from tests.hosts import HOSTS
from tests.machines import facts_of, root_of
from tests.plan.test_isolate import CARD, HOST_CARD, files
from vfiotui.host.ground import survey
from vfiotui.model.plan import Plan
from vfiotui.plan.draft import CannotPlan
from vfiotui.plan.escape import GRUB_SCRIPT, GRUB_TEXT
from vfiotui.plan.trial import SCRIPT, UNIT, WANTED
from vfiotui.plan.wishes import make_plan

PROGRAMS = ("update-initramfs", "update-grub", "grub-editenv", "systemctl")


def trial_of(*wishes: tuple[str, str], programs: tuple[str, ...] = PROGRAMS) -> Plan:
    ground = replace(survey(root_of(HOST_CARD)), programs={p: f"/usr/sbin/{p}" for p in programs})
    return make_plan(facts_of(HOST_CARD), ground, [*wishes, ("boot.trial", "yes")])


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


@pytest.mark.parametrize(
    ("wishes", "programs", "words"),
    [
        ((), PROGRAMS, "tries an isolation"),
        ((("isolate.dynamic", CARD),), PROGRAMS, "tries an isolation"),
        ((("isolate.auto", CARD),), ("update-initramfs", "update-grub"), "needs GRUB with grub-editenv"),
        ((("isolate.auto", CARD),), ("update-initramfs", "grub-editenv", "systemctl"), "update-grub was not found"),
    ],
)
def test_what_cannot_be_tried_is_refused(
    wishes: tuple[tuple[str, str], ...], programs: tuple[str, ...], words: str
) -> None:
    with pytest.raises(CannotPlan, match=words):
        trial_of(*wishes, programs=programs)


def test_another_loader_is_told_so() -> None:
    host = replace(HOSTS["clean"], files={"/boot/loader/entries/a.conf": "title a\noptions quiet\n"})
    with pytest.raises(CannotPlan):
        make_plan(facts_of(host), survey(root_of(host)), [("boot.trial", "yes")])
