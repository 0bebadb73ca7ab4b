"""What a person reads is in the field's words: a list of others stays out of strings, documents and scripts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import vfiotui
from vfiotui.model.change.change import Effect
from vfiotui.model.finding.areas import AREAS
from vfiotui.model.finding.finding import Finding, Risk, Severity, Verdict
from vfiotui.model.finding.report import WORDS, word
from vfiotui.rules import catalogue

TOP = Path(vfiotui.__file__).parent
BANNED = re.compile(
    r"""
    \b(?:
    foretold | foretells? | foretelling               # predicted, prediction
    | tells? | told                                   # reports, shows; not reported
    | mend(?:s|ed|ing)?                               # fix, correct
    | wish(?:es)?                                     # goal, action
    | giv(?:e|es|en)\ away | goes\ along | go\ along   # passed through; also assigned
    | nobody | somebody | whoever | anybody           # no persons for programs
    | take[sn]?\ back | take\ it\ back                # undo, undone
    | rolled\ it\ back
    | felt\ (?:now|next)                              # takes effect
    | to\ be\ had | can\ be\ had | could\ be\ had | in\ vain
    | does\ not\ arise                                # not applicable
    | nothing\ speaks\ against
    | unkn | unseen | cannot\ tell | cannot\ judge     # not checked, with the reason
    | to\ look\ at\b(?=,)
    | holds?\ it\ open                                 # in use by
    | of\ the\ old\ kind | old\ advice                # legacy, cgroup v1; obsolete
    | second\ way\ in(?:to)?                           # remote access fallback
    | what\ goes\ wrong | what\ is\ wrong\?            # symptoms
    | looks\ closer | made\ up\ for\ show | made-up\ machine
    | the\ picture\ stands
    | emulator\ floats | likes\ best | clash
    | wants\ everything | keeps\ only\ what | goes\ far
    | No\ program\ on\ this\ host
    )\b
    | (?<![A-Z-])(?-i:[A-Z]\d{1,2}-[A-Z]{2,})           # the number of a document before a code
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Words and turns that no sysadmin uses; beside them what stands instead."""
AREA_ID = re.compile(r"\b[HGW]\d{1,2}\b")
NOT_READ = {"host/capture/public_words.py", "rules/aliases.py"}
"""Lists of words: those that a capture may keep, and codes that were replaced."""
NAMES = {
    ("host/guest/access.py", "nobody"): "a user's name",
    ("model/change/plan.py", "wishes"): "the key of goals in plans of earlier versions",
}
"""File and string that are no words for a person, and why."""


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of the strings of a module that are no docstrings; of rules the document too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bodies = [b for n in ast.walk(tree) if isinstance(b := getattr(n, "body", None), list)]
    bare = {id(s.value) for body in bodies for s in body if isinstance(s, ast.Expr)}
    if "rules" in path.parts and isinstance(tree.body[0], ast.Expr):
        bare.discard(id(tree.body[0].value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.lineno, node.value


def odd(name: str, text: str) -> list[str]:
    return [] if (name, text) in NAMES else [m[0] for m in BANNED.finditer(text)]


@pytest.mark.parametrize("folder", sorted(p.name for p in TOP.iterdir() if p.is_dir() and p.name != "__pycache__"))
def test_no_string_for_a_person_has_a_banned_word(folder: str) -> None:
    found = []
    for path in sorted((TOP / folder).rglob("*.py")):
        name = str(path.relative_to(TOP))
        if name not in NOT_READ:
            found += [f"{name}:{line}: {w!r}" for line, text in strings(path) for w in odd(name, text)]
    assert found == []


SAID = re.compile(r'\b(?:say|trouble)\b.*?"([^"]*)"')
"""What a shell script shows to a person."""


@pytest.mark.parametrize("path", sorted(TOP.rglob("*.sh")), ids=lambda p: p.name)
def test_no_script_says_a_banned_word(path: Path) -> None:
    said = [t for line in path.read_text(encoding="utf-8").split("\n") for t in SAID.findall(line.partition(" # ")[0])]
    assert (said or path.name != "undo.sh") and [t for t in said if odd(path.name, t)] == []


def test_the_test_finds_what_it_bans(tmp_path: Path) -> None:
    """Otherwise an empty result would prove nothing."""
    module = tmp_path / "rules" / "x.py"
    module.parent.mkdir()
    module.write_text('"""A rule that tells."""\nA = "fine"\n"""Not shown: somebody."""\nB = f"{A} is told twice"\n')
    assert [w for _, text in strings(module) for w in odd("x", text)] == ["tells", "told"]
    for text in ("Mend it", "what is given away", "X9-CACHE", "W15-EFIFB-OFF", "checks cannot tell", "2 to look at, 3"):
        assert odd("x", text), text
    for text in ("GUEST-CPU-CACHE", "recommended", "PCIE-16X", "the commands", "a command"):
        assert not odd("x", text), text


def test_no_number_of_an_area_is_left_in_the_catalogue() -> None:
    for rule in catalogue():
        shown = f"{rule.code} {rule.area} {rule.document}"
        assert not AREA_ID.search(shown), rule.code
        assert rule.area in AREAS.values()


def test_a_finding_has_one_of_six_words() -> None:
    found = {
        (verdict, severity): word(Finding("X", "x", verdict, severity, "host", "x"))
        for verdict in Verdict
        for severity in Severity
    }
    assert set(found.values()) == set(WORDS.values())
    assert found[Verdict.FAILED, Severity.FAIL] == Severity.FAIL.word == "failed"
    assert found[Verdict.FAILED, Severity.WARN] == Severity.WARN.word == "warning"
    assert found[Verdict.FAILED, Severity.INFO] == Severity.INFO.word == "info"
    assert {w for (v, _), w in found.items() if v is not Verdict.FAILED} == {"passed", "not checked", "not applicable"}


def test_risk_and_effect_are_words() -> None:
    assert [r.word for r in Risk] == ["none", "low", "medium", "high", "high"]
    assert all(r.words.startswith(f"{r.word}: ") for r in Risk)
    assert [e.words for e in Effect] == ["immediately", "at the guest's next start", "at reboot"]
