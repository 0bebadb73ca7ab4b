"""The one way in which foreign text reaches the screen."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from vfiotui.tui.row import row
from vfiotui.tui.text import HIDDEN, clean, fit, in_ascii, shown, wrap

HOSTILE = "x [/dev/vfio/1] [AMD] \x1b[2J"


@given(st.text())
def test_no_character_that_a_terminal_obeys_is_left(text: str) -> None:
    assert not [c for c in clean(text) if unicodedata.category(c) in HIDDEN]


@given(st.text(), st.integers(0, 60))
def test_a_fitted_text_has_exactly_its_width(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width


@given(st.text(max_size=120), st.integers(1, 50))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    wide = any(cell_len(c) > width for c in clean(text))
    assert wide or all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(clean(text).split())


def test_markup_in_rows_is_text() -> None:
    assert row(clean(HOSTILE)).text == "x [/dev/vfio/1] [AMD] \\x1b[2J"


def test_right_to_left_marks_and_joiners_are_written_out() -> None:
    assert clean("a\u202eb\u200dc\ufeff") == "a\\u202eb\\u200dc\\ufeff"


def test_values_and_their_absence() -> None:
    from vfiotui.model.base.reading import Unread

    assert (shown(None), shown(0), shown("")) == ("–", "0", "")
    assert shown(Unread("needs \x1b root")) == "? needs \\x1b root"


@given(st.text())
def test_a_terminal_of_ascii_gets_ascii_in_as_many_cells(text: str) -> None:
    assert in_ascii(text).isascii() and cell_len(in_ascii(clean(text))) == cell_len(clean(text))
