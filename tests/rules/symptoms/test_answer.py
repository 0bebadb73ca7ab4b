"""How findings become a ranked answer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.rules.symptoms.answer import answer
from vfiotui.rules.symptoms.symptom import Cause, Symptom

FAILS, HOLDS, UNKNOWN, NOT = Verdict.FAILED, Verdict.PASSED, Verdict.NOT_CHECKED, Verdict.NOT_APPLICABLE


def cause(code: str, weight: int) -> Cause:
    return Cause(code, weight, f"{code} makes it.", f"Look at {code}.")


SYMPTOM = Symptom(
    "dark", "It is dark", ("night",), (cause("A", 40), cause("B", 90), cause("C", 70)), ("Look.",), "none"
)


def finding(code: str, verdict: Verdict, subject: str = "host", severity: Severity = Severity.WARN) -> Finding:
    return Finding(code, code, verdict, severity, subject, f"{code} is {verdict}.")


def test_the_heaviest_failure_comes_first() -> None:
    found = answer(SYMPTOM, [finding("A", FAILS), finding("B", FAILS), finding("C", HOLDS)])
    assert [s.cause.code for s in found.suspects] == ["B", "A"] and found.ruled_out == ("C",)
    assert [s.word for s in found.suspects] == ["likely", "possible"]
    assert found.headline == "Likely: B is failed; 1 other cause is possible."


def test_a_finding_that_is_milder_than_its_rule_weighs_half() -> None:
    symptom = Symptom("d", "d", (), (cause("ROM-BROKEN", 90), cause("ROM-NONE", 60)), (), "")
    hint, own = (finding(c, FAILS, severity=Severity.INFO) for c in ("ROM-BROKEN", "ROM-NONE"))
    assert [(s.cause.code, s.weight) for s in answer(symptom, [hint, own]).suspects] == [
        ("ROM-NONE", 60),
        ("ROM-BROKEN", 45),
    ]


def test_what_cannot_be_seen_is_neither_guilty_nor_fine() -> None:
    found = answer(SYMPTOM, [finding("A", UNKNOWN), finding("B", UNKNOWN), finding("C", NOT)])
    assert found.suspects == () and [h.cause.code for h in found.hidden] == ["B", "A"]
    assert found.ruled_out == ("C",) and "2 checks lack what they need" in found.headline


def test_a_check_that_fails_for_one_and_is_blind_for_another_is_a_suspect() -> None:
    found = answer(SYMPTOM, [finding("A", FAILS, "x"), finding("A", UNKNOWN, "y"), finding("A", FAILS, "z")])
    assert [f.subject for f in found.suspects[0].findings] == ["x", "z"] and found.hidden == ()


def test_when_all_holds_it_says_so() -> None:
    assert "Nothing that a program can see" in answer(SYMPTOM, [finding("A", HOLDS)]).headline


def test_a_device_that_no_guest_has_explains_nothing_of_guests() -> None:
    mine, other = finding("A", FAILS, "0000:01:00.0"), finding("A", FAILS, "0000:0b:00.0")
    given_away = frozenset({"0000:01:00.0"})
    assert answer(SYMPTOM, [other, mine], given_away).suspects[0].findings == (mine,)
    assert answer(SYMPTOM, [other], given_away).suspects == ()
    assert answer(SYMPTOM, [other]).suspects[0].findings == (other,), "where nothing is given, all may matter"
    host = Symptom("h", "h", (), SYMPTOM.causes, (), "", of_host=True)
    assert answer(host, [other], given_away).suspects[0].findings == (other,)


@given(
    st.lists(
        st.builds(
            finding,
            st.sampled_from("ABCX"),
            st.sampled_from(Verdict),
            st.sampled_from(["host", "0000:01:00.0", "x [/b] \x1b"]),
            st.sampled_from(Severity),
        )
    )
)
def test_every_cause_is_told_once_and_weights_fall(findings: list[Finding]) -> None:
    found = answer(SYMPTOM, findings)
    told = [s.cause.code for s in found.suspects] + [h.cause.code for h in found.hidden] + list(found.ruled_out)
    assert len(told) == len(set(told)) and set(told) == {f.code for f in findings} - {"X"}
    weights = [s.weight for s in found.suspects]
    assert weights == sorted(weights, reverse=True) and found.headline
