"""Words go into the entry that GRUB starts, also where a person wrote it, or the plan is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trees import folder_root
from vfiotui.formats.loaders import grub_default, grub_entries
from vfiotui.formats.loaders.kernel_words import WordEdit
from vfiotui.formats.refused import EditRefused
from vfiotui.host.boot.config_snapshot import read_config_snapshot
from vfiotui.host.gather import gather
from vfiotui.model.change.plan import Plan, from_json, to_json
from vfiotui.plan.draft import PlanError
from vfiotui.plan.goals import make_plan

CUSTOM = """#!/bin/sh
exec tail -n +3 $0
# one of mine
menuentry 'Other' {
\tlinux /vmlinuz root=/dev/sda2 quiet
}
submenu more {
\tmenuentry 'VFIO' --class x --id vfio {
\t\tif true; then
\t\t\tlinux /vmlinuz root=/dev/sda2 ro quiet
\t\tfi
\t}
}
"""
MENU = """set default="{default}"
### BEGIN /etc/grub.d/10_linux ###
menuentry 'Debian' --id simple {{
\tlinux /vmlinuz root=/dev/sda2 ro quiet
}}
### END /etc/grub.d/10_linux ###
### BEGIN /etc/grub.d/40_custom ###
menuentry 'Other' {{
\tlinux /vmlinuz root=/dev/sda2 quiet
}}
submenu more {{
\tmenuentry 'VFIO' --class x --id vfio {{
\t\tlinux /vmlinuz root=/dev/sda2 ro quiet
\t}}
}}
### END /etc/grub.d/40_custom ###
"""


def _plan(folder: Path, default: str, **files: str) -> Plan:
    tree = {
        "/boot/grub/grub.cfg": MENU.format(default=default),
        "/boot/vmlinuz": "",
        "/etc/default/grub": f'GRUB_DEFAULT="{default}"\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\n',
        "/etc/grub.d/40_custom": CUSTOM,
        "/usr/sbin/update-grub": "#!/bin/sh\n",
        "/usr/lib/modules/6.1/modules.dep": "",
        **files,
    }
    root = folder_root(folder, tree)
    return make_plan(gather(root), read_config_snapshot(root), [("cmdline.add", "iommu=pt")])


def _written(plan: Plan) -> dict[str, str]:
    return {c.subject: c.after.decode() for c in plan.steps if c.kind == "file" and c.after}


@pytest.mark.parametrize("default", ["more>vfio", "more>VFIO", "2>0"])
def test_the_entry_of_a_submenu_that_a_person_wrote(default: str, tmp_path: Path) -> None:
    found = _written(_plan(tmp_path, default))
    assert list(found) == ["/etc/grub.d/40_custom"]
    after = found["/etc/grub.d/40_custom"]
    assert after == CUSTOM.replace("ro quiet\n", "ro quiet iommu=pt\n")


def test_generated_entries_take_their_words_from_the_settings(tmp_path: Path) -> None:
    assert list(_written(_plan(tmp_path, "simple"))) == ["/etc/default/grub"]


def test_a_menu_that_is_not_made_yet_goes_by_its_sources(tmp_path: Path) -> None:
    plan = _plan(tmp_path, "vfio", **{"/boot/grub/grub.cfg": "### BEGIN /etc/grub.d/10_linux ###\n"})
    assert list(_written(plan)) == ["/etc/grub.d/40_custom"]


def test_an_entry_that_a_script_makes_is_named(tmp_path: Path) -> None:
    script = "#!/bin/sh\nfor i in a; do echo \"menuentry 'VFIO' {\"; done\n"
    with pytest.raises(PlanError, match=r"40_custom.*by hand"):
        _plan(tmp_path, "more>vfio", **{"/etc/grub.d/40_custom": script})


def test_custom_cfg_is_edited_where_it_lies(tmp_path: Path) -> None:
    own = "menuentry Own --id own {\n linux /vmlinuz root=/dev/sda2 quiet\n}\n"
    plan = _plan(tmp_path, "own", **{
        "/boot/grub/grub.cfg": MENU.format(default="own") + "source $prefix/custom.cfg\n", "/boot/grub/custom.cfg": own,
    })  # fmt: skip
    assert _written(plan) == {"/boot/grub/custom.cfg": own.replace("quiet", "quiet iommu=pt")}


def test_another_system_that_starts_by_default_is_left_alone(tmp_path: Path) -> None:
    menu = MENU.format(default="vfio").replace("40_custom", "30_os-prober")
    with pytest.raises(PlanError, match="another system"):
        _plan(tmp_path, "more>vfio", **{"/boot/grub/grub.cfg": menu.replace('"vfio"', '"more>vfio"')})


@pytest.mark.parametrize(
    "text",
    [
        'GRUB_CMDLINE_LINUX_DEFAULT="quiet\niommu=pt"\n',
        "GRUB_CMDLINE_LINUX='a\nb'\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n",
        'GRUB_CMDLINE_LINUX_DEFAULT=\u201cquiet splash\u201d\nGRUB_CMDLINE_LINUX=""\n',
        'GRUB_TIMEOUT=5 s\nGRUB_CMDLINE_LINUX=""\n',
    ],
)
def test_settings_that_keep_words_from_the_kernel_are_refused_with_their_line(text: str) -> None:
    with pytest.raises(EditRefused) as refusal:
        grub_default.edit_words(text, WordEdit(add=("iommu=pt",)))
    assert refusal.value.line_number == 1


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("menuentry A {\n}\n", WordEdit(add=("a",))),
        ("menuentry B {\n linux /k a\n}\n", WordEdit(add=("a",))),
        ("menuentry A {\n linux /k a \\\n b\n}\n", WordEdit(add=("c",))),
        ("menuentry A { linux /k a; }\n", WordEdit(add=("c",))),
        ("menuentry A {\n linux /k a # b\n}\n", WordEdit(add=("c",))),
        ("menuentry A {\n linux /k a\n linux /l b\n}\n", WordEdit(add=("c",))),
        ("menuentry A {\n linux /k a\n}\n", WordEdit(add=("a={1}",))),
    ],
)
def test_lines_that_cannot_be_edited_safely_are_refused(text: str, edit: WordEdit) -> None:
    with pytest.raises(EditRefused):
        grub_entries.edit_words(text, "A", edit)


def test_an_edit_changes_the_one_line() -> None:
    after = grub_entries.edit_words(CUSTOM, "vfio", WordEdit(remove=("quiet",), add=("iommu=pt",)))
    assert after == CUSTOM.replace("ro quiet\n", "ro iommu=pt\n")
    assert grub_entries.edit_words(after, "vfio", WordEdit(add=("iommu=pt",))) == after


OWN = "menuentry Own --id own {\n linux /vmlinuz root=/dev/sda2 quiet\n}\n"
BY_HAND = {
    "/boot/grub/grub.cfg": MENU.format(default="own") + "source $prefix/custom.cfg\n",
    "/boot/grub/custom.cfg": OWN,
    "/etc/default/grub": 'GRUB_DEFAULT="own"\nGRUB_CMDLINE_LINUX_DEFAULT="vfio-pci.ids=10de:13c2 video=off"\n',
}


def test_the_forecast_goes_by_the_entry_that_starts_and_not_by_its_neighbours(tmp_path: Path) -> None:
    """The settings make the other entries; none of their words reaches the one that a person wrote."""
    assert (
        _plan(tmp_path / "custom.cfg", "own", **BY_HAND).cmdline == "BOOT_IMAGE=/vmlinuz root=/dev/sda2 quiet iommu=pt"
    )
    settings = {"/etc/default/grub": BY_HAND["/etc/default/grub"].replace("own", "more>vfio")}
    assert _plan(tmp_path / "40_custom", "more>vfio", **settings).cmdline == "root=/dev/sda2 ro quiet iommu=pt"


def test_a_menu_that_is_made_anew_for_another_reason_gets_the_words_of_its_sources(tmp_path: Path) -> None:
    settings = 'GRUB_DEFAULT="simple"\nGRUB_CMDLINE_LINUX_DEFAULT="quiet vfio-pci.ids=10de:13c2"\n'
    tree = {"/boot/grub/grub.cfg": MENU.format(default="simple"), "/boot/vmlinuz": "", "/etc/default/grub": settings}
    tree |= {"/usr/sbin/update-grub": "#!/bin/sh\n", "/usr/lib/modules/6.1/modules.dep": ""}

    def words(name: str, default: str) -> str | None:
        files = tree | {"/boot/grub/grub.cfg": MENU.format(default=default), "/boot/grub/custom.cfg": OWN}
        files["/boot/grub/grub.cfg"] += "source $prefix/custom.cfg\n"
        root = folder_root(tmp_path / name, files)
        return make_plan(gather(root), read_config_snapshot(root), [("boot.escape", "yes")]).cmdline

    assert words("generated", "simple") == "quiet vfio-pci.ids=10de:13c2"
    assert words("by hand", "own") is None


def test_a_line_that_lost_its_last_word_is_another_than_one_that_stays(tmp_path: Path) -> None:
    tree = {"/boot/limine.conf": "/x\n protocol: linux\n path: boot():/vmlinuz\n cmdline: quiet\n", "/boot/vmlinuz": ""}
    root = folder_root(tmp_path, tree | {"/usr/lib/modules/6.1/modules.dep": ""})
    plan = make_plan(gather(root), read_config_snapshot(root), [("cmdline.remove", "quiet")])
    assert plan.cmdline == "" and from_json(to_json(plan)).cmdline == ""
    same = make_plan(gather(root), read_config_snapshot(root), [("cmdline.add", "quiet")])
    assert same.cmdline is None and from_json(to_json(same)).cmdline is None
