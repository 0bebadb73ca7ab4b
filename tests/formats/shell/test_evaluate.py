"""What bash makes of files of assignments; bash itself says the same."""

from __future__ import annotations

import subprocess

import pytest

from vfiotui.formats.refused import EditRefused
from vfiotui.formats.shell.assignments import Computed
from vfiotui.formats.shell.evaluate import Value, evaluate, words_of
from vfiotui.formats.shell.version_sort import sort_key

TEXTS = (
    "A=x\nA+=y\nB=$A/z\nC='$A'\nD=\"${A}-$B\"\n",
    'A=(a \'b c\' "$HOMELESS")\nA+=(d)\nB=(${A[@]})\nC=("${A[@]}" e)\n',
    "A=(a b)\nA+=x\nB=text\nB+=(more)\n",
    'LIST=\'a b\'\nA=($LIST c)\nB=("$LIST" c)\nunset LIST\nC="<$LIST>"\n',
    "A=${NONE:-/efi}\nB=${A:-/boot}\nC=${NONE-}\n",
    'A=one\\\ntwo\nB="a \\\nb"\n# C=x\nD=a#b\n',
    "A=1; B=2 true; C=3\n",
    'A=\nB=()\nB+=(x)\nA+="y"\n',
)


def in_bash(text: str, names: list[str]) -> dict[str, Value]:
    """What bash holds afterwards; a scalar as a text, an array as a tuple."""
    ask = "\n".join(
        f'[[ -v {n} || ${{{n}@a}} == *a* ]] && {{ [[ ${{{n}@a}} == *a* ]] && printf "%s\\0" "{n}" a "${{#{n}[@]}}" '
        f'"${{{n}[@]}}" || printf "%s\\0" "{n}" s 1 "${n}"; }}'
        for n in names
    )
    out = subprocess.run(["bash", "-c", f"{text}\n{ask}\ntrue"], capture_output=True, check=True, env={}).stdout
    pieces = out.decode().split("\0")[:-1]
    found: dict[str, Value] = {}
    while pieces:
        name, kind, count = pieces[:3]
        values = pieces[3 : 3 + int(count)]
        # printf prints one empty argument where there is none.
        pieces = pieces[3 + (int(count) or 1) :] if kind == "s" or int(count) else pieces[3:]
        found[name] = tuple(values) if kind == "a" else values[0]
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_bash_says_the_same(text: str) -> None:
    ours = evaluate(text)
    assert ours == in_bash(text, sorted(ours)) and ours


def test_other_files_are_read_where_they_stand() -> None:
    files = {"/a": "X=from-a\nY=y\n", "/b": ". /a\nX=from-b\n"}
    assert evaluate("X=1\nsource /a\nZ=$X", files.get) == {"X": "from-a", "Y": "y", "Z": "from-a"}
    assert evaluate("D=/b\n. $D\nZ=$X$Y", files.get)["Z"] == "from-by"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("if true; then A=x; fi", "A"),
        ("A=$(uname -r)", "A"),
        ("A=`uname`", "A"),
        ("A=$HOME", "A"),
        ("A=x\nsource /nowhere", "A"),
        ("A=x\neval B=y", "A"),
        ("read -r A", "A"),
        ("A='never closed", "A"),
        ("A=(never closed", "A"),
        ("A[2]=x", "A"),
        ("B=$(id); A+=$B", "A"),
        ("false && A=x", "A"),
    ],
)
def test_what_only_a_shell_knows_is_not_guessed(text: str, name: str) -> None:
    assert isinstance(evaluate(text)[name], Computed)
    assert words_of(evaluate(text)[name]) is None


def test_what_stands_below_the_end_of_the_file_does_not_count() -> None:
    assert evaluate("A=x\nexit 0\nA=y") == {"A": "x"}
    assert evaluate("A=x\n. /b\nA+=z", {"/b": "A=y\nreturn\nA=w"}.get) == {"A": "yz"}
    assert evaluate("A=x\nexec 2>/dev/null\nB=y")["B"] == "y"


def test_loops_and_growing_values_come_to_an_end() -> None:
    with pytest.raises(EditRefused):
        evaluate("A=x\n. /loop\n", lambda path: "A+=y\n. /loop\n. /loop\n")
    grown = evaluate("A=aaaaaaaaaaaaaaaa\n" + "A=$A$A\n" * 60)["A"]
    assert isinstance(grown, Computed)
    assert evaluate("\0\ufeffA=x\r\nB=y\r\n")["B"] == "y"


@pytest.mark.parametrize(
    "names",
    [
        ["10-b.conf", "9-a.conf", "9.conf", "a.conf", "10.conf"],
        ["vfio.conf", "vfio-2.conf", "vfio-10.conf", "vfio.d.conf", "vfio~.conf", ".vfio.conf"],
        ["zz-vfiotui.conf", "zz.conf", "zzz.conf", "99-x.conf", "Z.conf", "_.conf", "~.conf"],
        ["a1b.conf", "a01b.conf", "a1.2.conf", "a1.10.conf", "a1-2.conf"],
    ],
)
def test_names_are_ordered_as_sort_does(names: list[str]) -> None:
    real = subprocess.run(
        ["sort", "-V"], input="\n".join(names), text=True, capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
    )
    assert sorted(names, key=sort_key) == real.stdout.split()
