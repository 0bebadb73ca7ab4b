"""Shell source: what assigns, what only may assign, and where every character stands."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfiotui.formats.shell.source import line_at, scan

PIECES = "A= A+= B=x ' \" \\ \\\n # $A ${A} $( ) ( ` ; && | if fi then export <<E vfio é $' [x] { } case".split(" ")
FRAGMENTS = st.lists(st.sampled_from([*PIECES, "\n", "\r\n", " ", "E\n", "\udcff"]), max_size=40).map("".join)


def told(text: str) -> list[tuple[str, str | None, bool]]:
    """Name, value and certainty of every assignment."""
    return [(a.name, a.words[0].literal if a.words else "", a.certain) for a in scan(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=x B=y", [("A", "x", True), ("B", "y", True)]),
        ("A=x make", []),
        ("A=x if", []),
        ("A=x >y", [("A", "x", False)]),
        ("export A=x 2>&1", [("A", "x", False)]),
        ("ls >A=x", []),
        ("export A=x B", [("A", "x", True)]),
        ("declare -x A=x", [("A", "x", True)]),
        ("A=1; B=2 # C=3", [("A", "1", True), ("B", "2", True)]),
        ("if true; then A=x; fi; B=y", [("A", "x", False), ("B", "y", True)]),
        ("[ -e /x ] && A=x\nB=y", [("A", "x", False), ("B", "y", True)]),
        ("[ -e /x ] &&\n  A=x\nB=y", [("A", "x", False), ("B", "y", True)]),
        ("f() {\n A=x\n}\nB=y", [("A", "x", False), ("B", "y", True)]),
        ("( A=x )\nB=y", [("A", "x", False), ("B", "y", True)]),
        ("case $x in\n a|b) A=x ;;\nesac\nB=y", [("A", "x", False), ("B", "y", True)]),
        ("cat <<E >&2\nA=x\nE\nB=y", [("B", "y", True)]),
        ("cat <<-'E'\n\tA=x\n\tE\nB=y", [("B", "y", True)]),
        ("A=x | cat\nB=y", [("A", "x", False), ("B", "y", True)]),
        ("echo A=x", []),
        ('K[default]+="a b"', [("K[default]", "a b", True)]),
        ("A=$(echo ')' \"B=x\")\nB=y", [("A", None, True), ("B", "y", True)]),
        ("A=`id`", [("A", None, True)]),
        ("A='x\r\ny'\r\nB=y\r\n", [("A", "x\ny", True), ("B", "y", True)]),
        ('A="a \\\r\nb"\r\n', [("A", "a b", True)]),
        ('A="$ 5"', [("A", "$ 5", True)]),
    ],
)
def test_assignments_and_how_sure_they_are(text: str, found: list[tuple[str, str | None, bool]]) -> None:
    assert told(text) == found


def test_arrays_keep_their_elements() -> None:
    (one,) = scan("MODULES=(vfio # first\n  'vfio_pci' $X \\\n)\n")
    assert one.array and [w.literal for w in one.words] == ["vfio", "vfio_pci", None]


def test_an_open_quote_is_told() -> None:
    assert [w.closed for a in scan("A='x'\nB=\"y\nC=z\n") for w in a.words] == [True, False]


def test_lines_are_counted_as_editors_count_them() -> None:
    assert line_at("a\r\nb=1\r\nc", 4) == (2, "b=1")


@given(FRAGMENTS)
def test_every_character_stands_where_it_says(text: str) -> None:
    for one in scan(text):
        assert 0 <= one.start <= one.end <= len(text)
        for word in one.words:
            places = [(p.start, p.end) for p in word.parts]
            assert places == sorted(places)
            for part in word.parts:
                assert one.start <= part.start < part.end <= one.end
                if part.kind == "character" and part.end - part.start == 1:
                    assert text[part.start] == part.text


@given(st.lists(st.tuples(st.sampled_from(["A", "B"]), st.sampled_from(["=", "+="]), FRAGMENTS), max_size=4))
def test_bash_agrees_on_what_is_literal(rows: list[tuple[str, str, str]]) -> None:
    """Where every assignment is certain and literal, bash holds the same values."""
    text = "".join(f"{name}{sign}'{value.replace(chr(39), '')}'\"\\$x\"\\ y\n" for name, sign, value in rows)
    text = text.replace("\udcff", "ÿ").replace("\r", "")
    values = {"A": "", "B": ""}
    for one in scan(text):
        literal = one.words[0].literal
        assert literal is not None and one.certain
        values[one.name] = literal if not one.append else values[one.name] + literal
    program = f'{text}printf "%s\\0" "$A" "$B"'
    done = subprocess.run(["bash", "--norc", "-r"], input=program.encode(), capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:2] == [values["A"], values["B"]]
