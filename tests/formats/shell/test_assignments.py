"""Shell files that assign: what a shell would make of them, and what only a shell can know."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vfiotui.formats.shell.assignments import Computed, parse, value_of

PLAIN = st.text(st.characters(codec="ascii", exclude_categories=("Cc",)), max_size=30)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('A="quiet splash"', "quiet splash"),
        ("A='quiet splash'", "quiet splash"),
        ("A=quiet # not this", "quiet"),
        ("A=\"a 'b' c\"", "a 'b' c"),
        ('A="root=/dev/sda1 cryptdevice=\\"x\\""', 'root=/dev/sda1 cryptdevice="x"'),
        ("A=quiet\r\n", "quiet"),
        ('A="quiet"', "quiet"),
        ('A="quiet \\\niommu=pt"', "quiet iommu=pt"),
        ('A="quiet\niommu=pt"', "quiet\niommu=pt"),
        ("  export A=x", "x"),
        ("A=", ""),
        ("A=(vfio 'vfio_pci'\n  # a comment\n  vfio_iommu_type1)", "vfio vfio_pci vfio_iommu_type1"),
        ('A="x"\nA="$A y"', None),
        ('A="x"\nA+=" y"', "x y"),
        ("A=1\nA=2", "2"),
        ("#A=x", "unset"),
        ("if true; then\n  A=x\nfi", None),
        ('A="x"\nunset A', "unset"),
        ('A="x"\nunset -v B A; B=1', "unset"),
        ("A=x\nunset -f A", "x"),
        ("A=x\nunset A\nA=y", "y"),
        ("A=x\nfalse && unset A", None),
        ("A=x\nunset A | cat", None),
        ("A=x\nread -r A < /dev/null", None),
        ("A=x\n. /etc/other", None),
        ("A=x\neval B=1", None),
        (". /etc/other\nA=x", "x"),
        ("A=x\n[ -e /a ] || return 0\nA=y", None),
        ("A=x\nexit 0", "x"),
        ("A=x\nfor A in y z; do :; done", None),
        ("A=x\nfor B in A; do A=y; done", None),
    ],
)
def test_a_value_is_what_the_shell_would_hold(text: str, value: str | None) -> None:
    found = value_of(parse(text), "A")
    if value is None:
        assert isinstance(found, Computed)
    else:
        assert ("unset" if found is None else found) == value


def test_computed_values_tell_their_line() -> None:
    found = parse('X=1\nGRUB_DISTRIBUTOR=`lsb_release -i`\nY="$(id)"')
    assert found[1].value == Computed(2, "GRUB_DISTRIBUTOR=`lsb_release -i`")
    assert isinstance(found[2].value, Computed) and found[2].line == 3


def test_an_open_quote_swallows_no_error() -> None:
    assert isinstance(value_of(parse('A="never closed\nB=2'), "A"), str | None)


@given(PLAIN)
def test_the_shell_agrees_on_quoted_text(text: str) -> None:
    quoted = "'" + text.replace("'", "'\\''") + "'"
    assert value_of(parse(f"A={quoted}"), "A") == text


@given(st.lists(PLAIN, min_size=1, max_size=3))
def test_whatever_dash_makes_of_a_plain_line_is_what_is_read(words: list[str]) -> None:
    escaped = " ".join(words).replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
    line = f'A="{escaped}"'
    told = subprocess.run(["/bin/sh", "-c", f'{line}\nprintf %s "$A"'], capture_output=True, text=True, check=True)
    assert value_of(parse(line), "A") == told.stdout


@given(st.text(max_size=300))
def test_no_text_breaks_it(text: str) -> None:
    for one in parse(text):
        assert isinstance(one.value, str | Computed) and one.line >= 1
