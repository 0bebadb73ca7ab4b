"""The help: nothing of it lies beyond the right edge."""

from __future__ import annotations

import pytest

from vfiotui.tui.actions import help_text
from vfiotui.tui.screens.base.help import help_rows
from vfiotui.tui.screens.live.actions import LIVE


@pytest.mark.parametrize("width", [80, 120, 160])
def test_every_word_is_within_the_width(width: int) -> None:
    text = help_text(LIVE)
    rows = help_rows(text, width)
    assert max(len(r.text) for r in rows) <= width
    shown = " ".join(" ".join(r.text for r in rows).split())
    assert "no other program's tracing is touched, and nothing of it stays" in shown
    assert all(word in shown for word in text.split())
