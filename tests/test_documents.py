"""ARCHITECTURE.md, CONTRIBUTING.md and README.md name files, names and commands that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
DOCUMENTS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md")
QUOTED = re.compile(r"`([^`\n]+)`")


def place(path: str) -> Path | None:
    """The file or folder of that name in the repository or in the package."""
    return next((p for p in (TOP / path, TOP / "vfiotui" / path) if p.exists()), None)


def defined(path: Path) -> set[str]:
    """Functions, classes and constants at the head of a module."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {t.id for t in targets if isinstance(t, ast.Name)}
    return found


def lost(text: str) -> list[str]:
    """Paths that are not there, names that the file before them does not define, and targets that make lacks."""
    wrong = []
    rules = set(re.findall(r"^([\w-]+):", (TOP / "Makefile").read_text(encoding="utf-8"), re.M))
    wrong += [f"make {word}" for word in re.findall(r"`make ([\w-]+)", text) if word not in rules]
    for path in re.findall(r"(?<![\w./<-])((?:\w+/)+\w+\.(?:py|sh|md))", text):
        wrong += [] if place(path) else [path]
    for path, name in re.findall(r"`((?:\w+/)+\w+\.py)` \(?`(\w+)`", text):
        there = place(path)
        wrong += [f"{path} {name}"] if there is not None and name not in defined(there) else []
    for module in re.findall(r"python -m (tests[\w.]*)", text):
        wrong += [] if place(module.replace(".", "/")) or place(module.replace(".", "/") + ".py") else [module]
    return wrong


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_document_names_is_there(name: str) -> None:
    text = (TOP / name).read_text(encoding="utf-8")
    assert len(QUOTED.findall(text)) > 10
    assert lost(text) == []


def test_the_layers_of_the_document_are_those_of_the_contracts() -> None:
    table = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.M)
    said = [frozenset(QUOTED.findall(row)) for row in table if row != "`demo`"]
    contracts = (TOP / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.search(r"^layers = \[(.*?)^\]", contracts, re.M | re.S)
    assert layers is not None
    wanted = [frozenset(re.findall(r"\w+", line)) for line in re.findall(r'"([^"]+)"', layers[1])]

    assert said == wanted


def test_a_lost_file_name_or_target_is_seen() -> None:
    text = "`make nothing`, `plan/gone.py`, `plan/draft.py` `Lost`, and `plan/draft.py` `Draft`; python -m tests.gone"
    assert lost(text) == ["make nothing", "plan/gone.py", "plan/draft.py Lost", "tests.gone"]
