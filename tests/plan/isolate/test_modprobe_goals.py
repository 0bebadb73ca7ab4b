"""softdep lines and ids are written where modprobe obeys them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.hosts.base import AUDIO, BRIDGE, CLEAN, IGPU, gpu
from tests.machines import facts_of, root_of
from vfiotui.formats.modprobe.modprobe_set import gathered, in_force
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.boot.boot import ConfigFile
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan

FOLDER, VENDOR = "/etc/modprobe.d", "/usr/lib/modprobe.d"


def files_after(files: Mapping[str, str], goal: tuple[str, str]) -> dict[str, str]:
    """modprobe.d as a goal leaves it on a host with these files."""
    card = (gpu("0000:01:00.0", 2, driver="nouveau"), replace(AUDIO, driver="snd_hda_intel"))
    host = replace(CLEAN, pci=(BRIDGE, IGPU, *card), files=dict(files))
    plan = make_plan(facts_of(host), read_config_snapshot(root_of(host)), [goal])
    after = dict(files)
    for step in plan.steps:
        if step.kind == "file" and "/modprobe.d/" in step.subject and step.after is not None:
            after[step.subject] = step.after.decode()
    return after


def obeyed(files: Mapping[str, str]) -> list[ConfigFile]:
    return [ConfigFile(p, files[p]) for p in in_force(files)]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {f"{FOLDER}/vfio.conf": "softdep nouveau vfio-pci\n"},
        {f"{FOLDER}/vfio.conf": "softdep nouveau post: vfio-pci\n"},
        {f"{FOLDER}/a.conf": "softdep nouveau pre: i2c_core\n", f"{FOLDER}/z.conf": "softdep nouveau pre: drm\n"},
        {f"{VENDOR}/nouveau.conf": "softdep nouveau pre: i2c_core post: drm\n"},
        {f"{FOLDER}/a.conf": "softdep nouv* post: i2c_core\n"},
    ],
)
def test_the_softdep_line_that_counts_loads_vfio_pci_first(files: Mapping[str, str]) -> None:
    lines = gathered(obeyed(files_after(files, ("modprobe.softdep", "nouveau pre: vfio-pci"))))
    said = lines.softdep("nouveau", "vfio-pci")
    assert said is not None
    before = gathered(obeyed(files)).first("softdep", "nouveau")
    if before is not None:
        assert set(before.side("pre:")) <= set(said.side("pre:"))
        assert set(before.side("post:")) <= set(said.side("post:"))


def test_a_vendor_line_that_does_it_already_is_left() -> None:
    files = {f"{VENDOR}/vfio.conf": "softdep nouveau pre: vfio-pci\n"}
    assert files_after(files, ("modprobe.softdep", "nouveau pre: vfio-pci")) == files


@pytest.mark.parametrize(
    "argument", ["nouveau", "nouveau post: vfio-pci", "nouveau pre: ../x", "no/module pre: vfio-pci"]
)
def test_what_is_no_softdep_is_refused(argument: str) -> None:
    with pytest.raises(PlanError, match="MODULE pre: MODULE"):
        files_after({}, ("modprobe.softdep", argument))


def test_ids_join_the_line_that_is_in_force() -> None:
    files = {
        f"{FOLDER}/vfio.conf": "options vfio-pci ids=1:2\n",
        f"{FOLDER}/zz-old.conf": "options vfio-pci ids=1002:ffff\n",
    }
    said = gathered(obeyed(files_after(files, ("isolate.ids", "01:00.0")))).option("vfio_pci", "ids")
    assert said is not None and {"10de:13c2", "1002:ffff"} <= set(said.words[0].split(","))
