"""pyproject.toml tells the truth: what is imported is declared, and what is declared is used."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

TOP = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
STANDARD = sys.stdlib_module_names | {"compression"}
"""The standard library's, Python 3.14's among them."""
BY_NAME = ("import_module", "importorskip", "__import__")
"""Calls that import the module that they name."""
OWN = {"vfiotui", "tests", "benchmarks"}


def declared(lines: Iterable[str]) -> set[str]:
    """The normalized names of requirements (PEP 503)."""
    return {re.sub(r"[-_.]+", "-", re.split(r"[\s<>=!~;\[]", line, maxsplit=1)[0]).lower() for line in lines}


RUNTIME = declared(PROJECT["dependencies"])
EXTRA = {name: declared(lines) for name, lines in PROJECT["optional-dependencies"].items()}


def imported(text: str) -> set[str]:
    """The top names of all modules that a source imports, at its head or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(BY_NAME):
            words = [word.value for word in node.args[:1] if isinstance(word, ast.Constant)]
            found |= {str(word).partition(".")[0] for word in words}
    return found - STANDARD - OWN


def imports_below(*folders: str) -> dict[str, set[str]]:
    """Foreign top module → the files that import it."""
    found: dict[str, set[str]] = {}
    for file in (f for folder in folders for f in (TOP / folder).rglob("*.py")):
        for name in imported(file.read_text(encoding="utf-8")):
            found.setdefault(name, set()).add(str(file.relative_to(TOP)))
    return found


def distributions(module: str) -> set[str]:
    """The names under which a module can be installed."""
    known = packages_distributions().get(module, [module])
    return {re.sub(r"[-_.]+", "-", name).lower() for name in known}


def undeclared(imports: dict[str, set[str]], names: set[str]) -> dict[str, set[str]]:
    return {module: files for module, files in imports.items() if not distributions(module) & names}


def unused(imports: dict[str, set[str]], names: set[str]) -> set[str]:
    return names - {name for module in imports for name in distributions(module)}


def test_what_the_program_imports_is_declared() -> None:
    assert undeclared(imports_below("vfiotui"), RUNTIME | EXTRA["zstd"]) == {}


def test_what_is_declared_the_program_imports() -> None:
    assert unused(imports_below("vfiotui"), RUNTIME | EXTRA["zstd"]) == set()


def test_what_tests_and_benchmarks_import_is_declared() -> None:
    assert undeclared(imports_below("tests", "benchmarks"), RUNTIME | set().union(*EXTRA.values())) == {}


TYPES = re.compile(r"types-(.+)|(.+)-stubs")
RUN = {
    "ruff": "ruff check",
    "mypy": "bin/mypy",
    "import-linter": "lint-imports",
    "pytest": "-m pytest",
    "pytest-xdist": "-n 3",
    "pytest-rerunfailures": "--reruns 1",
}
"""Tools that a command line in the Makefile runs."""


def test_what_is_declared_for_the_work_is_imported_or_run() -> None:
    imports = imports_below("tests", "benchmarks")
    makefile = (TOP / "Makefile").read_text()
    settings = (TOP / "pyproject.toml").read_text()
    for name in EXTRA["dev"]:
        if types := TYPES.fullmatch(name):
            assert (types[1] or types[2]) in RUNTIME, name
        elif name in RUN:
            assert RUN[name] in makefile, name
        elif name == "pytest-asyncio":
            assert "asyncio_mode" in settings
        elif name == "pytest-timeout":
            assert "\ntimeout = " in settings
        elif name == "hatchling":
            assert 'build-backend = "hatchling.build"' in settings
        elif name == "build":
            assert '"-m", "build"' in (TOP / "tests/test_wheel.py").read_text()
        else:
            assert unused(imports, {name}) == set(), name


def test_every_dependency_has_a_reason() -> None:
    """A comment stands above or beside each."""
    text = (TOP / "pyproject.toml").read_text()
    block = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    lines = [line.strip() for line in block.splitlines()]
    for before, line in pairwise(lines):
        if line.startswith('"'):
            assert before.startswith("#") or "#" in line, line


@pytest.mark.parametrize("text", ["import nothing_such", "def f():\n from nothing_such.x import y"])
def test_the_scanner_sees_what_is_undeclared(text: str) -> None:
    assert undeclared({name: {"x.py"} for name in imported(text)}, RUNTIME) == {"nothing_such": {"x.py"}}


def test_the_scanner_sees_what_is_unused() -> None:
    assert unused({"lxml": {"x.py"}}, {"lxml", "idle"}) == {"idle"}
