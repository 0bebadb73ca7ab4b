"""The consent to run programs of a mounted system: an option, or a question that names them."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from vfiotui.cli.exit import CommandError, Exit
from vfiotui.cli.out import printable

if TYPE_CHECKING:
    from vfiotui.apply.target import Target


def add_consent(parser: argparse.ArgumentParser) -> None:
    """The options of every command that changes the system."""
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--wait", action="store_true", help="wait while another process applies a change")
    parser.add_argument(
        "--run-its-programs",
        action="store_true",
        help="with --root: the programs of that system may run as root on this host, where a step needs them",
    )


def agreed(target: Target, args: argparse.Namespace, programs: Iterable[str]) -> Target:
    """The site with what a person agreed to.

    CommandError where the person says no, ApplyError where nobody can be asked and the option is not given.
    """
    from vfiotui.apply.programs.consent import consent_words, must_be_agreed

    wanted = tuple(programs)
    if wanted and not args.run_its_programs and not args.yes:
        ask(f"run {printable(consent_words(target, wanted))}", "run")
        return replace(target, runs_programs=True)
    target = replace(target, runs_programs=args.run_its_programs)
    must_be_agreed(target, wanted)
    return target


def ask(what: str, wanted: str) -> None:
    """Returns when a person agrees with this word; CommandError where not. What is risky wants a whole word."""
    import sys

    if not sys.stdin.isatty():
        raise CommandError("without a terminal, give --yes", Exit.USAGE)
    try:
        answer = input(f"{what}? type {wanted}: ")
    except EOFError:
        answer = ""
    if answer.strip().lower() not in (("y", "yes", "apply") if wanted == "y" else (wanted,)):
        raise CommandError("nothing was changed", Exit.INTERRUPTED)
