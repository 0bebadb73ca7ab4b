"""A terminal that is lost does not stop what was begun in it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.trees import folder_root
from vfiotui.host import changes
from vfiotui.model.change.change import Effect, write_file
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan, to_json
from vfiotui.model.finding.finding import Risk


def test_apply_goes_on_without_its_terminal(tmp_path: Path) -> None:
    root = folder_root(tmp_path / "system", {"/var/lib/x": "", "/etc/x": "old\n"})
    step = write_file("/etc/x", b"old\n", b"new\n", "an edit", risk=Risk.R2, effect=Effect.NOW)
    (tmp_path / "plan.json").write_text(to_json(Plan("Edit", (step,))))
    ours, theirs = pty.openpty()
    os.close(ours)
    words = [sys.executable, "-m", "vfiotui", "--root", str(tmp_path / "system"), "apply", str(tmp_path / "plan.json")]
    done = subprocess.run([*words, "--yes"], stdout=subprocess.DEVNULL, stderr=theirs, timeout=60)
    os.close(theirs)
    found = changes.read(root)
    assert isinstance(found, tuple) and [r.state for r in found] == [State.DONE]
    assert done.returncode == 0
    assert (tmp_path / "system/etc/x").read_text() == "new\n"
