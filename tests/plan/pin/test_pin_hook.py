"""The hook comes and goes by plan, guest by guest, and somebody else's script is never touched."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import TOWER
from tests.machines import root_of
from vfiotui.demo.description import Host
from vfiotui.formats.libvirt_hooks import libvirt_hook
from vfiotui.formats.libvirt_hooks.cores_hook import PATH, cores_hook, guests_of
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.plan import Plan
from vfiotui.model.guest.domain import Virt
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan
from vfiotui.plan.guest.guest_hook import RUNNER


def planned(*goals: tuple[str, str], host: Host = TOWER, version: str = "") -> Plan:
    root = root_of(host)
    virt = domains.read(root)
    assert isinstance(virt, Virt) and not isinstance(virt, Unread)
    return make_plan(gather(root, replace(virt, libvirt_version=version)), read_config_snapshot(root), goals)


def files_of(plan: Plan) -> list[str]:
    return [step.subject for step in plan.steps if step.kind == "file"]


def with_hook(text: str) -> Host:
    return replace(TOWER, files={**TOWER.files, PATH: text})


def test_the_hook_is_written_for_a_pinned_guest() -> None:
    plan = planned(("cores.keep", "win10"))
    assert [(s.kind, s.subject, s.mode) for s in plan.steps] == [("file", PATH, 0o755), ("release", PATH, None)]
    assert guests_of((plan.steps[0].after or b"").decode()) == ("win10",)
    assert any("restart it once" in n for n in plan.notes)


def test_an_old_libvirt_gets_a_runner_too() -> None:
    assert files_of(planned(("cores.keep", "win10"), version="6.0.0")) == [PATH, RUNNER]
    assert files_of(planned(("cores.keep", "win10"), version="9.0.0")) == [PATH]


def test_guests_join_and_leave_and_the_last_one_takes_the_script_along() -> None:
    host = with_hook(cores_hook(["win10"]))
    both = planned(("cores.keep", "macos"), host=host)
    assert guests_of((both.steps[0].after or b"").decode()) == ("macos", "win10")
    assert planned(("cores.keep", "win10"), host=host).steps == ()
    release, remove = planned(("cores.free", "win10"), host=host).steps
    assert release.kind == "release" and release.wants == ("win10",), "the host has its CPUs back before the hook goes"
    assert remove.subject == PATH and remove.after is None


@pytest.mark.parametrize(
    ("goal", "host", "sentence"),
    [
        (("cores.keep", "arch-test"), TOWER, "is not pinned"),
        (("cores.keep", "nobody"), TOWER, "there is no guest"),
        (("cores.free", "win10"), TOWER, "does not serve"),
        (("cores.keep", "win10"), with_hook("#!/bin/sh\nmine\n"), "not written by vfiotui"),
        (("cores.keep", "win10"), with_hook(cores_hook(["win10"]) + "# mine\n"), "edited by hand"),
    ],
)
def test_what_cannot_be_planned_is_a_sentence(goal: tuple[str, str], host: Host, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        planned(goal, host=host)


def test_the_runner_never_fails_a_reconnect() -> None:
    assert '[ "$2" = reconnect ]' in libvirt_hook.runner()
