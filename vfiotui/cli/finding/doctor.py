"""`vfiotui doctor`: every check with its evidence, worst first.

JSON: {"vfiotui": version, "mode", "root", "host", "kernel", "privileged", "libvirt", "machine": {"kind", "name",
"possible": [clause], "limits": [clause], "evidence": [{"path", "seen"}]}, "next_boot": sentence, "boot_path": as in
`isolate` or null, "counts": {"failed",
"warnings", "info", "not_checked", "passed", "not_applicable"}, "unread_guests": [{"guest", "source", "unread":
reason}], "findings": [{"code", "title", "area", "verdict", "severity", "subject", "sentence",
"evidence": [{"path", "seen"}], "fix": {"text", "risk", "goals", "by_hand"} or null}]}.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from vfiotui import __version__
from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.finding.fix_text import fix_json, how_of
from vfiotui.cli.machine import look_at_guests, open_root
from vfiotui.cli.out import colours_wanted, paint, print_json, printable, shown
from vfiotui.host.gather import gather
from vfiotui.model.base.reading import Unread
from vfiotui.model.boot.headline import headline, machine_json
from vfiotui.model.boot.path_text import path_json, path_summary
from vfiotui.model.facts import Facts
from vfiotui.model.finding.concern import concerns, domains_of, given_subjects, subjects_of
from vfiotui.model.finding.finding import Finding, Verdict
from vfiotui.model.finding.report import WORDS, count, level, widest, word
from vfiotui.model.finding.unknown_groups import UnknownGroup, folded
from vfiotui.rules import judge, rule_of

MARKS = {"fail": "x", "warn": "!", "unknown": "?", "info": ".", "holds": "+", "n/a": " "}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Format and extent of the report."""
    parser.add_argument("--markdown", action="store_true", help="print Markdown for a forum post")
    parser.add_argument("--all", action="store_true", help="show also what passed and what does not apply")
    parser.add_argument("--guest", metavar="NAME", help="only what concerns this guest and its devices")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--symptom", metavar="NAME", help="causes of a symptom (a name or words), the likeliest first")
    what.add_argument("--list-symptoms", action="store_true", help="lists the symptoms")
    what.add_argument(
        "--since-change", action="store_true", help="compare with the report kept last time, and keep this one"
    )


def run(args: argparse.Namespace) -> Exit:
    """Prints the report; 1 where something fails that matters."""
    if args.list_symptoms:
        return _list_symptoms(args.json)
    if args.symptom is not None:
        return _answer_symptom(args)
    root = open_root(args)
    facts = gather(root, look_at_guests(args, root))
    every = judge(facts)
    findings = every if args.guest is None else of_guest(every, facts, args.guest, host_too=False)
    if args.since_change:
        from vfiotui.cli.finding import since

        comparison, unkept = since.compared_and_kept(facts, every)
        _print(
            args.json,
            lambda: since.as_json(comparison, unkept, finding_json),
            lambda: since.as_text(comparison, unkept, lambda f: finding_text(f, colours_wanted())),
        )
    elif args.markdown and not args.json:
        print("\n".join(as_markdown(facts, findings, args.all)))
    else:
        _print(
            args.json,
            lambda: as_json(facts, findings),
            lambda: as_text(facts, findings, args.all, colours_wanted()),
        )
    return Exit.FAILS if count(findings).failed else Exit.FINE


def _print(json_wanted: bool, document: Callable[[], Any], lines: Callable[[], list[str]]) -> None:
    if json_wanted:
        print_json(document())
    else:
        print("\n".join(lines()))


def _answer_symptom(args: argparse.Namespace) -> Exit:
    """What makes a symptom; 1 where there is a suspect."""
    from vfiotui.cli.finding import symptom
    from vfiotui.rules.symptoms.answer import answer

    wanted = symptom.symptom_named(args.symptom)
    root = open_root(args)
    facts = gather(root, look_at_guests(args, root))
    every = judge(facts)
    findings = every if args.guest is None else of_guest(every, facts, args.guest, host_too=True)
    found = answer(wanted, findings, given_subjects(facts))
    _print(args.json, lambda: symptom.as_json(found, finding_json), lambda: symptom.as_text(found, colours_wanted()))
    return Exit.FAILS if found.suspects else Exit.FINE


def _list_symptoms(json_wanted: bool) -> Exit:
    from vfiotui.cli.finding import symptom

    _print(json_wanted, symptom.list_json, symptom.list_text)
    return Exit.FINE


def of_guest(findings: tuple[Finding, ...], facts: Facts, name: str, host_too: bool) -> tuple[Finding, ...]:
    """The findings about one guest, with those about the host as a whole where they are wanted."""
    domain = next((d for d in domains_of(facts) if d.name == name), None)
    names = () if isinstance(facts.virt, Unread) else facts.virt.names
    if domain is None and name not in names:
        known = f"there are {', '.join(names)}" if names else "none is known here"
        raise CommandError(f"there is no guest {name!a}: {printable(known)}")
    subjects = frozenset({name}) if domain is None else subjects_of(domain, facts)
    return tuple(f for f in findings if concerns(f, subjects, name) or (host_too and f.subject == "host"))


def head(facts: Facts) -> dict[str, str]:
    """Who was looked at, for every format."""
    boot, virt = facts.boot, facts.virt
    kernel = boot if isinstance(boot, Unread) else boot.kernel
    return {
        "host": shown(boot.hostname if not isinstance(boot, Unread) else boot),
        "kernel": kernel.release if not isinstance(kernel, Unread) else shown(kernel),
        "mode": f"{facts.mode} {facts.label}".strip(),
        "libvirt": shown(virt) if isinstance(virt, Unread) else virt.detail,
        "next_boot": shown(boot) if isinstance(boot, Unread) else path_summary(boot),
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
        "machine": machine_json(facts),
        "boot_path": None if isinstance(facts.boot, Unread) else path_json(facts.boot),
        "counts": {name: getattr(counts, name) for name in counts.__slots__},
        "unread_guests": [
            {"guest": g.name, "source": g.source, "unread": g.why.reason}
            for g in (() if isinstance(facts.virt, Unread) else facts.virt.unread)
        ],
        "findings": [finding_json(f) for f in kept],
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    """One finding as a JSON object; see the module."""
    fix = finding.fix
    return {
        "code": finding.code,
        "title": finding.title,
        "area": finding.area,
        "verdict": word(finding),
        "severity": str(finding.severity),
        "subject": finding.subject,
        "sentence": finding.sentence,
        "evidence": [{"path": e.path, "seen": e.seen} for e in finding.evidence],
        "fix": None if fix is None else fix_json(fix),
    }


def is_shown(finding: Finding, everything: bool) -> bool:
    """Whether a report shows a finding without being asked for all."""
    return everything or finding.verdict in (Verdict.FAILED, Verdict.NOT_CHECKED)


def as_text(facts: Facts, findings: tuple[Finding, ...], everything: bool, colours: bool) -> list[str]:
    """The report for a terminal or a file."""
    top = head(facts)
    machine = headline(facts)
    lines = [
        *([paint(printable(machine), "head", colours)] if machine else []),
        paint(printable(f"{top['host']} · {top['kernel']} · {top['mode']}"), "head", colours),
        printable(top["libvirt"]),
        printable(f"next boot: {top['next_boot']}"),
        "",
        count(findings).sentence(),
        "",
    ]
    shown_ones = [f for f in findings if is_shown(f, everything)]
    items = shown_ones if everything else folded(shown_ones)
    width = widest(shown_ones)
    for item in items:
        if isinstance(item, UnknownGroup):
            lines += fold_text(item, colours, width)
        else:
            lines += finding_text(item, colours, width)
    hidden = len(findings) - len(shown_ones)
    lines.append("")
    if any(isinstance(item, UnknownGroup) for item in items):
        lines.append("Checks that lack the same thing are one entry: --all lists each.")
    if hidden:
        lines.append(f"{hidden} more checks passed or do not apply: --all shows them.")
    lines.append("'vfiotui explain CODE' explains what a check expects, why it matters and how to fix it.")
    return lines


def finding_text(finding: Finding, colours: bool, width: int = len(WORDS["unknown"])) -> list[str]:
    """One finding with its evidence, reason and fix; its first word is padded to `width` cells."""
    name = level(finding)
    style = name if name in ("fail", "warn", "info", "unknown", "holds") else "dim"
    subject = "" if finding.subject == "host" else f"{finding.subject}: "
    first = (
        f"{paint(f'{MARKS[name]} {word(finding):{width}}', style, colours)} "
        f"{printable(subject + finding.sentence)} {paint(f'[{finding.code}]', 'dim', colours)}"
    )
    return [first, *_details(finding, " " * (width + 3))]


def fold_text(fold: UnknownGroup, colours: bool, width: int) -> list[str]:
    """Checks that lack the same thing, with their codes; the first word is padded to `width` cells."""
    import textwrap

    lead = paint(f"{MARKS['unknown']} {WORDS['unknown']:{width}}", "unknown", colours)
    indent = " " * (width + 3)
    return [
        f"{lead} {printable(fold.sentence)}",
        *textwrap.wrap(
            ", ".join(fold.codes), 100, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
        ),
    ]


def _details(finding: Finding, indent: str) -> list[str]:
    if finding.verdict is Verdict.PASSED:
        return [printable(f"{indent}found  {e.path}: {e.seen}")[:200] for e in finding.evidence[:1] if e.path]
    lines = [printable(f"{indent}found  {e.path}: {e.seen}")[:300] for e in finding.evidence if e.path]
    rule = rule_of(finding.code)
    if finding.verdict is Verdict.FAILED and rule is not None:
        lines.append(f"{indent}why    {rule.section('Why')}")
    if finding.fix is not None:
        lines.append(printable(f"{indent}fix    {finding.fix.text} (risk {finding.fix.risk.words})"))
        if how := how_of(finding.fix):
            lines.append(printable(f"{indent}plan   {how}"))
    return lines


def escaped(text: str) -> str:
    """Text that Markdown shows literally."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+!|~&" else c for c in printable(text))


def as_markdown(facts: Facts, findings: tuple[Finding, ...], everything: bool = False) -> list[str]:
    """The report as Markdown; names from the hardware are escaped."""
    top = head(facts)
    machine = headline(facts)
    lines = [
        *([f"**{escaped(machine)}**", ""] if machine else []),
        f"## vfiotui {__version__}: {count(findings).sentence()}",
        "",
        *(f"- **{name.replace('_', ' ')}** {escaped(value)}" for name, value in top.items()),
        "",
    ]
    for item in folded(f for f in findings if is_shown(f, everything)) if not everything else findings:
        lines.extend(fold_markdown(item) if isinstance(item, UnknownGroup) else finding_markdown(item))
    return lines


def fold_markdown(fold: UnknownGroup) -> list[str]:
    """Checks that lack the same thing, as Markdown."""
    return [
        f"- **{WORDS['unknown']}** {escaped(fold.sentence)}",
        f"  - {', '.join(f'`{code}`' for code in fold.codes)}",
    ]


def finding_markdown(finding: Finding) -> list[str]:
    """One finding as Markdown."""
    lines = [f"- **{word(finding)}** `{finding.code}` {escaped(finding.subject)}: {escaped(finding.sentence)}"]
    lines.extend(f"  - {escaped(e.path)}: {escaped(e.seen)}" for e in finding.evidence if e.path)
    if finding.fix is not None:
        lines.append(f"  - fix: {escaped(finding.fix.text)} (risk {finding.fix.risk.words})")
        if how := how_of(finding.fix):
            lines.append(f"  - plan: {escaped(how)}")
    return lines
