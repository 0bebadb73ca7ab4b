"""`vfiotui doctor`: every check with its evidence, worst first.

JSON: {"vfiotui": version, "mode", "root", "host", "kernel", "privileged", "libvirt", "counts": {"fail", "warn",
"info", "unknown", "hold", "not_applicable"}, "findings": [{"code", "title", "area", "verdict", "severity",
"subject", "sentence", "evidence": [{"path", "seen"}], "fix": {"text", "risk", "wish"} or null}]}.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from vfiotui import __version__
from vfiotui.cli.exit import Exit
from vfiotui.cli.machine import look_at_guests, open_root
from vfiotui.cli.out import colours_wanted, paint, print_json, printable, shown
from vfiotui.host.gather import gather
from vfiotui.model.facts import Facts
from vfiotui.model.finding import Finding, Verdict
from vfiotui.model.reading import Unread
from vfiotui.model.report import count, word
from vfiotui.rules import judge, rule_of

MARKS = {"fail": "x", "warn": "!", "unknown": "?", "info": ".", "holds": "+", "n/a": " "}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Format and extent of the report."""
    parser.add_argument("--markdown", action="store_true", help="print Markdown for a forum post")
    parser.add_argument("--all", action="store_true", help="also what holds and what does not apply")


def run(args: argparse.Namespace) -> Exit:
    """Prints the report; 1 where something fails that matters."""
    root = open_root(args)
    facts = gather(root, look_at_guests(args, root))
    findings = judge(facts)
    if args.json:
        print_json(as_json(facts, findings))
    elif getattr(args, "markdown", False):
        print("\n".join(as_markdown(facts, findings)))
    else:
        print("\n".join(as_text(facts, findings, getattr(args, "all", False), colours_wanted())))
    return Exit.FAILS if count(findings).fail else Exit.FINE


def head(facts: Facts) -> dict[str, str]:
    """Who was looked at, for every format."""
    boot, virt = facts.boot, facts.virt
    kernel = boot if isinstance(boot, Unread) else boot.kernel
    return {
        "host": shown(boot.hostname if not isinstance(boot, Unread) else boot),
        "kernel": kernel.release if not isinstance(kernel, Unread) else shown(kernel),
        "mode": f"{facts.mode} {facts.label}".strip(),
        "libvirt": shown(virt) if isinstance(virt, Unread) else virt.detail,
    }


def as_json(facts: Facts, findings: Iterable[Finding]) -> dict[str, Any]:
    """The JSON document; see the module."""
    kept = tuple(findings)
    counts = count(kept)
    return {
        "vfiotui": __version__,
        "root": facts.label,
        "privileged": facts.privileged,
        **head(facts),
        "counts": {name: getattr(counts, name) for name in counts.__slots__},
        "findings": [
            {
                "code": f.code,
                "title": f.title,
                "area": f.area,
                "verdict": str(f.verdict),
                "severity": str(f.severity),
                "subject": f.subject,
                "sentence": f.sentence,
                "evidence": [{"path": e.path, "seen": e.seen} for e in f.evidence],
                "fix": None
                if f.fix is None
                else {"text": f.fix.text, "risk": str(f.fix.risk), "wish": [list(w) for w in f.fix.wish]},
            }
            for f in kept
        ],
    }


def told(finding: Finding, everything: bool) -> bool:
    """Whether a report shows a finding without being asked for all."""
    return everything or finding.verdict in (Verdict.FAILS, Verdict.UNKNOWN)


def as_text(facts: Facts, findings: tuple[Finding, ...], everything: bool, colours: bool) -> list[str]:
    """The report for a terminal or a file."""
    top = head(facts)
    lines = [
        paint(printable(f"{top['host']} · {top['kernel']} · {top['mode']}"), "head", colours),
        printable(top["libvirt"]),
        "",
        count(findings).sentence(),
        "",
    ]
    for finding in findings:
        if not told(finding, everything):
            continue
        name = word(finding)
        style = name if name in ("fail", "warn", "info", "unknown", "holds") else "dim"
        subject = "" if finding.subject == "host" else f"{finding.subject}: "
        lines.append(
            f"{paint(f'{MARKS[name]} {name:7}', style, colours)} "
            f"{printable(subject + finding.sentence)} {paint(f'[{finding.code}]', 'dim', colours)}"
        )
        lines.extend(_details(finding))
    hidden = sum(not told(f, everything) for f in findings)
    lines.append("")
    if hidden:
        lines.append(f"{hidden} more checks hold or do not apply: --all shows them.")
    lines.append("'vfiotui explain CODE' tells what a check wants, why, and how to mend it.")
    return lines


def _details(finding: Finding) -> list[str]:
    if finding.verdict is Verdict.HOLDS:
        return [printable(f"            from {e.path}: {e.seen}")[:200] for e in finding.evidence[:1] if e.path]
    lines = [printable(f"          from {e.path}: {e.seen}")[:300] for e in finding.evidence if e.path]
    rule = rule_of(finding.code)
    if finding.verdict is Verdict.FAILS and rule is not None:
        lines.append(f"          why  {rule.section('Why')}")
    if finding.fix is not None:
        lines.append(printable(f"          fix  {finding.fix.text} (risk {finding.fix.risk})"))
    return lines


def escaped(text: str) -> str:
    """Text that Markdown shows literally."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+!|~&" else c for c in printable(text))


def as_markdown(facts: Facts, findings: tuple[Finding, ...]) -> list[str]:
    """The report as Markdown; names from the hardware are escaped."""
    top = head(facts)
    lines = [
        f"## vfiotui {__version__}: {count(findings).sentence()}",
        "",
        *(f"- **{name}** {escaped(value)}" for name, value in top.items()),
        "",
    ]
    for finding in findings:
        if told(finding, False):
            lines.extend(finding_markdown(finding))
    return lines


def finding_markdown(finding: Finding) -> list[str]:
    """One finding as Markdown."""
    lines = [f"- **{word(finding)}** `{finding.code}` {escaped(finding.subject)}: {escaped(finding.sentence)}"]
    lines.extend(f"  - {escaped(e.path)}: {escaped(e.seen)}" for e in finding.evidence if e.path)
    if finding.fix is not None:
        lines.append(f"  - fix: {escaped(finding.fix.text)} ({finding.fix.risk})")
    return lines
