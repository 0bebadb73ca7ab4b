"""A plan as rows: what it is, what each step changes, what must hold, and the way back from a black screen."""

from __future__ import annotations

from collections.abc import Sequence

from vfiotui.apply.steps import preview
from vfiotui.model.change.change import Change
from vfiotui.model.change.plan import Condition, Plan
from vfiotui.model.finding.finding import Risk
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.screens.host.finding_view import labelled
from vfiotui.tui.screens.plan.diff import SIDE_BY_SIDE, beside_rows, diff_rows, lines_of
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean, fit, wrap

RISK_STYLES = {Risk.R3: "warn", Risk.R4: "fail"}
WITH_TEXTS = ("file", "domain", "pins")
"""Kinds whose contents can stand beside each other."""
NOTHING = "Nothing to do: everything is already as requested."
BY_HAND = "No step of this program can do more: what is left is done by hand."


def plan_rows(plan: Plan, glyphs: Glyphs, width: int, runs: str = "") -> list[Row]:
    """The whole plan for a person who decides whether to apply it; `runs` says whose programs run as root."""
    rows = [row((line, "head")) for line in wrap(plan.title, width)]
    if not plan.steps:
        words, style = (BY_HAND, "warn") if plan.left else (NOTHING, "holds")
        rows += [BLANK, *(row((line, style)) for line in wrap(words, width))]
    else:
        rows += labelled("risk", plan.risk.words, width, RISK_STYLES.get(plan.risk, ""))
        rows += labelled("effect", " and ".join(dict.fromkeys(s.effect.words for s in plan.steps)), width)
        rows += labelled("runs", runs, width, "warn") if runs else []
        rows += [BLANK, *step_list(plan.steps, [""] * len(plan.steps), width)]
    for number, step in enumerate(plan.steps, 1):
        rows += [BLANK, *step_rows(number, step, glyphs, width)]
    rows += _sentences("before it begins it is checked that", [condition_words(c) for c in plan.conditions], width)
    rows += _sentences("next boot", plan.next_boot, width)
    rows += _sentences("left to do by hand", [step.why for step in plan.left], width, "warn")
    rows += _sentences("also", plan.notes, width)
    rows += _sentences("if the screen stays black", plan.escape, width, "warn")
    return rows


def step_list(steps: Sequence[Change], words: Sequence[str], width: int) -> list[Row]:
    """One line for each step: number, risk, kind and subject, and a word of the caller's."""
    space = max(map(len, words), default=0)
    rows = [row((f"{len(steps)} step{'s' * (len(steps) != 1)}", "head"))]
    for number, (step, word) in enumerate(zip(steps, words, strict=True), 1):
        subject = " ".join(step.argv) if step.kind == "command" else step.subject
        word_run = (f"{fit(word, space)}  " if space else "", WORD_STYLES.get(word, "dim"))
        start = f"{number:>3}  "
        text = f"{fit(step.kind, 8)} {step.risk.word:6}  {clean(subject)}"
        rows.append(row(start, word_run, fit(text, max(width - len(start) - len(word_run[0]), 10))))
    return rows


WORD_STYLES = {"done": "holds", "at work": "accent", "undone": "dim", "not ended": "fail"}


def step_rows(number: int, step: Change, glyphs: Glyphs, width: int) -> list[Row]:
    """A step's sentence and its difference."""
    head = f"{number}. {step.why or step.subject}  (risk {step.risk.word}, takes effect {step.effect.words})"
    rows = [row((line, "head")) for line in wrap(head, width)]
    if width + 2 >= SIDE_BY_SIDE and step.kind in WITH_TEXTS and step.before is not None and step.after is not None:
        before, after = lines_of(step.before), lines_of(step.after)
        if before is not None and after is not None:
            heads = (f"{step.subject}, before", f"{step.subject}, after")
            return [*rows, *beside_rows(heads, (before, after), width, glyphs)]
    return [*rows, *diff_rows(preview(step), width)]


def condition_words(condition: Condition) -> str:
    """A condition as a half sentence."""
    subject = condition.subject
    size = int(condition.value) >> 20 if condition.value.isdigit() and len(condition.value) < 20 else 0
    words = {
        "program": f"{subject} is installed",
        "space": f"{subject} has {size} MiB free",
        "mounted": f"{subject} holds its file system",
        "absent": f"{subject} is not there",
        "room": f"there is room to build {subject} anew, and to keep the old ones",
        "available": f"{condition.value} KiB of memory are available",
    }.get(condition.name, f"{condition.name} {subject} {condition.value}")
    return f"{words} ({condition.why})" if condition.why else words


def _sentences(head: str, sentences: Sequence[str], width: int, style: str = "") -> list[Row]:
    if not sentences:
        return []
    rows = [BLANK, row((f"{head}:", "head"))]
    for sentence in sentences:
        for index, line in enumerate(wrap(sentence, max(width - 4, 10))):
            rows.append(row("  - " if index == 0 else "    ", (line, style)))
    return rows
