"""tmpfiles.d: only the fields that differ change, in the line of the path."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given

from tests.formats.edits import HOSTILE, files, is_local
from tests.requirements import need
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.system import tmpfiles
from vfiotui.formats.system.tmpfiles import Entry

GLASS = Entry("f", "/dev/shm/looking-glass", "0660", "alice", "kvm")
PIECES = [
    "",
    "# f /dev/shm/looking-glass 0660 alice kvm -",
    "f\t/dev/shm/looking-glass\t0600\tbob",
    'w "/sys/a b" - - - - 1 2',
    "d /run/x",
    "f",
]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "f /dev/shm/looking-glass 0660 alice kvm -\n"),
        ("d /x", "d /x\nf /dev/shm/looking-glass 0660 alice kvm -"),
        ("f /dev/shm/looking-glass 0660 bob kvm -\r\n", "f /dev/shm/looking-glass 0660 alice kvm -\r\n"),
        ("f\t/dev/shm/looking-glass\t0600 \n", "f\t/dev/shm/looking-glass\t0660 alice kvm \n"),
        ("f  /dev/shm/looking-glass  0660  alice  kvm  10d\n", "f  /dev/shm/looking-glass  0660  alice  kvm  -\n"),
        ("f+ '/dev/shm/looking-glass' 0660 bob kvm\n", "f '/dev/shm/looking-glass' 0660 alice kvm\n"),
    ],
)
def test_an_entry_is_put_where_its_path_stands(before: str, after: str) -> None:
    assert tmpfiles.put(before, GLASS) == after


def test_arguments_keep_their_blanks() -> None:
    text = "w /sys/kernel/mm/transparent_hugepage/enabled - - - - madvise  x # y\n"
    entry = tmpfiles.entries(text)[0]
    assert entry.argument == "madvise  x # y"
    changed = tmpfiles.put(text, Entry("w", entry.path, argument="always"))
    assert changed == "w /sys/kernel/mm/transparent_hugepage/enabled - - - - always\n"
    assert tmpfiles.remove(text, entry.path) == ""


@pytest.mark.parametrize("line", ["d /dev/shm/looking-glass", "f /dev/shm/looking-glass '0600'"])
def test_what_is_not_plain_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(EditRefused) as told:
        tmpfiles.put(f"# x\n{line}\n", GLASS)
    assert (told.value.line_number, told.value.line_text) == (2, line)


def test_what_adjusts_a_path_stands_beside_what_makes_it() -> None:
    text = "z /dev/shm/looking-glass 0600\n"
    assert tmpfiles.put(text, GLASS) == f"{text}{GLASS.line()}\n"


def test_systemd_makes_what_was_put(tmp_path: Path) -> None:
    program = need("systemd-tmpfiles", "systemd")
    conf = tmp_path / "glass.conf"
    text = tmpfiles.put("d\t/run/a\t0700\nf /run/a/b 0600 - - - old\n", Entry("f", "/run/a/b", "0640", argument="a  b"))
    conf.write_text(tmpfiles.put(text, Entry("d", "/run/a", "0750")))
    made = [program, "--create", f"--root={tmp_path}", str(conf)]
    subprocess.run(made, check=False, capture_output=True)
    folder, file = tmp_path / "run/a", tmp_path / "run/a/b"
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o750, 0o640)
    assert file.read_text() == "a  b"


@given(HOSTILE | files(PIECES))
def test_edits_are_local_idempotent_and_undone_by_their_opposite(text: str) -> None:
    assert tmpfiles.remove(text, "/never/named") == text
    edited = tmpfiles.put(text, GLASS)
    assert is_local(text, edited) and tmpfiles.put(edited, GLASS) == edited
    assert next(e for e in tmpfiles.entries(edited) if e.path == GLASS.path) == GLASS
    assume("glass" not in text)
    assert tmpfiles.remove(edited, GLASS.path) == text
