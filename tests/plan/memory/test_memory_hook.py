"""Pages that come with a guest: the hook is written by plan, guest by guest, and the host is not starved by it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import TOWER
from tests.plan.pin.test_pin_hook import planned
from vfiotui.demo.description import Host
from vfiotui.formats.libvirt_hooks.cores_hook import PATH as CORES
from vfiotui.formats.libvirt_hooks.pages_hook import PATH, guests_of, pages_hook
from vfiotui.plan.draft import PlanError
from vfiotui.plan.guest.guest_hook import RUNNER


def with_hook(text: str) -> Host:
    return replace(TOWER, files={**TOWER.files, PATH: text})


def test_the_hook_is_written_and_an_old_libvirt_gets_a_runner() -> None:
    plan = planned(("memory.hook", "win10"))
    assert [(s.subject, s.mode) for s in plan.steps] == [(PATH, 0o755)]
    assert guests_of((plan.steps[0].after or b"").decode()) == ("win10",)
    assert any("restart it once" in n for n in plan.notes)
    assert [s.subject for s in planned(("memory.hook", "win10"), version="6.0.0").steps] == [PATH, RUNNER]


def test_both_hooks_share_one_runner() -> None:
    plan = planned(("memory.hook", "win10"), ("cores.keep", "win10"), version="6.0.0")
    assert {s.subject for s in plan.steps} == {PATH, CORES, RUNNER}


def test_a_guest_without_huge_pages_gets_whole_memory() -> None:
    plan = planned(("memory.hook", "macos"))
    assert "compact memory before macos starts" in plan.steps[0].why
    assert any("no <hugepages/>" in n for n in plan.notes)


def test_guests_join_and_leave_and_the_last_one_takes_the_script_along() -> None:
    host = with_hook(pages_hook(["win10"]))
    both = planned(("memory.hook", "macos"), host=host)
    assert guests_of((both.steps[0].after or b"").decode()) == ("macos", "win10")
    assert planned(("memory.hook", "win10"), host=host).steps == ()
    assert planned(("memory.unhook", "win10"), host=host).steps[0].after is None


@pytest.mark.parametrize(
    ("goal", "host", "sentence"),
    [
        (("memory.hook", "nobody"), TOWER, "there is no guest"),
        (("memory.unhook", "win10"), TOWER, "does not serve"),
        (("memory.hook", "win10"), replace(TOWER, memory_kib=17 << 20), "leaves the host too little"),
        (("memory.hook", "win10"), with_hook("#!/bin/sh\nmine\n"), "not written by vfiotui"),
        (("memory.hook", "win10"), with_hook(pages_hook(["win10"]) + "# mine\n"), "edited by hand"),
    ],
)
def test_what_cannot_be_planned_is_a_sentence(goal: tuple[str, str], host: Host, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        planned(goal, host=host)
