"""Files with one module a line, and booster's list: order kept, edits local, undone by their opposite."""

from __future__ import annotations

import subprocess
from types import ModuleType

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.formats.edits import HOSTILE, files, is_local
from vfiotui.formats.initramfs import booster, initramfs_tools
from vfiotui.formats.modprobe import modules_load
from vfiotui.formats.refused import EditRefused

PIECES = ["", "# vfio_pci", "; kvm", "kvm", "  kvm_amd  ", "apm power_off=1", "vfio-pci", "\tvfio ids=1:2", "\x0b\x85"]
ONE_A_LINE = [modules_load, initramfs_tools]


@pytest.mark.parametrize("tool", ONE_A_LINE)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "vfio_pci\n"),
        ("kvm", "kvm\nvfio_pci"),
        ("kvm\r\n", "kvm\r\nvfio_pci\r\n"),
        ("# vfio_pci\n", "# vfio_pci\nvfio_pci\n"),
        ("vfio-pci ids=1:2\n", "vfio-pci ids=1:2\n"),
        ("kvm\namdgpu\n", "kvm\nvfio_pci\namdgpu\n"),
        ("kvm\r\n  amdgpu", "kvm\r\nvfio_pci\r\n  amdgpu"),
    ],
)
def test_a_module_joins_ahead_of_the_named_one(tool: ModuleType, before: str, after: str) -> None:
    assert tool.add(before, "vfio_pci", before="amdgpu") == after


@pytest.mark.parametrize("tool", ONE_A_LINE)
@given(text=HOSTILE | files(PIECES))
def test_edits_are_local_idempotent_and_undone_by_their_opposite(tool: ModuleType, text: str) -> None:
    assert tool.remove(text, "never-named") == text
    edited = tool.add(text, "i915")
    assert is_local(text, edited) and tool.add(edited, "i915") == edited
    assume("i915" not in text)
    assert tool.remove(edited, "i915") == text
    assert tool.modules(edited)[:-1] == tool.modules(text)


@given(files(PIECES))
def test_initramfs_tools_would_read_the_same(text: str) -> None:
    assume("\r" not in text and "\x0b" not in text)
    script = 'grep \'^[^#]\' | while read -r module args; do [ -n "$module" ] || continue; echo "$module $args"; done'
    told = subprocess.run(["/bin/sh", "-c", script], input=text, capture_output=True, text=True, check=False).stdout
    assert [" ".join((name, *options)) for name, options in initramfs_tools.modules(text)] == [
        line.strip() for line in told.splitlines()
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "modules_force_load: vfio_pci\n"),
        ("network:\n  dhcp: on", "network:\n  dhcp: on\nmodules_force_load: vfio_pci"),
        ("modules_force_load: kvm,amdgpu # gpu\r\n", "modules_force_load: kvm,vfio_pci,amdgpu # gpu\r\n"),
        ("modules_force_load: 'kvm'\nstrip: true\n", "modules_force_load: 'kvm,vfio_pci'\nstrip: true\n"),
        ('modules_force_load: ""\n', 'modules_force_load: "vfio_pci"\n'),
        ("modules_force_load:\n", "modules_force_load: vfio_pci\n"),
        ("modules_force_load: vfio-pci,kvm\n", "modules_force_load: vfio-pci,kvm\n"),
        ("---\n# x\nmodules_force_load:   kvm   \n", "---\n# x\nmodules_force_load:   kvm,vfio_pci   \n"),
        ("extra_files:\n- a\n- b\n", "extra_files:\n- a\n- b\nmodules_force_load: vfio_pci\n"),
    ],
)
def test_booster_gets_the_module_in_its_one_line(before: str, after: str) -> None:
    assert booster.add(before, "vfio_pci", before="amdgpu") == after


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("modules_force_load: [kvm]\n", 1),
        ("x: 1\nmodules_force_load: |\n  kvm\n", 2),
        ("modules_force_load: kvm\n  ,vfio\n", 1),
        ("modules_force_load:\n- kvm\n", 1),
        ("modules_force_load: &a kvm\n", 1),
        ("{modules_force_load: kvm}\n", 1),
        ("  modules_force_load: kvm\n", 1),
        ("modules_force_load: a\nmodules_force_load: b\n", 2),
        ("a: b\n---\nmodules_force_load: b\n", 2),
        ("? modules_force_load\n: b\n", 1),
        ('"modules_force_load": kvm\n', 1),
    ],
)
def test_yaml_of_other_shapes_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(EditRefused) as told:
        booster.add(text, "vfio_pci")
    assert told.value.line_number == line and told.value.line_text == text.split("\n")[line - 1]


YAML = [
    "",
    "# x",
    "strip: true",
    "network:",
    "  dhcp: on",
    "modules_force_load: a,b",
    "modules_force_load:",
    "- x",
    "---",
]


@given(HOSTILE | files(YAML))
def test_booster_edits_are_local_idempotent_and_undone_by_their_opposite(text: str) -> None:
    try:
        edited = booster.add(text, "i915")
    except EditRefused:
        return
    assert is_local(text, edited) and booster.add(edited, "i915") == edited
    assume("i915" not in text)
    assert booster.modules(edited) == (*booster.modules(text), "i915")
    assert booster.modules(booster.remove(edited, "i915")) == booster.modules(text)
    if booster.modules(text) or "modules_force_load" not in text:
        assert booster.remove(edited, "i915") == text


@pytest.mark.parametrize("module", ["", "a b", "a\nb", "# x"])
@pytest.mark.parametrize("tool", [*ONE_A_LINE, booster])
def test_what_is_no_module_name_is_never_written(tool: ModuleType, module: str) -> None:
    with pytest.raises(ValueError):
        tool.add("", module)


@given(st.sampled_from(["a,b,c", "a, b, c"]), st.sampled_from("abc"))
def test_booster_keeps_the_others(listed: str, gone: str) -> None:
    text = f"modules_force_load: {listed}\n"
    kept = booster.modules(booster.remove(text, gone))
    assert kept == tuple(x for x in "abc" if x != gone)
