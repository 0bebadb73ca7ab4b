"""Every command over damaged captures, the whole way from the archive to the printed line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings

from tests.host.test_damaged_machines import damaged
from vfiotui.cli.exit import Exit
from vfiotui.cli.main import main
from vfiotui.host.root.archive import pack
from vfiotui.model.base.nodes import Node

COMMANDS = ("doctor --all", "doctor --markdown", "topology", "groups", "pci", "firmware")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.parametrize("command", COMMANDS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(nodes=damaged())
def test_a_damaged_capture_is_answered(command: str, folder: Path, nodes: dict[str, Node]) -> None:
    capture = folder / "capture.tar.gz"
    with capture.open("wb") as stream:
        pack(nodes, stream)
    for form in ([], ["--json"]):
        if form and "markdown" in command:
            continue
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main(["--root", str(capture), *command.split(), *form])
        assert code in (Exit.FINE, Exit.FAILS, Exit.NO_ACCESS), err.getvalue()
        assert "fault of its own" not in err.getvalue() and "itself failed" not in out.getvalue(), err.getvalue()
        assert all(c.isprintable() or c == "\n" for c in out.getvalue() + err.getvalue())
        if form and out.getvalue():
            json.loads(out.getvalue())
