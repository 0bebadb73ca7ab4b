"""From findings to an answer: what most likely makes a symptom, why, and what could not be seen.

Pure: the same findings always give the same answer. A check that could not be read is never counted as fine.
"""

from __future__ import annotations

from collections.abc import Iterable

from vfiotui.model.base.value import dataclass
from vfiotui.model.finding.concern import may_matter_to_guests
from vfiotui.model.finding.finding import Finding, Severity, Verdict
from vfiotui.rules import rule_of
from vfiotui.rules.symptoms.symptom import Cause, Symptom

LIKELY, POSSIBLE = 60, 30
HINT = 50
"""Percent of a cause's weight that counts where the finding is milder than its rule: a hint, no trouble."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A cause whose check fails."""

    cause: Cause
    findings: tuple[Finding, ...]
    """All failures of the check, worst first."""
    weight: int
    """0 to 100."""

    @property
    def word(self) -> str:
        """likely, possible or unlikely."""
        return "likely" if self.weight >= LIKELY else "possible" if self.weight >= POSSIBLE else "unlikely"


@dataclass(frozen=True, slots=True)
class Hidden:
    """A cause whose check could not be read."""

    cause: Cause
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a symptom's causes."""

    symptom: Symptom
    suspects: tuple[Suspect, ...]
    """Likeliest first."""
    hidden: tuple[Hidden, ...]
    """Heaviest first."""
    ruled_out: tuple[str, ...]
    """Codes of checks that passed or do not apply, in the symptom's order."""

    @property
    def headline(self) -> str:
        """The answer in one sentence."""
        if self.suspects:
            first = self.suspects[0]
            more = len(self.suspects) - 1
            others = f"; {more} other {'cause is' if more == 1 else 'causes are'} possible" if more else ""
            return f"{first.word.capitalize()}: {subject_sentence(first.findings[0]).rstrip('.')}{others}."
        if self.hidden:
            return f"Nothing that could be seen explains it; {len(self.hidden)} checks lack what they need."
        return "Nothing that a program can see explains it: all its checks passed."


def subject_sentence(finding: Finding) -> str:
    """Subject and sentence; the host itself needs no name."""
    return finding.sentence if finding.subject == "host" else f"{finding.subject}: {finding.sentence}"


def _share(finding: Finding) -> int:
    rule = rule_of(finding.code)
    milder = finding.severity is Severity.INFO and rule is not None and rule.severity is not Severity.INFO
    return HINT if milder else 100


def answer(symptom: Symptom, findings: Iterable[Finding], given: frozenset[str] = frozenset()) -> Answer:
    """The ranked answer.

    `findings` are those of every rule, worst first, as `judge` gives them; `given` is what guests have, as
    model.concern.given_subjects finds it.
    """
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        if symptom.of_host or may_matter_to_guests(finding, given):
            by_code.setdefault(finding.code, []).append(finding)
    suspects, hidden, ruled_out = [], [], []
    for cause in symptom.causes:
        found = by_code.get(cause.code, [])
        failing = tuple(f for f in found if f.verdict is Verdict.FAILED)
        unseen = tuple(f for f in found if f.verdict is Verdict.NOT_CHECKED)
        if failing:
            suspects.append(Suspect(cause, failing, cause.weight * _share(failing[0]) // 100))
        elif unseen:
            hidden.append(Hidden(cause, unseen))
        elif found:
            ruled_out.append(cause.code)
    suspects.sort(key=lambda s: -s.weight)
    hidden.sort(key=lambda h: -h.cause.weight)
    return Answer(symptom, tuple(suspects), tuple(hidden), tuple(ruled_out))
