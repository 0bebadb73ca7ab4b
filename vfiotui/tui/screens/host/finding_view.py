"""Findings as rows: the list, and everything about one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.model.finding.report import WORDS, level, widest, word
from vfiotui.model.finding.unknown_groups import UnknownGroup
from vfiotui.plan.goals import can_plan
from vfiotui.rules import rule_of
from vfiotui.tui.row import BLANK, Row, row
from vfiotui.tui.terminal.capabilities import Glyphs
from vfiotui.tui.text import clean, fit, wrap


def style_of(finding: Finding) -> str:
    """The style's name for a finding."""
    name = level(finding)
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
    rows += [BLANK, *(row((line, "dim")) for line in wrap("enter lists them one by one; esc groups them again", width))]
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
    kept = tuple(findings)
    size = widest(f for f in kept if not isinstance(f, UnknownGroup))
    before = size + 4
    for finding in kept:
        if isinstance(finding, UnknownGroup):
            lead = (f"{glyphs.mark('unknown')} {fit(WORDS['unknown'], size)} ", "unknown")
            rows.append(row(lead, " ", fit(finding.sentence, width - before), key=fold_key(finding)))
            continue
        name = level(finding)
        lines = wrap(sentence_of(finding) if named else finding.sentence, max(width - before, 10))
        if len(lines) > 2:
            cut = fit(lines[1], max(width - before - 1, 9)).rstrip()
            lines = [lines[0], cut if cut.endswith("…") else f"{cut}…"]
        rows.append(
            row(
                (f"{glyphs.mark(name)} {fit(WORDS[name], size)} ", style_of(finding)),
                " ",
                fit(lines[0], width - before),
                key=key_of(finding),
            )
        )
        rows.extend(row(" " * before, line) for line in lines[1:])
    return rows


def labelled(label: str, text: str, width: int, style: str = "") -> list[Row]:
    """A label, and text wrapped beside it."""
    lines = wrap(text, max(width - 10, 10))
    return [row((fit(label if i == 0 else "", 9), "head"), " ", (line, style)) for i, line in enumerate(lines)]


def finding_detail(finding: Finding, glyphs: Glyphs, width: int) -> list[Row]:
    """Sentence, fix, evidence, why, sources."""
    rule = rule_of(finding.code)
    rows = [
        row(
            (f"{glyphs.mark(level(finding))} {word(finding)} ", style_of(finding)),
            (clean(finding.code), "head"),
            f"  {finding.area}",
        ),
        BLANK,
    ]
    rows += [row((line, "")) for line in wrap(sentence_of(finding), width)]
    rows.append(BLANK)
    if finding.fix is not None and finding.verdict is Verdict.FAILED:
        rows += labelled("fix", finding.fix.text, width, "accent")
        rows += labelled("risk", finding.fix.risk.words, width)
        if can_plan(finding.fix.goal):
            rows += labelled("", "f prepares a plan; nothing is changed yet", width, "key")
        elif finding.fix.by_hand is not None:
            rows += labelled("", finding.fix.by_hand.words, width)
        rows.append(BLANK)
    for evidence in finding.evidence:
        rows += labelled("found", evidence.seen, width)
        if evidence.path:
            rows += labelled("in", evidence.path, width, "dim")
    if not finding.evidence:
        rows += labelled("found", "no single file shows this", width)
    if rule is not None:
        rows += [BLANK, *labelled("expected", rule.section("Expected"), width)]
        rows += labelled("why", rule.section("Why"), width)
    if rule is not None and finding.verdict is Verdict.NOT_CHECKED:
        rows += labelled("to know", "run as root on the host itself; the reason above says what is missing", width)
    if rule is not None:
        rows += labelled("sources", rule.section("Sources"), width, "dim")
    return rows


def rule_rows(code: str, width: int) -> list[Row]:
    """A rule's document, as `vfiotui explain` prints it."""
    rule = rule_of(code)
    if rule is None:
        return [row("there is no such check")]
    rows = [row((f"{rule.code}  {rule.area}  {rule.severity.word}", "head")), BLANK]
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
            lines.append(f"  - fix (risk {finding.fix.risk.word}): {finding.fix.text}")
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    return f"`{clean(text).replace('`', chr(39))}`"
