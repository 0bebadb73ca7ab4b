"""Symptoms and their answers as rows."""

from __future__ import annotations

from vfiotui.rules.symptoms import symptoms
from vfiotui.rules.symptoms.answer import Answer, Suspect, subject_sentence
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.screens.host.finding_view import key_of, labelled
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean, fit, wrap

STYLES = {"likely": "fail", "possible": "warn", "unlikely": "dim"}
ALSO = 4
"""Further findings of one cause that are named one by one."""


def symptom_rows(width: int) -> list[Row]:
    """All symptoms; their keys are "symptom NAME"."""
    rows = [row(("Symptoms", "head")), BLANK]
    found = symptoms()
    names = max(len(s.name) for s in found)
    title = min(max(len(s.title) for s in found), width - names - 2)
    return rows + [row(fit(s.title, title), "  ", (s.name, "dim"), key=f"symptom {s.name}") for s in found]


def answer_rows(found: Answer, glyphs: Glyphs, width: int) -> list[Row]:
    """The answer: headline, suspects, what was not visible, what is ruled out, what to look at by hand.

    Suspects and what was not visible have the key of their finding.
    """
    rows = [row((line, "head")) for line in wrap(found.headline, width)]
    rows.append(BLANK)
    for number, suspect in enumerate(found.suspects, 1):
        rows += _suspect(number, suspect, width)
    for hidden in found.hidden:
        first = hidden.findings[0]
        lines = wrap(f"{subject_sentence(first)} [{first.code}]", max(width - 15, 10))
        rows.append(row((f"{glyphs.mark('unknown')} not checked ", "unknown"), lines[0], key=key_of(first)))
        rows += [row(" " * 14, line) for line in lines[1:]]
    if found.hidden:
        rows.append(BLANK)
    if found.ruled_out:
        rows += labelled("ruled out", ", ".join(found.ruled_out), width, "dim")
    rows += [BLANK, row(("Check by hand:", "head"))]
    for sentence in found.symptom.by_hand:
        lines = wrap(sentence, max(width - 2, 10))
        rows += [row("- " if i == 0 else "  ", line) for i, line in enumerate(lines)]
    return rows


def _suspect(number: int, suspect: Suspect, width: int) -> list[Row]:
    first = suspect.findings[0]
    lines = wrap(f"{subject_sentence(first)} [{first.code}]", max(width - 12, 10))
    rows = [row((f"{number} {suspect.word:8} ", STYLES[suspect.word]), lines[0], key=key_of(first))]
    rows += [row(" " * 11, line) for line in lines[1:]]
    rows += _inside("why", suspect.cause.because, width)
    rows += _inside("confirm", suspect.cause.proof, width)
    for evidence in first.evidence[:2]:
        rows += _inside("found", f"{evidence.path}: {evidence.seen}" if evidence.path else evidence.seen, width, "dim")
    for other in suspect.findings[1 : ALSO + 1]:
        rows += _inside("also", subject_sentence(other), width)
    if len(suspect.findings) > ALSO + 1:
        rows += _inside("also", f"{len(suspect.findings) - ALSO - 1} more of the kind", width)
    if first.fix is not None:
        rows += _inside("fix", f"{first.fix.text} (risk {first.fix.risk.words})", width, "accent")
        if first.fix.by_hand is not None:
            rows += _inside("", first.fix.by_hand.words, width)
    rows.append(BLANK)
    return rows


def _inside(label: str, text: str, width: int, style: str = "") -> list[Row]:
    lines = wrap(text, max(width - 20, 10))
    return [row(" " * 11, (fit(label if i == 0 else "", 8), "head"), (line, style)) for i, line in enumerate(lines)]


def answer_text(found: Answer) -> str:
    """The answer as Markdown for a forum post."""
    lines = [f"**{found.symptom.title}**: {_code(found.headline)}", ""]
    for number, suspect in enumerate(found.suspects, 1):
        first = suspect.findings[0]
        lines.append(f"{number}. *{suspect.word}* `{first.code}` {_code(subject_sentence(first))}")
        lines += [f"   - {_code(f'{e.path}: {e.seen}')}" for f in suspect.findings for e in f.evidence if e.path]
    lines += [f"- not visible: `{h.cause.code}` {_code(subject_sentence(h.findings[0]))}" for h in found.hidden]
    if found.ruled_out:
        lines.append(f"- ruled out: {', '.join(found.ruled_out)}")
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    return f"`{clean(text).replace('`', chr(39))}`"
