"""What booster's own image tells: flat modules, options in the file of its init, and what a plan demands of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hosts import HOSTS
from tests.machines import facts_of, root_of
from tests.plan.isolate.boots import image_of
from vfiotui.formats.initramfs import booster_init
from vfiotui.formats.initramfs.boot_image import early_boot, missing
from vfiotui.formats.modprobe.modprobe_set import gathered
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.model.boot.image import Image
from vfiotui.plan.goals import make_plan

INIT = """moduledependencies:
    vfio_pci:
        - vfio_pci_core
modulesforceload:
    - vfio_pci
    - vfio_iommu_type1
modprobeoptions:
    bluetooth: 'disable_ertm=1 x=''y'''
    vfio_pci: ids=10de:13c2,10de:0fbb disable_vga=1
kernel: 6.12.9-arch1-1
mounttimeout: 180
"""
MODULES = ("vfio_pci", "vfio_iommu_type1")


def built(text: str = INIT, modules: tuple[str, ...] = MODULES) -> Image:
    return image_of({"etc/booster.init.yaml": text, **{f"usr/lib/modules/{m}.ko": "" for m in modules}})


def test_the_image_is_read_as_its_init_reads_it() -> None:
    early = early_boot(built())
    assert (early.tool, early.release, early.modules) == ("booster", "6.12.9-arch1-1", frozenset(MODULES))
    assert [name for name, _ in early.early] == list(MODULES)
    said = gathered(early.modprobe).option("vfio_pci", "ids")
    assert said is not None and said.text == "10de:13c2,10de:0fbb" and said.where == "/etc/booster.init.yaml:9"
    assert gathered(early.modprobe).of("options", "bluetooth")[0].text == "disable_ertm=1 x='y'"


PLAN = make_plan(
    facts_of(machine := replace(HOSTS["booster"], files={**HOSTS["booster"].files, "/etc/modprobe.d/vfio.conf": ""})),
    read_config_snapshot(root_of(machine)),
    [("isolate.ids", "0000:01:00.0")],
)


@pytest.mark.parametrize(
    ("text", "modules", "lacks"),
    [
        (INIT, MODULES, ()),
        (INIT.replace("13c2", "13c3"), MODULES, ("lacks the option vfio_pci ids=10de:13c2,10de:0fbb",)),
        (INIT.replace("    - vfio_pci\n", "", 1), MODULES, ("lacks vfio_pci among the modules that it loads first",)),
        (INIT, MODULES[1:], ("lacks the module vfio_pci",)),
    ],
)
def test_the_plan_demands_of_the_image_what_booster_puts_there(
    text: str, modules: tuple[str, ...], lacks: tuple[str, ...]
) -> None:
    (look,) = (s for s in PLAN.steps if s.kind == "image")
    assert missing(built(text, modules), look.wants, lambda path: None) == lacks


@given(st.text(max_size=200))
def test_any_text_has_as_many_lines_afterwards(text: str) -> None:
    assert booster_init.options_as_modprobe(text).count("\n") == text.count("\n")
    booster_init.forced(text), booster_init.release(text)
