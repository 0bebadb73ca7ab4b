"""`vfiotui explain CODE`: what a check wants, why, how it is read and mended; without CODE the catalogue."""

from __future__ import annotations

import argparse
from difflib import get_close_matches

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.out import print_json, table
from vfiotui.rules import catalogue, rule_of
from vfiotui.rules.engine import HEADINGS, Rule


def arguments(parser: argparse.ArgumentParser) -> None:
    """CODE, in any case."""
    parser.add_argument("--table", action="store_true", help="all checks as a Markdown table")
    parser.add_argument("code", nargs="?", metavar="CODE", help="a check's code, such as GROUP-FOREIGN")


def run(args: argparse.Namespace) -> Exit:
    """Prints one rule's document, or the list of all."""
    if args.table:
        from vfiotui.rules.table import as_markdown

        print("\n".join(as_markdown()))
        return Exit.FINE
    if args.code is None:
        if args.json:
            print_json([as_json(r) for r in catalogue()])
        else:
            print("\n".join(table((r.code, r.area, r.severity.word, r.title) for r in catalogue())))
        return Exit.FINE
    rule = rule_of(args.code)
    if rule is None:
        near = get_close_matches(args.code.upper(), [r.code for r in catalogue()], 3, 0.5)
        hint = f"; did you mean {', '.join(near)}?" if near else "; 'vfiotui explain' lists all"
        raise CommandError(f"there is no check {args.code!a}{hint}", Exit.USAGE)
    if args.json:
        print_json(as_json(rule))
    else:
        print(f"{rule.code} ({rule.area}, {rule.severity.word})\n\n{rule.document}")
    return Exit.FINE


def as_json(rule: Rule) -> dict[str, object]:
    """One rule as a JSON object; the headings are its keys."""
    return {
        "code": rule.code,
        "area": rule.area,
        "severity": str(rule.severity),
        "title": rule.title,
        "needs": list(rule.needs),
        **{h.lower().replace(" ", "_"): rule.section(h) for h in HEADINGS},
    }
