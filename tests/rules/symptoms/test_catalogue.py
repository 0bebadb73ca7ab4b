"""Every symptom: its words, its checks, and that none refers to a check that is not there."""

from __future__ import annotations

import pytest

from tests.hosts import HOSTS
from tests.machines import known_facts
from vfiotui.model.finding.concern import given_subjects
from vfiotui.rules import judge, rule_of
from vfiotui.rules.symptoms import symptom_of, symptoms, symptoms_like
from vfiotui.rules.symptoms.answer import answer
from vfiotui.rules.symptoms.symptom import Symptom


@pytest.fixture(params=symptoms(), ids=lambda s: s.name)
def one(request: pytest.FixtureRequest) -> Symptom:
    return request.param  # type: ignore[no-any-return]


def test_every_check_that_it_names_exists(one: Symptom) -> None:
    assert [c.code for c in one.causes if rule_of(c.code) is None] == []


def test_a_check_is_named_once_with_a_reason_and_a_proof(one: Symptom) -> None:
    codes = [c.code for c in one.causes]
    assert len(codes) == len(set(codes)) >= 4
    for cause in one.causes:
        assert 0 < cause.weight <= 100 and cause.because.endswith(".") and cause.proof[-1] in ".?"


def test_it_has_words_and_something_to_look_at_by_hand(one: Symptom) -> None:
    assert one.words and one.by_hand and one.sources.endswith(".") and not one.title.endswith(".")
    assert len(one.title) <= 60 and one.name == one.name.lower() and " " not in one.name


def test_it_is_found_by_name_and_by_its_words(one: Symptom) -> None:
    assert symptom_of(one.name.upper().replace("-", " ")) is one
    assert all(one in symptoms_like(word) for word in one.words)


def test_the_symptoms_of_the_seed_are_all_there() -> None:
    assert {s.name for s in symptoms()} >= {
        *("no-picture", "code-43", "bar-reserve", "crackling-audio", "stutter", "one-core", "no-second-start"),
        *("freeze-after-shutdown", "dies-on-suspend", "no-desktop", "black-host", "permission-denied", "usb-lost"),
        *("slow-guest", "slow-io", "thp-missing"),
    }
    assert symptoms_like("") == () and symptom_of("nonsense") is None


def test_a_healthy_machine_makes_nobody_a_suspect(one: Symptom) -> None:
    found = answer(one, judge(known_facts("clean")), given_subjects(known_facts("clean")))
    assert found.suspects == (), [s.cause.code for s in found.suspects]


@pytest.mark.parametrize("host", HOSTS)
def test_an_answer_to_everything_on_every_machine(host: str) -> None:
    facts = known_facts(host)
    findings = judge(facts)
    for symptom in symptoms():
        assert answer(symptom, findings, given_subjects(facts)).headline
