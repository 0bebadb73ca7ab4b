"""The table of all rules: a row for each, and what it says of mounted disks and captures is what happens there."""

from __future__ import annotations

from functools import cache

import pytest

from tests.hosts import HOSTS
from vfiotui.cli.main import main
from vfiotui.demo.builder import build
from vfiotui.host.gather import gather
from vfiotui.host.guest import domains
from vfiotui.host.root.memory_tree import MemoryTree
from vfiotui.host.root.root import Root
from vfiotui.model.facts import Facts, Mode
from vfiotui.model.finding.finding import Verdict
from vfiotui.rules import catalogue
from vfiotui.rules.engine import Rule
from vfiotui.rules.table import COLUMNS, as_markdown, judges_disks


@cache
def facts_as(host: str, mode: Mode) -> Facts:
    """A machine as a capture of all of it, or as a disk: what runs is not on it."""
    nodes = build(HOSTS[host])
    if mode is Mode.ROOT:
        nodes = {p: n for p, n in nodes.items() if not p.startswith(("/sys/", "/proc/", "/run/", "/dev/"))}
    root = Root(MemoryTree(nodes), mode, "/mnt")
    return gather(root, domains.read(root))


@pytest.mark.parametrize("rule", catalogue(), ids=lambda r: r.code)
def test_a_rule_judges_where_the_table_says(rule: Rule) -> None:
    assert rule.fires in HOSTS and rule.silent in HOSTS and rule.fires != rule.silent
    captured = {f.verdict for f in rule.ask(facts_as(rule.fires, Mode.CAPTURE))}
    on_disk = {f.verdict for f in rule.ask(facts_as(rule.fires, Mode.ROOT))}
    assert Verdict.FAILED in captured
    assert (Verdict.FAILED in on_disk) == judges_disks(rule), on_disk


def test_the_table_has_a_row_for_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "--table"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows == list(as_markdown())
    cells = [row.replace("\\|", "").split("|")[1:-1] for row in rows]
    assert {len(c) for c in cells} == {len(COLUMNS)} and all(w.strip() for c in cells for w in c)
    assert [c[0].strip() for c in cells[2:]] == [r.code for r in catalogue()]
