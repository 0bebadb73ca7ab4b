"""Findings as rows: the list, and everything about one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.model.finding.report import word
from vfiotui.model.finding.unknown_groups import UnknownGroup
from vfiotui.plan.goals import can_plan
from vfiotui.rules import rule_of
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean, fit, wrap

WORDS = {"fail": "fail", "warn": "warn", "unknown": "unkn", "info": "info", "holds": "hold", "n/a": "n/a "}


def style_of(finding: Finding) -> str:
    """The style's name for a finding."""
    name = word(finding)
    return "dim" if name == "n/a" else name


def key_of(finding: Finding) -> str:
    """What tells a finding from all others: a check may say several things of one subject."""
    return f"finding {finding.code} {finding.subject}: {finding.sentence}"


def sentence_of(finding: Finding) -> str:
    """Subject and sentence."""
    return finding.sentence if finding.subject == "host" else f"{finding.subject}: {finding.sentence}"


def matches(finding: Finding, wanted: str) -> bool:
    """Whether a finding holds the filter's text anywhere."""
    return wanted.lower() in f"{finding.code} {finding.subject} {finding.sentence} {finding.area}".lower()


def fold_key(fold: UnknownGroup) -> str:
    """What tells a fold from all else in the list."""
    return f"fold {fold.reason}"


def fold_detail(fold: UnknownGroup, width: int) -> list[Row]:
    """What the checks lack, and which they are."""
    rows = [row((line, "unknown")) for line in wrap(fold.sentence, width)]
    rows += [BLANK, *(row((line, "dim")) for line in wrap("enter shows them one by one; esc folds them again", width))]
    rows.append(BLANK)
    for finding in fold.findings:
        subject = "" if finding.subject == "host" else f" {finding.subject}"
        rows += [row(line) for line in wrap(f"{finding.code}{subject}: {finding.title}", width)]
    return rows


def finding_rows(
    findings: Iterable[Finding | UnknownGroup], glyphs: Glyphs, width: int, *, named: bool = True
) -> list[Row]:
    """One or two lines for each finding, worst first as they come; without their subjects where all have one."""
    rows = []
    for finding in findings:
        if isinstance(finding, UnknownGroup):
            lead = (f"{glyphs.mark('unknown')} {WORDS['unknown']} ", "unknown")
            rows.append(row(lead, " ", fit(finding.sentence, width - 8), key=fold_key(finding)))
            continue
        name = word(finding)
        lines = wrap(sentence_of(finding) if named else finding.sentence, max(width - 8, 10))
        if len(lines) > 2:
            cut = fit(lines[1], max(width - 9, 9)).rstrip()
            lines = [lines[0], cut if cut.endswith("…") else f"{cut}…"]
        rows.append(
            row(
                (f"{glyphs.mark(name)} {WORDS[name]} ", style_of(finding)),
                " ",
                fit(lines[0], width - 8),
                key=key_of(finding),
            )
        )
        rows.extend(row(" " * 8, line) for line in lines[1:])
    return rows


def labelled(label: str, text: str, width: int, style: str = "") -> list[Row]:
    """A label, and text wrapped beside it."""
    lines = wrap(text, max(width - 10, 10))
    return [row((fit(label if i == 0 else "", 9), "head"), " ", (line, style)) for i, line in enumerate(lines)]


def finding_detail(finding: Finding, glyphs: Glyphs, width: int) -> list[Row]:
    """Sentence, evidence, why, fix, sources."""
    rule = rule_of(finding.code)
    name = word(finding)
    rows = [
        row((f"{glyphs.mark(name)} {name} ", style_of(finding)), (clean(finding.code), "head"), f"  {finding.area}"),
        BLANK,
    ]
    rows += [row((line, "")) for line in wrap(sentence_of(finding), width)]
    rows.append(BLANK)
    for i, evidence in enumerate(finding.evidence):
        rows += labelled("seen" if i == 0 else "", evidence.seen, width)
        if evidence.path:
            rows += labelled("from", evidence.path, width, "dim")
    if not finding.evidence:
        rows += labelled("seen", "no single file tells this", width)
    if rule is not None:
        rows += [BLANK, *labelled("wants", rule.section("What must hold"), width)]
        rows += labelled("why", rule.section("Why"), width)
    if finding.fix is not None and finding.verdict is Verdict.FAILS:
        rows += labelled("fix", finding.fix.text, width, "accent")
        rows += labelled("risk", risk_words(str(finding.fix.risk)), width)
        if can_plan(finding.fix.goal):
            rows += labelled("", "f prepares it, nothing happens yet", width, "key")
    elif rule is not None and finding.verdict is Verdict.UNKNOWN:
        rows += labelled("to know", "run as root on the host itself; the reason above says what is missing", width)
    if rule is not None:
        rows += labelled("source", rule.section("Sources"), width, "dim")
    return rows


def risk_words(risk: str) -> str:
    """A risk class with its meaning."""
    meaning = {
        "R0": "nothing is written",
        "R1": "gone after a reboot",
        "R2": "lasts; undone by editing one boot entry or guest",
        "R3": "can leave the host without a screen",
        "R4": "can leave the host unbootable or destroy data",
    }
    return f"{risk}: {meaning.get(risk, '')}"


def rule_rows(code: str, width: int) -> list[Row]:
    """A rule's document, as `vfiotui explain` prints it."""
    rule = rule_of(code)
    if rule is None:
        return [row("there is no such check")]
    rows = [row((f"{rule.code}  {rule.area}  {rule.severity}", "head")), BLANK]
    for line in rule.document.split("\n"):
        heading = bool(line) and not line.startswith(" ")
        rows += [row((w, "head" if heading else "")) for w in wrap(line.strip(), width)]
    return rows


def finding_text(findings: Sequence[Finding]) -> str:
    """Findings as Markdown for a forum post; what the hardware says stands in code marks."""
    lines = []
    for finding in findings:
        lines.append(f"- **{word(finding)}** `{finding.code}` {_code(sentence_of(finding))}")
        lines += [f"  - {_code(e.path)}: {_code(e.seen)}" for e in finding.evidence if e.path]
        if finding.fix is not None:
            lines.append(f"  - fix ({finding.fix.risk}): {finding.fix.text}")
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    return f"`{clean(text).replace('`', chr(39))}`"
