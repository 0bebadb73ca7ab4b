"""modprobe.d: edits whose effect kmod itself confirms."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings

from tests.formats.edits import HOSTILE, files, is_local
from tests.requirements import need
from vfiotui.formats.modprobe import modprobe
from vfiotui.formats.refused import EditRefused

PIECES = [
    "",
    "# options vfio-pci ids=dead:beef",
    "# a comment goes on \\",
    "options vfio-pci ids=10de:1b80,10de:10f0",
    "options\tvfio_pci   disable_vga=1\t",
    "options vfio-pci disable_idle_d3=1 ids=1002:67df",
    "options snd-hda-intel id=Generic* index=0",
    'options kvmfr text="a b" static_size_mb=32',
    "options nvidia a=1 \\",
    "  b=2 \\",
    "  c=3",
    "options nvidia d=4 \\\r\n  e=5",
    "options vfio-pci ids=1002:1 \\\r\n  f=6",
    "softdep nvidia pre: vfio-pci",
    "softdep nvidia post: snd",
    "blacklist nouveau",
    "install ib_qib modprobe -i ib_qib $CMDLINE_OPTS && true",
    "nonsense",
    "options",
    " options vfio-pci x=1",
    "\udcff \x0b\x1c x",
]


def kmod(text: str) -> list[str]:
    """The statements that kmod reads, each with single blanks."""
    program = need("modprobe", "kmod")
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("x.conf", text), ("empty", "")):
            Path(folder, name).write_bytes(content.encode("utf-8", "surrogateescape"))
        told = subprocess.run([program, "-C", folder, "--showconfig"], capture_output=True, check=False)
    shown = told.stdout.decode("utf-8", "surrogateescape").split("\n")
    verbs = ("options ", "softdep ", "blacklist ", "install ", "remove ")
    return [" ".join(line.split()) for line in shown if line.startswith(verbs)]


@pytest.fixture(scope="module")
def from_cmdline() -> list[str]:
    """What kmod adds by itself, from the kernel's command line."""
    return kmod("")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "options vfio-pci ids=1:2\n"),
        ("blacklist x", "blacklist x\noptions vfio-pci ids=1:2"),
        ("blacklist x\r\n", "blacklist x\r\noptions vfio-pci ids=1:2\r\n"),
        ("options vfio_pci ids=3:4 x=1\n", "options vfio_pci ids=1:2 x=1\n"),
        ("options vfio-pci\tx=1\t\r\n", "options vfio-pci\tx=1 ids=1:2\t\r\n"),
        ("options vfio-pci ids=a\n#\noptions vfio-pci ids=b y\n", "#\noptions vfio-pci ids=1:2 y\n"),
        ("options vfio-pci x=1 \\\n  y=2 \\\n  z=3\n", "options vfio-pci x=1 \\\n  y=2 \\\n  z=3 ids=1:2\n"),
        ("options vfio-pci \\\r\n  ids=3:4\r\n", "options vfio-pci ids=1:2 \\\r\n  ids=3:4\r\n"),
        ("options vfio-pci ids=3:4\\\r\n x=1\r\n", "options vfio-pci ids=1:2\\\r\n x=1\r\n"),
        ("options vfio-pci x=1 \\\r", "options vfio-pci x=1 ids=1:2 \\\r"),
        ("# options vfio-pci ids=3:4\n", "# options vfio-pci ids=3:4\noptions vfio-pci ids=1:2\n"),
        ("options vfio-pci ids=1:2 # mine\n", "options vfio-pci ids=1:2 # mine\n"),
    ],
)
def test_an_option_is_set_where_it_belongs(before: str, after: str) -> None:
    assert modprobe.set_option(before, "vfio-pci", "ids=1:2") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("options m a=1 k=2 c=3\n", "options m a=1 c=3\n"),
        ("options m a=1 \\\n  k=2 \\\n  c=3\n", "options m a=1 \\\n  c=3\n"),
        ("options m k=2\n# keep\noptions m c\n", "# keep\noptions m c\n"),
        ("x\noptions m k=2", "x"),
        ("options m k=1 b k=2\n", "options m b\n"),
        ("options other k=1\n", "options other k=1\n"),
    ],
)
def test_an_option_goes_and_the_others_stay(before: str, after: str) -> None:
    assert modprobe.remove_option(before, "m", "k") == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "softdep nvidia pre: vfio-pci\n"),
        ("softdep nvidia pre: a b post: c\n", "softdep nvidia pre: vfio-pci a b post: c\n"),
        ("softdep nvidia post: c\n", "softdep nvidia pre: vfio-pci post: c\n"),
        ("softdep nvidia pre: vfio_pci\n", "softdep nvidia pre: vfio_pci\n"),
        ("softdep nvidia post: vfio-pci\n", "softdep nvidia pre: vfio-pci post: vfio-pci\n"),
    ],
)
def test_a_soft_dependency_joins_the_line_that_older_kmod_obeys(before: str, after: str) -> None:
    assert modprobe.add_softdep(before, "nvidia", "vfio-pci") == after
    assert modprobe.softdeps(after, "nvidia")[0] in ("vfio-pci", "vfio_pci")


def test_statements_come_and_go() -> None:
    text = modprobe.add("# gpu\n", "blacklist", "nouveau")
    assert text == "# gpu\nblacklist nouveau\n"
    assert modprobe.add(text, "blacklist", "nouveau") == text
    assert modprobe.remove(text, "blacklist", "nouveau") == "# gpu\n"
    two = modprobe.add(modprobe.add("", "alias", "a", "x"), "alias", "a", "y")
    assert modprobe.remove(two, "alias", "a", "x") == "alias a y\n"


@pytest.mark.parametrize("text", ["options a b=1 \\", "options a b=1 \\\n", "# note \\\n"])
def test_a_backslash_at_the_end_would_swallow_a_new_line(text: str) -> None:
    with pytest.raises(EditRefused) as told:
        modprobe.set_option(text, "vfio-pci", "ids=1:2")
    assert told.value.line_number == 1 and told.value.line_text.endswith("\\")
    assert modprobe.set_option(text.replace("\\", "\\\\"), "vfio-pci", "ids=1:2") != text


def test_an_open_quote_is_refused_with_its_line() -> None:
    with pytest.raises(EditRefused) as told:
        modprobe.set_option('#\noptions vfio-pci x="a b\n', "vfio-pci", "ids=1:2")
    assert (told.value.line_number, told.value.line_text) == (2, 'options vfio-pci x="a b')


@given(files(PIECES))
@settings(max_examples=60, deadline=None)
def test_kmod_sees_the_new_option_and_nothing_else_changes(from_cmdline: list[str], text: str) -> None:
    try:
        edited = modprobe.set_option(text, "vfio-pci", "ids=1:2")
    except EditRefused:
        return
    old, new = kmod(text), kmod(edited)
    mine = "options vfio_pci "
    assert [x for x in old if not x.startswith(mine)] == [x for x in new if not x.startswith(mine)]
    kept = [o for x in old if x.startswith(mine) for o in x.split()[2:] if not o.startswith("ids=")]
    got = [o for x in new if x.startswith(mine) for o in x.split()[2:]]
    assert got.count("ids=1:2") == 1 and [o for o in got if o != "ids=1:2"] == kept
    assert modprobe.set_option(edited, "vfio-pci", "ids=1:2") == edited
    gone = kmod(modprobe.remove_option(edited, "vfio_pci", "ids"))
    assert [o for x in gone if x.startswith(mine) for o in x.split()[2:]] == kept
    assert from_cmdline == [x for x in new if x in from_cmdline]


@given(files(PIECES))
@settings(max_examples=40, deadline=None)
def test_what_is_read_is_what_kmod_reads(from_cmdline: list[str], text: str) -> None:
    assume(not text.endswith("\\"))  # kmod takes the end of the file behind it for a byte
    read = [
        " ".join(f"{s.verb} {modprobe.fold(s.name.value)} {s.rest}".split())
        for s in modprobe.statements(text)
        if s.verb == "options" and s.words
    ]
    told = [x for x in kmod(text) if x.startswith("options ") and x not in from_cmdline]
    assert sorted(read) == sorted(told)


def test_only_what_kmod_takes_for_a_blank_parts_words() -> None:
    assert modprobe.options("options a x\x1cy\x85 z\n", "a") == ("x\x1cy\x85", "z")


@given(HOSTILE | files(PIECES))
def test_edits_are_local_idempotent_and_undone_by_their_opposite(text: str) -> None:
    assert modprobe.remove_option(text, "never-named", "x") == text
    assume(not modprobe.options(text, "vfio-pci") and "softdep new" not in text)
    try:
        edited = modprobe.set_option(text, "vfio-pci", "ids=1:2")
        ahead = modprobe.add_softdep(text, "new", "vfio-pci")
    except EditRefused:
        return
    assert is_local(text, edited) and is_local(text, ahead)
    assert modprobe.remove_option(edited, "vfio-pci", "ids") in (text, text.replace("options vfio-pci\n", ""))
