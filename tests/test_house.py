"""The house stays as it was designed: layers, lengths, and nobody reads around Root."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
SOURCES = sorted((TOP / "vfiotui").rglob("*.py"))
MACHINE = ("/sys", "/proc", "/etc", "/dev", "/boot", "/run", "/lib/modules")


def opened_paths(path: Path) -> list[str]:
    """Calls of open, Path and the os functions with a literal path of a machine."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = ast.unparse(node.func)
            value = node.args[0].value
            opens = name in ("open", "Path", "pathlib.Path", "io.open") or name.startswith("os.")
            if opens and isinstance(value, str) and value.startswith(MACHINE):
                found.append(f"{name}({value!r})")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(TOP)))
def test_a_file_has_one_idea(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(TOP)))
def test_nobody_reads_around_root(path: Path) -> None:
    # The null device is no part of the machine that is looked at.
    assert [o for o in opened_paths(path) if "/dev/null" not in o] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(TOP)))
def test_every_module_says_what_it_promises(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_the_folders_of_tests_are_those_of_the_program() -> None:
    layers = [f for f in (TOP / "vfiotui").iterdir() if f.is_dir() and (TOP / "tests" / f.name).is_dir()]
    assert len(layers) > 10
    own = {TOP / "tests/apply/torture"}  # Each fault at each call: `make torture`.
    for layer in layers:
        folders = {p.parent for p in (TOP / "tests" / layer.name).rglob("*.py")} - own
        assert [f for f in folders if not (TOP / "vfiotui" / f.relative_to(TOP / "tests")).is_dir()] == []


def test_the_scanner_of_this_file_sees_a_literal_open(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("open('/sys/class/iommu')\nPath('/proc/cmdline')\n")
    assert len(opened_paths(bad)) == 2


def modules(top: Path, package: str) -> dict[str, Path]:
    """The modules of a package with their files; a folder is the module of its __init__."""
    found = {}
    for path in sorted((top / package).rglob("*.py")):
        name = ".".join(path.relative_to(top).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def import_graph(top: Path, package: str) -> dict[str, set[str]]:
    """Each module with those of the package that it names in an import: at its head, in functions, and for types."""
    known = modules(top, package)
    graph: dict[str, set[str]] = {}
    for name, path in known.items():
        named: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                whole = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
                named |= {full if full in known else node.module for full in whole.values()}
        graph[name] = (named & known.keys()) - {name}
    return graph


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The sets of modules of which each reaches each other one."""
    reached: dict[str, set[str]] = {}
    for name in graph:
        seen: set[str] = set()
        todo = [name]
        while todo:
            new = graph[todo.pop()] - seen
            seen |= new
            todo += new
        reached[name] = seen
    found = [{m for m in reached[name] if name in reached[m]} for name in graph if name in reached[name]]
    return [circle for number, circle in enumerate(found) if circle not in found[:number]]


def test_no_module_imports_itself_through_others() -> None:
    assert [sorted(c) for c in circles(import_graph(TOP, "vfiotui"))] == []


def test_the_walker_sees_a_circle_that_a_function_or_a_type_hides(tmp_path: Path) -> None:
    files = {
        "__init__": "",
        "a": "from p import b\n",
        "b": "def f():\n    from p.c import g\n",
        "c": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import p.a\n",
        "d": "import p.a\n",
        "e": "import os\n",
        "x": "import p.y, p.a\n",
        "y": "import p.x\n",
    }
    (tmp_path / "p").mkdir()
    for name, text in files.items():
        (tmp_path / "p" / f"{name}.py").write_text(text)
    assert circles(import_graph(tmp_path, "p")) == [{"p.a", "p.b", "p.c"}, {"p.x", "p.y"}]


def private_names_of_textual() -> set[str]:
    """What Textual's classes, and their constructors, call with a leading underscore."""
    from textual.app import App
    from textual.command import Provider
    from textual.containers import Vertical
    from textual.drivers.linux_driver import LinuxDriver
    from textual.screen import ModalScreen
    from textual.scroll_view import ScrollView

    found: set[str] = set()
    for kind in (App, ModalScreen, ScrollView, Vertical, LinuxDriver, Provider):
        for base in kind.__mro__[:-1]:
            maker = getattr(base.__dict__.get("__init__"), "__code__", None)
            found |= {*base.__dict__, *(maker.co_names if maker is not None else ())}
    return {name for name in found if name.startswith("_") and not name.startswith("__")}


def private_of_textual(path: Path, names: set[str]) -> list[str]:
    """Private modules of Textual that a file imports and, in a file that uses Textual, private names of its classes:
    read, set, or taken for a method of ours."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [
        f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
        for alias in node.names
    ]
    modules = [name for name in imported if name.partition(".")[0] == "textual"]
    used = [
        node.attr if isinstance(node, ast.Attribute) else node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.Attribute) and ast.unparse(node.value) != "os")
    ]
    return [m for m in modules if "._" in m] + [name for name in used if modules and name in names]


def test_only_the_door_touches_what_textual_does_not_promise() -> None:
    names = private_names_of_textual()
    door = TOP / "vfiotui" / "tui" / "terminal"
    found = {str(p.relative_to(TOP)): private_of_textual(p, names) for p in SOURCES if p.parent != door}
    assert {path: what for path, what in found.items() if what} == {}
    assert all(private_of_textual(door / f"{name}.py", names) for name in ("door", "driver", "direct"))


@pytest.mark.parametrize(
    ("words", "never"),
    [
        (["--version"], "textual rich libvirt lxml psutil pyudev asyncio"),
        (["--help"], "textual rich libvirt lxml psutil pyudev asyncio"),
        (["--demo", "doctor", "--json"], "textual rich libvirt lxml psutil pyudev asyncio"),
        (["--demo", "topology", "--json"], "textual rich libvirt lxml psutil pyudev asyncio"),
        (["--demo", "groups"], "textual rich libvirt lxml psutil pyudev asyncio"),
        (["doctor", "--json"], "textual rich lxml pyudev asyncio"),
        # psutil comes where a process holds a device.
        (["doctor"], "dataclasses inspect concurrent logging shutil"),
        (["groups"], "dataclasses inspect concurrent logging shutil libvirt xml"),
        (["pci"], "dataclasses inspect concurrent logging shutil libvirt xml"),
        (["topology"], "dataclasses inspect concurrent logging shutil libvirt xml"),
    ],
    ids=" ".join,
)
def test_a_command_imports_only_what_it_needs(words: list[str], never: str) -> None:
    program = (
        "import sys\nfrom vfiotui.cli.main import main\n"
        "try: main(sys.argv[1:])\nexcept SystemExit: pass\n"
        "print(*sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=60)
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "vfiotui" in loaded
    assert loaded.isdisjoint(never.split())


@pytest.mark.parametrize(("command", "most"), [("topology", 31), ("pci", 33), ("groups", 46)])
def test_a_command_loads_few_modules_of_the_house(command: str, most: int) -> None:
    program = (
        "import sys\nfrom vfiotui.cli.main import main\nmain(['--demo', sys.argv[1]])\n"
        "print(sum(m.startswith('vfiotui') and not m.startswith('vfiotui.demo') for m in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program, command], capture_output=True, text=True, timeout=60)
    assert 5 < int(done.stderr) <= most
