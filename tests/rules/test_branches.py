"""Every way out of every branch of the rules is taken on some described machine.

`branches_not_run.txt` lists the ways that no machine takes yet, each as "file: condition: way"; it may only shrink. The
test fails for a way that is neither taken nor listed, and for a listed one that is taken now.
`python -m tests.rules.test_branches` prints them, with the count. Machines that only a branch needs stand in
`branch_machines.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.hosts import HOSTS
from tests.machines import known_facts
from tests.rules.branch_machines import machines
from tests.rules.branches import TOP, Watch, branches
from vfiotui.model.facts import Facts
from vfiotui.rules import catalogue
from vfiotui.rules.engine import Rule

KNOWN = Path(__file__).with_name("branches_not_run.txt")
SHARED = ("dead_lines", "dead_words", "held_back", "old_words")
"""Modules beside the topics that rules are made of."""


def file_of(rule: Rule) -> Path:
    """The module of a rule."""
    return TOP.joinpath(*rule.check.__module__.split(".")[1:]).with_suffix(".py")


def every_machine() -> Iterator[Facts]:
    """The facts of all machines of the tests."""
    yield from (known_facts(name) for name in HOSTS)
    yield from machines()


def watched() -> Watch:
    """All rules were asked about all machines; a rule of whose module nothing is open is asked no more."""
    shared = [TOP / "rules" / f"{name}.py" for name in SHARED]
    watch = Watch([*(file_of(rule) for rule in catalogue()), *shared])
    for facts in every_machine():
        some = any(watch.open.get(str(file)) for file in shared)
        asked = [rule for rule in catalogue() if some or watch.open.get(str(file_of(rule)))]
        with watch.watching():
            for rule in asked:
                rule.ask(facts)
    return watch


def test_every_branch_of_every_rule_is_run_by_some_machine() -> None:
    known = set(KNOWN.read_text("utf-8").splitlines())
    left = {way.name: way for way in watched().left()}
    new = [f"{way.file}:{way.line} {name}" for name, way in left.items() if name not in known]
    assert new == [], "a machine of tests/hosts or branch_machines.py must take these ways"
    assert known <= left.keys(), f"taken now: take out of {KNOWN.name}: {sorted(known - left.keys())}"


CODE = '''
def asked(words, limit):
    """Two ways each."""
    for word in words:
        if len(word) > limit:
            return word
    match words:
        case []:
            return "none"
        case [_]:
            return "one"
    while limit:
        limit -= 1
    return ""
'''


def test_the_ways_are_those_that_were_taken(tmp_path: Path) -> None:
    file = TOP / "rules" / "made_up.py"
    names: dict[str, object] = {}
    (tmp_path / "made_up.py").write_text(CODE)
    assert len(list(branches(tmp_path / "made_up.py", tmp_path))) == 5
    watch = Watch([tmp_path / "made_up.py"], tmp_path)
    exec(compile(CODE, str(tmp_path / "made_up.py"), "exec"), names)
    asked = names["asked"]
    assert callable(asked) and not file.exists()

    def left() -> list[str]:
        return [way.name.removeprefix("made_up.py: ") for way in watch.left()]

    assert len(left()) == watch.count == 10
    with watch.watching():
        asked(["long"], 3)
    assert len(left()) == 8 and "len(word) > limit: not taken" in left()
    with watch.watching():
        asked([], 1), asked(["a"], 1), asked(["a", "b"], 2)
    assert left() == []


if __name__ == "__main__":
    found = watched()
    print(*sorted({way.name for way in found.left()}), sep="\n")
    print(f"{found.count - len(found.left())} of {found.count} ways are taken", file=sys.stderr)
