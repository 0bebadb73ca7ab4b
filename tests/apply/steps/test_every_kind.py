"""Every kind of step answers what an apply, an undo and a preview may ask of it."""

from __future__ import annotations

import pytest

from vfiotui.apply.steps import kind_of, names
from vfiotui.apply.steps.step import Kind

ASKED = [name for name, method in vars(Kind).items() if callable(method) and not name.startswith("_")]


@pytest.mark.parametrize("name", sorted(names()))
def test_a_kind_has_an_answer_to_every_question(name: str) -> None:
    kind = kind_of(name)
    assert len(ASKED) >= 9 and [m for m in ASKED if not callable(getattr(kind, m, None))] == []
