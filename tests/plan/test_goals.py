"""The catalogue of goals: a module of a topic folder is all that a new one needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vfiotui.plan import goals
from vfiotui.plan.goals import PLANNERS, TOPICS, declared

PACKAGE = Path(goals.__file__).parent


def test_every_module_with_planners_lies_in_a_topic_and_no_goal_has_two() -> None:
    holders = {p.parent.name for p in PACKAGE.rglob("*.py") if re.search(r"^(PLANNERS|WRITES) =", p.read_text(), re.M)}
    assert holders <= set(TOPICS) and set(TOPICS) == {p.name for p in PACKAGE.iterdir() if (p / "__init__.py").exists()}
    assert len(list(declared("PLANNERS"))) == len(PLANNERS) > 30


@pytest.mark.parametrize("path", ["/etc/shadow", "/etc/default/x", "/boot/vmlinuz", "/etc/modprobe.d/a/b.conf", ""])
def test_no_module_says_that_it_writes_more_than_settings(path: str) -> None:
    patterns = list(declared("WRITES"))
    assert len(patterns) > 10
    assert [p for p in patterns if re.fullmatch(p, path)] == []
