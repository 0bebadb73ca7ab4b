"""A fix is told alike everywhere: the command that plans it, or where a person has to act; never both."""

from __future__ import annotations

import json

import pytest

from tests.hosts import HOSTS
from tests.machines import known_facts
from vfiotui.cli.finding.doctor import as_json, as_markdown, finding_text
from vfiotui.cli.finding.fix_text import how_of
from vfiotui.model.finding.finding import BY_HAND_WORDS, ByHand, Finding, Verdict
from vfiotui.rules import judge
from vfiotui.tui.screens.host.finding_view import finding_detail
from vfiotui.tui.terminal.capabilities import ASCII


def found(name: str, code: str) -> Finding:
    return next(f for f in judge(known_facts(name)) if f.code == code and f.verdict is Verdict.FAILED)


@pytest.mark.parametrize("name", ["gives-all-away", "no-virt", "vm-no-iommu", "bad-log", "guest-files", "old-guide"])
def test_a_fix_by_hand_has_no_goal(name: str) -> None:
    fixes = [f.fix for f in judge(known_facts(name)) if f.fix is not None and f.fix.by_hand is not None]
    assert fixes
    assert [fix for fix in fixes if fix.goal] == []


def test_text_markdown_json_and_screen_say_where_a_person_acts() -> None:
    finding = found("no-virt", "CPU-VIRT")
    words = "only by hand, in the firmware setup"
    assert any(words in line for line in finding_text(finding, colours=False))
    assert any(words in line for line in as_markdown(known_facts("no-virt"), (finding,)))
    made = json.loads(json.dumps(as_json(known_facts("no-virt"), (finding,))))
    assert made["findings"][0]["fix"]["by_hand"] == "firmware" and made["findings"][0]["fix"]["goals"] == []
    screen = "\n".join("".join(text for text, _ in r.runs) for r in finding_detail(finding, ASCII, 90))
    assert words in screen and "f prepares a plan" not in screen


def test_a_virtual_machine_is_mended_on_the_host_that_runs_it() -> None:
    fix = found("vm-no-iommu", "IOMMU-FIRMWARE").fix
    assert fix is not None and fix.by_hand is ByHand.OUTER_HOST


def test_a_fix_with_a_goal_shows_its_command() -> None:
    fix = found("iommu-off", "IOMMU-DISABLED").fix
    assert fix is not None and fix.by_hand is None
    assert how_of(fix).startswith("vfiotui plan cmdline.remove=")


def test_each_place_has_words() -> None:
    assert set(BY_HAND_WORDS) == set(ByHand) and "no-virt" in HOSTS
