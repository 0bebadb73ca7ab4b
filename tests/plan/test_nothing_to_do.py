"""Nothing to do is said only where the effect was read; what only a person can do is left, never dropped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plan.boot.test_boot_goals import GRUB, planned
from vfiotui.plan.draft import PlanError

MAKER = {"/usr/sbin/update-grub": ""}
WITH = {**GRUB, "/etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet iommu=pt"\n'}
ADD = ("cmdline.add", "iommu=pt")


def test_without_a_generator_the_step_is_left(tmp_path: Path) -> None:
    plan = planned(tmp_path, GRUB, ADD)
    assert [s.subject for s in plan.steps] == ["/etc/default/grub"]
    (left,) = plan.left
    assert left.why.startswith("run update-grub or grub-mkconfig") and left.wants == ("iommu=pt",)
    assert left.subject == "/boot/grub/grub.cfg"


def test_without_a_menu_the_next_boots_words_are_looked_at(tmp_path: Path) -> None:
    files = {"/etc/default/grub": GRUB["/etc/default/grub"], "/boot/grub/x": ""}
    (left,) = planned(tmp_path, files, ("cmdline.add", "a=1"), ("cmdline.add", "b=2")).left[:1]
    assert left.subject == "/proc/cmdline" and left.wants == ("a=1",)


def test_what_needs_a_new_image_is_refused_where_nothing_builds_one(tmp_path: Path) -> None:
    files = {"/etc/initramfs-tools/initramfs.conf": "", "/etc/initramfs-tools/modules": ""}
    with pytest.raises(PlanError, match=r"a new initramfs is needed, and nothing builds one here: .*update-initramfs"):
        planned(tmp_path, files, ("initramfs.module", "vfio_pci"))


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/default/grub.d/x.cfg": 'GRUB_TIMEOUT=3\n', "/boot/grub/grub.cfg": "linux /a\n"},
        {"/boot/grub/grub.cfg": "linux /a\n", **MAKER},
    ],
    ids=["only a drop-in", "no file"],
)  # fmt: skip
def test_where_no_file_takes_the_word_the_wish_is_refused(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(PlanError, match=r"is not there|were not found"):
        planned(tmp_path, files, ADD)


def test_a_menu_that_is_behind_its_file_is_made_anew(tmp_path: Path) -> None:
    plan = planned(tmp_path, {**WITH, **MAKER}, ADD)
    assert [s.subject for s in plan.steps] == ["update-grub", "/boot/grub/grub.cfg", "the next boot"]
    plan = planned(tmp_path / "b", WITH, ADD)
    assert plan.steps == () and [s.subject for s in plan.left] == ["/boot/grub/grub.cfg"]


def test_a_menu_that_has_the_word_needs_nothing(tmp_path: Path) -> None:
    plan = planned(tmp_path, {**WITH, "/boot/grub/grub.cfg": "linux /vmlinuz quiet iommu=pt\n"}, ADD)
    assert (plan.steps, plan.left, plan.notes) == ((), (), ())


def test_a_removed_word_is_looked_for_in_the_menu_too(tmp_path: Path) -> None:
    menu = "### BEGIN /etc/grub.d/10_linux ###\nlinux /vmlinuz quiet splash\n### END /etc/grub.d/10_linux ###\n"
    plan = planned(tmp_path, {**GRUB, "/boot/grub/grub.cfg": menu, **MAKER}, ("cmdline.remove", "splash"))
    assert [s.subject for s in plan.steps] == ["update-grub", "/boot/grub/grub.cfg", "the next boot"]
