"""Another Textual than the proved one: the console opens by the public ways, and says nothing of it."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import textual

from tests.tui.tmux import Tmux
from vfiotui.tui.terminal import direct, door, driver

HERE = Path(textual.__file__).parent
TOP = Path(__file__).parents[3]
NAMES = {name for _, names in (*driver.PRIVATE, *direct.PRIVATE) for name in names.split()} - {"feed", "tick"}
OPENED = "from vfiotui.tui.terminal import door; print(door.textual_version(), door.opened() is not None)"


def private_modules() -> list[Path]:
    """Textual's files that no other program is to import; those of its widgets are loaded by their public names."""
    return [f for folder in (HERE, HERE / "drivers") for f in folder.glob("_*.py") if f.stem != "__init__"]


def other_textual(folder: Path, *, modules: bool, names: bool) -> Path:
    """A Textual of the proved version that works as well, but whose private parts have other names."""
    copy = folder / "textual"
    shutil.copytree(HERE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (metadata,) = HERE.parent.glob("textual-*.dist-info")
    shutil.copytree(metadata, folder / metadata.name)
    stems = {f.stem for f in private_modules()} if modules else set()
    for file in private_modules() if modules else ():
        place = copy / file.relative_to(HERE)
        place.rename(place.with_name(f"{file.stem}_moved.py"))
    wanted = stems | (NAMES | {"_handle_exception"} if names else set())
    # A module of Rich may have the name of one of Textual's, and a module that of an attribute.
    before = r"(?<!rich\.)" if modules else r"(?<!textual\.)(?<!drivers\.)"
    pattern = re.compile(rf"{before}\b({'|'.join(sorted(wanted))})\b")
    for file in copy.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        file.write_text(pattern.sub(r"\1_moved", text), encoding="utf-8")
    return folder


@pytest.mark.needs_tmux
@pytest.mark.parametrize("how", ["modules", "names"])
def test_with_private_parts_renamed_the_console_opens_by_the_public_ways(how: str, tmp_path: Path) -> None:
    place = other_textual(tmp_path, modules=how == "modules", names=how == "names")
    env = {"PYTHONPATH": str(place)}
    asked = subprocess.run(
        [sys.executable, "-c", OPENED], env=env, cwd=TOP, capture_output=True, text=True, timeout=60, check=True
    )
    assert asked.stdout.split() == [door.textual_version(), "False"]
    with Tmux("--demo", columns=120, lines=40, term="tmux-256color", env=env) as terminal:
        terminal.shows("GROUP-FOREIGN")
        for key, sign in (("5", "v7   21"), ("7", "no changes"), ("question_mark", "everywhere")):
            terminal.send("?" if key == "question_mark" else key)
            terminal.shows(sign)
        terminal.send("Escape")
        terminal.until(lambda s: "everywhere" not in s, "the help is left")
        terminal.send("q")
        terminal.shows("ended with 0")


@pytest.mark.needs_tmux
@pytest.mark.parametrize("method", ["draw", "changed"])
@pytest.mark.parametrize("renamed", [False, True], ids=["this Textual", "another one"])
def test_a_fault_of_a_screen_ends_with_a_sentence(renamed: bool, method: str, tmp_path: Path) -> None:
    """`draw` fails among Textual's messages, `changed` beside them."""
    env = {"TMPDIR": str(tmp_path)}
    if renamed:
        (tmp_path / "other").mkdir()
        env["PYTHONPATH"] = str(other_textual(tmp_path / "other", modules=False, names=True))
    broken = f"from vfiotui.tui.screens.host.screen import HostScreen as H; H.{method} = lambda *_: 1 // 0"
    program = (sys.executable, "-c", f"{broken}; from vfiotui.cli.main import main; raise SystemExit(main())")
    with Tmux("--demo", columns=120, lines=40, term="tmux-256color", env=env, program=program) as terminal:
        screen = terminal.shows("ended with 1")
    assert "vfiotui: the console ended because of a fault of its own" in screen and "Traceback" not in screen
    (report,) = tmp_path.glob("vfiotui-fault-*.txt")
    assert "ZeroDivisionError" in report.read_text(encoding="utf-8")


def test_this_textual_has_every_private_name() -> None:
    assert door.opened() == (driver.QuietDriver, direct)
    for kind, names in (*driver.PRIVATE, *direct.PRIVATE):
        assert [n for n in names.split() if not door.has(kind, n)] == []


@pytest.mark.parametrize("place", [driver.PRIVATE, direct.PRIVATE], ids=["driver", "direct"])
def test_one_lacking_name_closes_the_door(place: object, monkeypatch: pytest.MonkeyPatch) -> None:
    module = driver if place is driver.PRIVATE else direct
    monkeypatch.setattr(module, "PRIVATE", (*module.PRIVATE, (driver.LinuxDriver, "_no_such_name")))
    door._opened.cache_clear()
    assert door.opened() is None and door.driver_class() is None
    monkeypatch.undo()
    door._opened.cache_clear()


@pytest.mark.parametrize("module", [driver, direct], ids=["driver", "direct"])
def test_no_private_name_is_used_that_is_not_listed(module: object) -> None:
    listed = {name for _, names in module.PRIVATE for name in names.split()}  # type: ignore[attr-defined]
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    own = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
    } | {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")
    }
    assert used - own - listed == set()
