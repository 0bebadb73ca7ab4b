"""qemu.conf: edits that libvirt's own reader confirms."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given, settings

from tests.formats.edits import HOSTILE, files, is_local
from tests.formats.system import libvirt_conf
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.system import qemu_conf

SHOWN = """\
# Some examples of valid values are:
#
#       user = "qemu"   # A user named "qemu"
#
#user = "libvirt-qemu"

#cgroup_device_acl = [
#    "/dev/null", "/dev/full", "/dev/zero",
#    "/dev/ptmx", "/dev/kvm"
#]
#
# RDMA needs more.
"""
PIECES = [
    "",
    "# x",
    '#user = "root"',
    'user = "alice" # me',
    "user='bob'",
    "dynamic_ownership = 1",
    'acl = [\n    "/dev/null", "/dev/zero",\n    "/dev/kvm"\n]',
    "acl = [ '/dev/null', ]",
    'text = """a\n"b" """',
    "acl=[]",
]


def libvirt(text: str, *names: str) -> dict[str, object]:
    """What libvirt holds, or the end of the test where this libvirt cannot be asked."""
    told = subprocess.run(
        [sys.executable, str(Path(libvirt_conf.__file__)), *names],
        input=text.encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
    )
    assert told.returncode == 0, (text, told.stderr)
    return dict(json.loads(told.stdout))


@pytest.fixture(scope="module")
def _reader() -> None:
    try:
        _ = ctypes.CDLL("libvirt.so.0").virConfReadString
    except (OSError, AttributeError):
        pytest.skip("this libvirt does not let its reader be called")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'user = "alice"\n'),
        ("# x", '# x\nuser = "alice"'),
        ('#user = "root"\r\n\r\n', '#user = "root"\r\nuser = "alice"\r\n\r\n'),
        ("user='bob'\t# me\n", "user='alice'\t# me\n"),
        ('user = "a"\nuser = "b"\n', 'user = "alice"\nuser = "b"\n'),
        ("user = 107\n", 'user = "alice"\n'),
        ('user = "alice"\n', 'user = "alice"\n'),
        (SHOWN, SHOWN.replace('#user = "libvirt-qemu"\n', '#user = "libvirt-qemu"\nuser = "alice"\n')),
    ],
)
def test_a_value_is_set_where_it_belongs(before: str, after: str) -> None:
    assert qemu_conf.set_value(before, "user", "alice") == after


def test_a_list_begins_as_the_default_that_the_file_shows() -> None:
    edited = qemu_conf.add_item(SHOWN, "cgroup_device_acl", "/dev/kvmfr0")
    assert edited == SHOWN.replace(
        "#]\n",
        "#]\ncgroup_device_acl = [\n"
        '    "/dev/null", "/dev/full", "/dev/zero",\n    "/dev/ptmx", "/dev/kvm",\n    "/dev/kvmfr0"\n]\n',
    )
    assert qemu_conf.unset(edited, "cgroup_device_acl") == SHOWN
    assert qemu_conf.default_list(SHOWN, "cgroup_device_acl") == qemu_conf.get(edited, "cgroup_device_acl")[:-1]  # type: ignore[index]


def test_a_default_that_nobody_shows_is_not_guessed() -> None:
    with pytest.raises(EditRefused):
        qemu_conf.add_item("", "acl", "/dev/kvmfr0")
    assert qemu_conf.add_item("", "acl", "c", ["a", "b"]) == 'acl = [ "a", "b", "c" ]\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('acl = [ "a" ]\n', 'acl = [ "a", "b" ]\n'),
        ("acl = ['a',]\r\n", "acl = ['a', 'b',]\r\n"),
        ('acl = [\n  "x",\n  "a"\n]\n', 'acl = [\n  "x",\n  "a",\n  "b"\n]\n'),
        ('acl = [\r\n  "x",\r\n  "a",\r\n]\r\n', 'acl = [\r\n  "x",\r\n  "a",\r\n  "b",\r\n]\r\n'),
        ('acl = [\n  "x", "a" ]\n', 'acl = [\n  "x", "a", "b" ]\n'),
        ("acl = []\n", 'acl = [ "b" ]\n'),
        ('acl = ["b"]\n', 'acl = ["b"]\n'),
    ],
)
def test_an_item_joins_in_the_manner_of_the_list(before: str, after: str) -> None:
    assert qemu_conf.add_item(before, "acl", "b") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('acl = [ "a", "b" ]\n', 'acl = [ "a" ]\n'),
        ('acl = [ "b", "a" ]\n', 'acl = [ "a" ]\n'),
        ('acl = [\n  "a",\n  "b",\n]\n', 'acl = [\n  "a",\n]\n'),
        ('acl = ["b"]\n', "acl = []\n"),
        ('acl = ["b",]\n', "acl = []\n"),
    ],
)
def test_an_item_goes_and_the_others_stay(before: str, after: str) -> None:
    assert qemu_conf.remove_item(before, "acl", "b") == after


@pytest.mark.parametrize(
    "line",
    ['user = "a', "user = root", 'user = "a" "b"', 'acl = [ "a" "b" ]', 'acl = [ "a" # x', "a-b = 1", "{", "x\ry = 1"],
)
def test_a_damaged_file_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(EditRefused) as told:
        qemu_conf.set_value(f"# x\n{line}\n", "user", "alice")
    assert (told.value.line_number, told.value.line_text) == (2, line)


def test_a_list_is_no_text() -> None:
    with pytest.raises(EditRefused):
        qemu_conf.add_item('acl = "a"\n', "acl", "b")
    with pytest.raises(ValueError):
        qemu_conf.set_value("", "user", "a\"b'")


@given(files(PIECES))
@settings(max_examples=30, deadline=None)
def test_libvirt_reads_what_was_written(_reader: None, text: str) -> None:
    assume(text.strip() or not text)  # libvirt refuses a file of blank lines alone
    edited = qemu_conf.set_value(qemu_conf.add_item(text, "acl", "/dev/kvmfr0", ["/dev/null"]), "user", "al'ice")
    old, new = (
        libvirt(text, "text:user", "list:acl", "text:text"),
        libvirt(edited, "text:user", "list:acl", "text:text"),
    )
    assert new["user"] == "al'ice" and new["text"] == old["text"]
    listed = old["acl"] if isinstance(old["acl"], list) else ["/dev/null"]
    assert new["acl"] == [*listed, "/dev/kvmfr0"]
    assert old["user"] == qemu_conf.get(text, "user")


@given(HOSTILE | files(PIECES))
def test_edits_are_local_idempotent_and_undone_by_their_opposite(text: str) -> None:
    try:
        assert qemu_conf.unset(text, "never_named") == text
        edited = qemu_conf.set_value(text, "user", "alice")
        listed = qemu_conf.add_item(text, "acl", "/dev/kvmfr0", ["a"])
    except EditRefused:
        return
    assert is_local(text, edited) and qemu_conf.set_value(edited, "user", "alice") == edited
    assert is_local(text, listed) and qemu_conf.add_item(listed, "acl", "/dev/kvmfr0") == listed
    if qemu_conf.get(text, "acl"):
        assert qemu_conf.remove_item(listed, "acl", "/dev/kvmfr0") == text
    assume(qemu_conf.get(text, "user") is None)
    assert qemu_conf.unset(edited, "user") == text
