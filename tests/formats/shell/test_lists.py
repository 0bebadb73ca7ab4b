"""Which assignments of a shell file always take effect, and which are refused with their line."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.edits import HOSTILE
from tests.requirements import need
from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell import lists as shell_lists
from vfiotui.formats.shell import values as shell_values


@pytest.mark.parametrize(
    "text",
    [
        "M=(a b)",
        "M=(a\n  # c )\n  b\n)\r\n",
        "M='a b'",
        'M="a \\\n b"',
        "M=x; M=(a b)",
        "if false; then X=1; fi; M=(a b)",
        "f() { M=(x); }; X=1\n",
        "cat <<E\nM=(x)\nE\nM=(a b)",
        "cat <<-'E'\n\tM=(x)\n\tE\nM=(a b)",
        "X=$(echo 'M=(x)' `id x`)\nM=(a b)",
        "# M=(x)\nexport M=(a b)",
        "M=(x) true\nM=(a b)",
        "case a in (b) X=1;; c) X=2;; esac\nM=(a b) # M=x",
        "[[ a < b && c ]] || X=1\nM=(a b)",
        "X=${Y:-'}'}\nM=(a 'b')",
        "M=(a)\nM+=(b)",
        'M="a"\nM+=" b"',
        "echo a >M=x; M=(a b)",
        "X=$'it\\'s'\nM=(a b)",
        'M=(a"" "b")',
    ],
)
def test_the_words_are_those_of_the_shell(text: str) -> None:
    if "f()" in text:
        with pytest.raises(EditRefused):
            shell_lists.words(text, "M")
    else:
        assert shell_lists.words(text, "M") == ("a", "b")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("M=(a)\nif x; then\n  M=(b)\nfi", 3),
        ("M=(a)\n[ -e x ] && M+=(b)", 2),
        ("true |\\\n M=a", 2),
        ("for i in a b; do M+=($i); done", 1),
        ("M=($(ls))", 1),
        ('\nM="a $B"', 2),
        ("M=`x`", 1),
        ("M=(a\n ${B[@]})", 2),
        ("M[2]=a", 1),
        ("M=([2]=a)", 1),
        ("X=1\n. /etc/other", 2),
        ("source x", 1),
        ("eval x", 1),
        ("M=(a)\nunset M", 2),
        ("M=(a)\nM+=b", 2),
        ('M="a"\nM+="b"', 2),
        ("X=1\nM=(a", 2),
        ('M="a\\"b"', 1),
        ("M=a'b c'", 1),
        ("while read M; do M=x; done", 1),
        ("{ M=x\n}", 1),
        ("(M=x)", 1),
    ],
)
def test_what_only_a_shell_can_tell_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(EditRefused) as told:
        shell_lists.add(text, "M", "new")
    assert (told.value.line_number, told.value.line_text) == (line, text.split("\n")[line - 1])


@given(HOSTILE | st.text("\"'`$(){}\\#<>;&|=+M a\n\r", max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    try:
        for part in shell_lists.parts(text, "M"):
            assert part.start <= part.end <= len(text)
    except EditRefused as told:
        assert told.line_number >= 1


PIECES = [
    "# M=(no)",
    "M=(a 'b c' \"d\")",
    "M=( )",
    "M=(a\n  b # c\n)",
    'M="a b"',
    "M+=(e)",
    'M+=" f "',
    "X='M=(x)'",
    "M=(x) true",
    "if false; then Y=1; fi",
    "cat <<E >/dev/null\nM=(y)\nE",
    "M=a",
    "M=",
    'M="a \\\n  b"',
]


def bash(text: str, name: str) -> list[str]:
    """The words that bash holds."""
    program = need("bash", "bash")
    script = f'{text}\nfor word in "${{{name}[@]}}"; do printf "%s\\0" "$word"; done'
    told = subprocess.run([program, "--norc", "-c", script], capture_output=True, text=True, check=False)
    return told.stdout.split("\0")[:-1]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4))
@settings(max_examples=80, deadline=None)
def test_bash_holds_the_old_words_and_the_new_one(pieces: list[str]) -> None:
    text = "\n".join(pieces) + "\n"
    try:
        edited = shell_lists.add(text, "M", "new")
    except EditRefused:
        return
    before = bash(text, "M")
    if edited is None:
        assert before in ([], [""])
        return
    array = any(part.assignment.array for part in shell_lists.parts(text, "M"))
    after = bash(edited, "M")
    if array:
        assert after == [*before, "new"] and before == list(shell_lists.words(text, "M"))
    else:
        assert after[0].split() == [*"".join(before).split(), "new"]
    assert shell_lists.add(edited, "M", "new") == edited


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A='x'\n", "A='y z'\n"),
        ('A="x" # c\r\n', 'A="y z" # c\r\n'),
        ("A=x", 'A="y z"'),
        ("A=", 'A="y z"'),
        ("#A=1\nB=2\n", '#A=1\nA="y z"\nB=2\n'),
        ("B=2", 'B=2\nA="y z"'),
        ("export A=x\n", 'export A="y z"\n'),
        ("cat <<E\n#A=1\nE\n", 'cat <<E\n#A=1\nE\nA="y z"\n'),
        ("A='y z'", "A='y z'"),
    ],
)
def test_a_value_is_set_in_its_own_quotes(before: str, after: str) -> None:
    assert shell_values.set_value(before, "A", "y z") == after
    assert shell_values.get(after, "A") == "y z"


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20))
@settings(max_examples=60, deadline=None)
def test_bash_reads_the_value_that_was_set(value: str) -> None:
    for text in ("A=x\n", "A='x'\n", 'A="x"\n', ""):
        edited = shell_values.set_value(text, "A", value)
        assert shell_values.get(edited, "A") == value
    told = subprocess.run(
        [need("bash", "bash"), "--norc", "-c", f'{edited}printf %s "$A"'], capture_output=True, check=True
    )
    assert told.stdout.decode() == value


def test_a_value_goes_with_its_line() -> None:
    assert shell_values.unset("B=1\nA=x # c\nC=3\n", "A") == "B=1\nC=3\n"
    assert shell_values.unset("B=1", "A") == "B=1"
    with pytest.raises(EditRefused):
        shell_values.unset("A=x; B=1\n", "A")
