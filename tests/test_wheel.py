"""The wheel works in an empty environment, with its themes inside."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent


def run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=600, cwd=cwd)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, TOP, cwd=out)
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_the_themes_and_nothing_of_the_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    themes = {Path(n).stem for n in names if n.startswith("vfiotui/themes/")}
    assert {"dark", "light", "contrast", "console"} <= themes
    assert any(n.endswith(".tcss") for n in names)
    assert not [n for n in names if n.startswith(("tests", "benchmarks", "setup"))]


def test_installed_into_an_empty_environment_it_runs(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv/bin/python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=tmp_path)
    command = tmp_path / "venv/bin/vfiotui"
    assert run(command, "--version", cwd=tmp_path).stdout.startswith("vfiotui ")
    assert '"cpus"' in run(command, "--demo", "topology", "--json", cwd=tmp_path).stdout
    report = subprocess.run([command, "--demo"], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert report.returncode == 1, report.stderr
    assert "fail" in report.stdout
    assert report.stderr == ""
    themes = run(
        python,
        "-c",
        "from vfiotui.tui.themes import load_themes; print(*sorted(t.name for t in load_themes()[0]))",
        cwd=tmp_path,
    )
    assert {"vfiotui-dark", "vfiotui-console"} & set(themes.stdout.split()) or "dark" in themes.stdout
