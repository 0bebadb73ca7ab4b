"""A check passes only on what it read: every input of every rule is taken away, closed and garbled in turn.

For each rule, on the machine on which it fires and the one on which it is silent, the files and folders are noted that
the parts of the facts were read from which the rule looks at. Then, for each kind of path (`kind_of`), one fault of
`damaged_inputs` is made (`Fault`), at all paths of the kind and at those alone that the rule's answers name; the facts
are read again, and the rule is asked again. It may say what it said before of the same subjects, or "not checked", and
nothing else: no pass, no "not applicable", no vanished subject and no new failure.

What is an answer of the machine, and no fault:

* A configuration file that is absent from a folder that can be listed says that nothing is configured: taking files
  away is tried below /proc and /sys only. To close or garble a configuration file is a fault.
* Names of /proc and /sys whose absence the kernel documents as an answer (`ABSENCE_SAYS_NO`): no such process,
  device, module, no driver bound.
* Free text (`FREE_TEXT`) can be any word, and any line of it may be missing: only bytes that are no text
  (with NULs) garble it.

KNOWN lists what is known to be wrong, a line "CODE fault kind" each; it may only shrink. The test fails for what is
wrong and not in it, and for a line of it that is wrong no more. With VFIOTUI_EVERY_INPUT=1 every path is tried alone as
well, which takes long; `python -m tests.rules.test_inputs_taken_away CODE …` prints what is wrong with the rules
named, as lines for KNOWN, and the number of trials.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.rules.damaged_inputs import judged, machine, trials, whole
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.facts import Mode
from vfiotui.model.finding.finding import Verdict
from vfiotui.rules import catalogue, rule_of
from vfiotui.rules.engine import Rule

KNOWN = Path(__file__).with_name("inputs_taken_away_known.txt")
LINE = re.compile(r":\d+$")
EVERY = bool(os.environ.get("VFIOTUI_EVERY_INPUT"))


def wrong(rule: Rule) -> tuple[dict[str, str], int]:
    """What a rule says wrongly, by the line of the fault; and the number of trials."""
    found: dict[str, str] = {}
    number = 0
    for trial in trials(rule, EVERY):
        number += 1
        if said := judged(trial):
            found.setdefault(trial.line, f"{said} ({trial.host})")
    return found, number


@pytest.mark.parametrize("rule", catalogue(), ids=lambda r: r.code)
def test_a_rule_passes_only_on_what_it_read(rule: Rule) -> None:
    found, number = wrong(rule)
    known = {line for line in KNOWN.read_text("utf-8").splitlines() if line.startswith(f"{rule.code} ")}
    assert number, "the rule looks at nothing"
    assert {line: said for line, said in found.items() if line not in known} == {}
    assert EVERY or known <= found.keys(), f"mended: take out of {KNOWN.name}: {sorted(known - found.keys())}"


@pytest.mark.parametrize("rule", catalogue(), ids=lambda r: r.code)
def test_evidence_names_only_what_is_there(rule: Rule) -> None:
    for host in (rule.fires, rule.silent):
        root = Root(MemoryTree(machine(host).nodes), Mode.CAPTURE)
        for finding in whole(rule, host)[0]:
            for one in finding.evidence:
                path = LINE.sub("", one.path.partition("*")[0].rstrip("/"))
                absent = "is not there" in one.seen or finding.verdict is Verdict.NOT_CHECKED
                assert not path.startswith("/") or absent or root.exists(path) is True, (host, one)


def main(codes: Iterable[str]) -> None:
    """Prints what is wrong with the named rules, or with all."""
    number = bad = 0
    for rule in [r for c in codes if (r := rule_of(c)) is not None] or catalogue():
        found, tried = wrong(rule)
        number, bad = number + tried, bad + len(found)
        for line, said in sorted(found.items()):
            print(f"{line}\t{said}")
    print(f"{number} trials, {bad} wrong", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
