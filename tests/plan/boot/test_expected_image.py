"""What a built image must hold: the effect of the plan, not what a person listed before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.machines import facts_of, root_of
from tests.plan.isolate.boots import TOOL_FILES
from tests.plan.isolate.test_isolate import CARD, HOST_CARD
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.base.reading import Unread
from vfiotui.model.change.plan import Goal, Plan
from vfiotui.plan.goals import make_plan

OLD = "vfio vfio_iommu_type1 vfio_pci vfio_virqfd"
LISTS = {
    "initramfs-tools": {"/etc/initramfs-tools/modules": OLD.replace(" ", "\n") + "\n"},
    "mkinitcpio": {"/etc/mkinitcpio.conf": f"MODULES=({OLD})\nHOOKS=(base udev modconf block)\n"},
    "dracut": {
        "/etc/dracut.conf.d/vfio.conf": f'force_drivers+=" {OLD} "\nadd_drivers+=" vfio_virqfd "\nhostonly=yes\n'
    },
    "booster": {"/etc/booster.yaml": f"modules_force_load: {OLD.replace(' ', ',')}\n"},
}


def planned(tool: str, *goals: Goal, listed: bool = True, kernel: str = "") -> Plan:
    files = {
        **(LISTS[tool] if listed else {}),
        "/etc/modules-load.d/vfio.conf": "vfio_virqfd\n",
        **TOOL_FILES[tool],
    }
    remove = () if tool == "initramfs-tools" else ("/etc/initramfs-tools", "/usr/sbin/update-initramfs")
    host = replace(HOST_CARD, files={**HOST_CARD.files, **files}, remove=remove)
    facts = facts_of(host)
    assert not isinstance(facts.boot, Unread)
    installed = (kernel,) if kernel else facts.boot.installed
    return make_plan(
        replace(facts, boot=replace(facts.boot, installed=installed)), read_config_snapshot(root_of(host)), goals
    )


def wants(plan: Plan) -> set[str]:
    return {w for s in plan.steps if s.kind == "image" for w in s.wants}


@pytest.mark.parametrize("tool", LISTS)
def test_a_module_that_is_gone_from_the_kernel_fails_no_isolation(tool: str) -> None:
    """vfio_virqfd went into vfio with Linux 6.2: no image holds it, whatever a list says."""
    plan = planned(tool, ("isolate.ids", CARD))
    lists = [s for s in plan.steps if s.kind == "file" and b"virqfd" in (s.before or b"")]
    assert len(lists) == 2 and not any(b"virqfd" in (s.after or b"") for s in lists), "some builders fail because of it"
    found = wants(plan)
    assert found and not any("virqfd" in w for w in found)
    assert "module vfio_pci" in found or any(w.startswith("option vfio_pci") for w in found)


@pytest.mark.parametrize("tool", LISTS)
def test_what_the_plan_itself_lists_is_demanded(tool: str) -> None:
    plan = planned(tool, ("initramfs.module", "vfio_pci"), listed=False)
    assert {"module vfio_pci", "early vfio_pci"} <= wants(plan)


def test_a_plan_about_something_else_demands_nothing_of_vfio() -> None:
    assert not any("vfio" in w and "modprobe.d" not in w
                   for w in wants(planned("initramfs-tools", ("modprobe.option", "kvm ignore_msrs=1"))))  # fmt: skip


def test_an_old_kernel_keeps_its_module() -> None:
    plan = planned("initramfs-tools", ("isolate.ids", CARD), kernel="5.10.0-30-amd64")
    assert not any(b"virqfd" in (s.before or b"") and b"virqfd" not in (s.after or b"") for s in plan.steps)
    assert not any("virqfd" in w for w in wants(plan))
