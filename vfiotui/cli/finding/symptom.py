"""The answer to `doctor --symptom`: suspects likeliest first, what was not visible, what is ruled out.

JSON: {"symptom", "title", "headline", "suspects": [{"likelihood", "weight", "code", "because", "proof", "findings"}],
"not_visible": [{"code", "because", "findings"}], "ruled_out": [codes], "by_hand": [sentences]}; findings are those of
the doctor's report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.finding.fix_text import how_of
from vfiotui.cli.out import paint, printable, table
from vfiotui.model.finding.finding import Finding
from vfiotui.rules.symptoms import symptom_of, symptoms, symptoms_like
from vfiotui.rules.symptoms.answer import Answer, subject_sentence
from vfiotui.rules.symptoms.symptom import Symptom

STYLES = {"likely": "fail", "possible": "warn", "unlikely": "dim"}
INDENT = " " * 12
MORE = 4
"""Further findings of one cause that are named one by one."""


def symptom_named(words: str) -> Symptom:
    """The one symptom that a name or some words mean, or the end of the command."""
    found = symptom_of(words)
    like = symptoms_like(words) if found is None else (found,)
    if len(like) == 1:
        return like[0]
    names = [s.name for s in like] or get_close_matches(words.lower(), [s.name for s in symptoms()], 3, 0.4)
    hint = f"did you mean {', '.join(names)}?" if names else "'vfiotui doctor --list-symptoms' lists all"
    raise CommandError(f"there is no one symptom {words!a}; {hint}", Exit.USAGE)


def list_text() -> list[str]:
    """All symptoms with what people call them."""
    rows = table((s.name, s.title) for s in symptoms())
    return [*rows, "", "'vfiotui doctor --symptom NAME' looks for the cause; words of your own do too."]


def list_json() -> list[dict[str, Any]]:
    """All symptoms as JSON objects."""
    return [
        {"name": s.name, "title": s.title, "words": list(s.words), "codes": [c.code for c in s.causes]}
        for s in symptoms()
    ]


def as_text(found: Answer, colours: bool) -> list[str]:
    """The answer for a terminal or a file; the first line says it all."""
    lines = [f"{paint(found.symptom.name, 'head', colours)}: {printable(found.headline)}"]
    for number, suspect in enumerate(found.suspects, 1):
        first = suspect.findings[0]
        word = paint(f"{suspect.word:8}", STYLES[suspect.word], colours)
        lines.append(f"{number} {word}  {printable(subject_sentence(first))} {_code(first.code, colours)}")
        lines.append(f"{INDENT}why     {suspect.cause.because}")
        lines.append(f"{INDENT}confirm {suspect.cause.proof}")
        lines += [printable(f"{INDENT}found   {e.path}: {e.seen}")[:300] for e in first.evidence if e.path]
        lines += [printable(f"{INDENT}also    {subject_sentence(f)}") for f in suspect.findings[1 : MORE + 1]]
        if len(suspect.findings) > MORE + 1:
            lines.append(f"{INDENT}also    {len(suspect.findings) - MORE - 1} more of the kind")
        if first.fix is not None:
            lines.append(printable(f"{INDENT}fix     {first.fix.text} (risk {first.fix.risk.words})"))
            if how := how_of(first.fix):
                lines.append(printable(f"{INDENT}plan    {how}"))
    for hidden in found.hidden:
        word = paint("not checked", "unknown", colours)
        lines.append(f"? {word}  {printable(subject_sentence(hidden.findings[0]))} {_code(hidden.cause.code, colours)}")
    if found.ruled_out:
        lines.append(f"  ruled out {', '.join(found.ruled_out)}")
    lines += ["", "Check by hand:"]
    lines += [f"  - {sentence}" for sentence in found.symptom.by_hand]
    return lines


def _code(code: str, colours: bool) -> str:
    return paint(f"[{code}]", "dim", colours)


def as_json(found: Answer, one: Callable[[Finding], dict[str, Any]]) -> dict[str, Any]:
    """The JSON document; `one` makes the object of one finding."""

    def many(findings: Iterable[Finding]) -> list[dict[str, Any]]:
        return [one(f) for f in findings]

    return {
        "symptom": found.symptom.name,
        "title": found.symptom.title,
        "headline": found.headline,
        "suspects": [
            {
                "likelihood": s.word,
                "weight": s.weight,
                "code": s.cause.code,
                "because": s.cause.because,
                "proof": s.cause.proof,
                "findings": many(s.findings),
            }
            for s in found.suspects
        ],
        "not_visible": [
            {"code": h.cause.code, "because": h.cause.because, "findings": many(h.findings)} for h in found.hidden
        ],
        "ruled_out": list(found.ruled_out),
        "by_hand": list(found.symptom.by_hand),
    }
