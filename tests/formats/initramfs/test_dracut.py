"""dracut.conf.d: words keep the blanks around them, so that files which append never join two words."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings

from tests.formats.edits import HOSTILE, files, is_local
from tests.requirements import need
from vfiotui.formats.initramfs import dracut
from vfiotui.formats.refused import EditRefused

PIECES = ["", "# x", 'force_drivers+=" vfio vfio-pci \t"', 'force_drivers+="kvm"', 'force_drivers=""', 'hostonly="no"']


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'force_drivers+=" i915 "\n'),
        ('hostonly="yes"', 'hostonly="yes"\nforce_drivers+=" i915 "'),
        ('force_drivers+=" vfio amdgpu \t"\r\n', 'force_drivers+=" vfio i915 amdgpu \t"\r\n'),
        ('force_drivers+=" vfio \t"\n', 'force_drivers+=" vfio i915 \t"\n'),
        ('force_drivers+="vfio"\n', 'force_drivers+=" vfio i915 "\n'),
        ("force_drivers+=vfio\n", 'force_drivers+=" vfio i915 "\n'),
        ("force_drivers+=' '\n", "force_drivers+=' i915 '\n"),
        ('force_drivers+=" i915 "\n', 'force_drivers+=" i915 "\n'),
    ],
)
def test_a_driver_stands_between_blanks(before: str, after: str) -> None:
    assert dracut.add(before, "force_drivers", "i915", before="amdgpu") == after


def test_an_emptied_line_goes() -> None:
    assert dracut.remove('# x\nforce_drivers+=" vfio_pci "\n', "force_drivers", "vfio-pci") == "# x\n"
    assert dracut.remove('force_drivers+=" a b "\n', "force_drivers", "a") == 'force_drivers+=" b "\n'


def test_files_are_spelt_exactly() -> None:
    text = dracut.add("", "install_items", "/etc/modprobe.d/vfio-a.conf")
    assert dracut.add(text, "install_items", "/etc/modprobe.d/vfio_a.conf") != text


@pytest.mark.parametrize("text", ["force_drivers+=(a)", 'force_drivers+=" $x "', '[ -e x ] && force_drivers+=" x "'])
def test_what_is_not_plain_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(EditRefused) as told:
        dracut.add(f"\n{text}\n", "force_drivers", "a")
    assert (told.value.line_number, told.value.line_text) == (2, text)


@given(files(PIECES))
@settings(max_examples=40, deadline=None)
def test_the_shell_reads_the_new_driver_between_what_other_files_append(text: str) -> None:
    try:
        edited = dracut.add(text, "force_drivers", "i915")
    except EditRefused:
        return
    script = f'force_drivers=x\n{edited}\nforce_drivers+=y\nprintf %s "$force_drivers"'.replace("\r\n", "\n")
    told = subprocess.run([need("bash", "bash"), "--norc", "-c", script], capture_output=True, text=True, check=True)
    assert "i915" in told.stdout.split()


@given(HOSTILE | files(PIECES))
def test_edits_are_local_and_idempotent(text: str) -> None:
    try:
        edited = dracut.add(text, "force_drivers", "i915")
    except EditRefused:
        return
    assert is_local(text, edited) and dracut.add(edited, "force_drivers", "i915") == edited
    assert set(dracut.words(edited, "force_drivers")) == {*dracut.words(text, "force_drivers"), "i915"}
    if "force_drivers" not in text:
        assert dracut.remove(edited, "force_drivers", "i915") == text
