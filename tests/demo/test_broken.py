"""The demo machine broken in one way for each symptom: the first answer names what was broken."""

from __future__ import annotations

import pytest

from tests.machines import facts_of
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
from vfiotui.demo.broken import BROKEN
from vfiotui.demo.machine import machine, names
from vfiotui.model.finding.concern import given_subjects
from vfiotui.rules import judge
from vfiotui.rules.symptoms import symptom_of, symptoms
from vfiotui.rules.symptoms.answer import answer

FIRST = {
    "bar-reserve": "DEVICE-BAR-FRAMEBUFFER",
    "black-host": "ISO-SAME-ID",
    "code-43": "ROM-COPY",
    "crackling-audio": "DEVICE-INTX",
    "dies-on-suspend": "HOST-SLEEP",
    "freeze-after-shutdown": "DEVICE-INTX",
    "no-desktop": "XORG-BUSID",
    "no-picture": "GUEST-BIOS-GPU",
    "no-second-start": "LOG-RESET",
    "one-core": "GUEST-CPU-SOCKETS",
    "permission-denied": "ACCESS-PATH",
    "slow-guest": "CPU-PLATFORM-PROFILE",
    "slow-io": "GUEST-DISK-BUS",
    "stutter": "CPU-SPLIT-LOCK",
    "thp-missing": "MEM-THP-NEVER",
    "usb-lost": "GUEST-USB-ABSENT",
}


def test_every_symptom_has_a_machine() -> None:
    assert set(BROKEN) == set(FIRST) == {s.name for s in symptoms()}
    assert set(names()) >= set(BROKEN) and machine("code-43") is BROKEN["code-43"]


@pytest.mark.parametrize("name", sorted(FIRST))
def test_the_first_answer_names_what_was_broken(name: str) -> None:
    facts, symptom = facts_of(BROKEN[name]), symptom_of(name)
    assert symptom is not None
    found = answer(symptom, judge(facts), given_subjects(facts))
    assert [s.cause.code for s in found.suspects[:1]] == [FIRST[name]], found.suspects
    assert found.suspects[0].word == "likely" and found.suspects[0].findings[0].evidence


def test_a_new_user_asks_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "--machine", "usb-lost", "doctor", "--symptom", "usb-lost"]) == Exit.FAILS
    lines = capsys.readouterr().out.split("\n")
    assert lines[0].startswith("usb-lost: Likely: win10: The USB device 1038:12aa")
    assert "[GUEST-USB-ABSENT]" in lines[1] and "why" in lines[2]


def test_a_machine_that_is_not_there_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--demo", "--machine", "nonsense", "doctor"]) == Exit.USAGE
    assert "tower" in capsys.readouterr().err
