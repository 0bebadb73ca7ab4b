"""pcie_acs_override= by a goal: what is written, what is refused, and that it is taken out again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hosts import HOSTS
from tests.machines import root_of
from tests.rules.test_running_host import ask
from vfiotui.demo.description import Host
from vfiotui.demo.tower import TOWER
from vfiotui.host.boot.acs_patch import KALLSYMS
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.gather import gather
from vfiotui.model.change.plan import Plan
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan, reads

BOTH = "downstream,multifunction"
GRUB = "/etc/default/grub"
PATCHED = b"ffffffff81c50970 T pci_acs_enabled\nffffffff81c6a630 t pcie_acs_overrides\n"
PVE = replace(TOWER, release="6.8.12-4-pve", files={**TOWER.files, "/usr/sbin/update-grub": ""})


def planned(host: Host, argument: str) -> Plan:
    root = root_of(host)
    goals = (("acs.override", argument),)
    return make_plan(gather(root), read_config_snapshot(root, reads(goals)), goals)


def written(plan: Plan) -> str:
    (step,) = (s for s in plan.steps if s.subject == GRUB)
    assert step.after is not None
    return step.after.decode()


def test_the_word_is_written_with_what_it_changes_and_gives_up() -> None:
    plan = planned(PVE, BOTH)
    assert f'pcie_acs_override={BOTH}"' in written(plan)
    notes = "\n".join(plan.notes)
    assert "group 14 becomes 10 groups" in notes and "04:00.0 would no longer be blocked" in notes
    assert "past the IOMMU" in notes and "by its name" in notes
    assert any(s.kind == "path" and f"word pcie_acs_override={BOTH}" in s.wants for s in plan.steps)
    assert plan.escape


def test_a_kernel_that_lists_the_patch_needs_no_warning() -> None:
    plan = planned(replace(PVE, files={**PVE.files, KALLSYMS: PATCHED}), BOTH)
    assert "by its name" not in "\n".join(plan.notes)


def test_a_kernel_that_lacks_the_patch_is_refused() -> None:
    with pytest.raises(PlanError, match=r"does not have the patch.*would ignore"):
        planned(replace(PVE, files={**PVE.files, KALLSYMS: PATCHED.splitlines()[0]}), BOTH)


def test_a_word_that_changes_no_group_is_refused_with_the_reason() -> None:
    with pytest.raises(PlanError, match=r"no group of this host \(group 14 stays: 02:00.2 needs multifunction too\)"):
        planned(PVE, "downstream")


@pytest.mark.parametrize(
    "argument", ["", "on", "downstreams", "downstream,,multifunction", "id:10de", "downstream all"]
)
def test_what_the_patch_does_not_know_is_refused(argument: str) -> None:
    with pytest.raises(PlanError, match="is no part of pcie_acs_override="):
        planned(PVE, argument)


def test_another_value_takes_the_place_of_all_that_were_there() -> None:
    words = "quiet pcie_acs_override=downstream pcie_acs_override=id:8086:1901"
    host = replace(PVE, default_cmdline=words, cmdline=f"{PVE.cmdline} pcie_acs_override=downstream")
    text = written(planned(host, BOTH))
    assert text.count("pcie_acs_override") == 1 and f"pcie_acs_override={BOTH}" in text


def test_off_takes_it_out_and_silences_the_check() -> None:
    host = HOSTS["acs-override"]
    text = written(planned(host, "off"))
    assert "pcie_acs_override" not in text
    menu = "linux /vmlinuz-6.12.9-amd64 root=/dev/nvme0n1p2 ro quiet\n"
    after = replace(
        host, default_cmdline="quiet", cmdline="root=/dev/nvme0n1p2 ro quiet",
        files={**host.files, "/boot/grub/grub.cfg": menu},
    )  # fmt: skip
    assert [f.verdict.name for f in ask("CMDLINE-ACS-OVERRIDE", after)] == ["PASSED"]


def test_off_needs_nothing_where_it_is_not_there() -> None:
    assert planned(PVE, "off").steps == ()


def test_a_host_whose_groups_are_not_shown_is_planned_with_a_note() -> None:
    plan = planned(replace(PVE, iommu="", pci=tuple(replace(d, group=None) for d in PVE.pci)), "downstream")
    assert any("not known" in note for note in plan.notes)
