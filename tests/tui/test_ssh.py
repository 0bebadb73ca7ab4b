"""A real ssh connection that breaks in the middle of a step: the step ends, and the next console shows it."""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.tui.changing import gated_system, mend_by_keys, open_first_change, open_gate, records, states
from tests.tui.ssh_server import Ssh
from tests.tui.tmux import Tmux
from vfiotui.host.root.root import Root
from vfiotui.model.change.change import Effect, run_command
from vfiotui.model.change.journal import State
from vfiotui.model.change.plan import Plan, to_json
from vfiotui.model.finding.finding import Risk

pytestmark = [
    pytest.mark.needs_tmux,
    pytest.mark.skipif(os.geteuid() != 0, reason="a sshd of its own needs root: run make test as root"),
]
SIZE = {"columns": 80, "lines": 24, "term": "linux"}


def worker(root: Root) -> int:
    """A file that is readable when the process that applies the change has ended."""
    process = records(root)[0].progress.process
    assert process is not None
    return os.pidfd_open(process.pid)


def test_a_console_that_is_cut_off(tmp_path: Path) -> None:
    root = gated_system(tmp_path)
    with Ssh() as ssh:
        with Tmux("--root", str(tmp_path), **SIZE, program=ssh.program("-tt")) as terminal:  # type: ignore[arg-type]
            mend_by_keys(terminal)
            terminal.shows("applying", "the menu is being built")
            (client,) = (p for p in psutil.Process(int(terminal.told("pane_pid"))).children() if p.name() == "ssh")
            client.send_signal(signal.SIGKILL)
            terminal.shows("ended with 137")
        with Tmux("--root", str(tmp_path), **SIZE, program=ssh.program("-tt")) as terminal:  # type: ignore[arg-type]
            open_first_change(terminal)
            terminal.shows("at work", "the menu is being built")
            open_gate(tmp_path)
            terminal.shows("state     done", "the menu is there")
    assert states(root) == [State.DONE]


@pytest.mark.parametrize("terminal", ["-T", "-tt"])
def test_a_command_that_is_cut_off(terminal: str, tmp_path: Path) -> None:
    root = gated_system(tmp_path)
    step = run_command(("update-grub",), "x", products=("/boot/grub/grub.cfg",), risk=Risk.R2, effect=Effect.BOOT)
    (tmp_path / "plan.json").write_text(to_json(Plan("Build the menu", (step,))))
    words = ("--root", str(tmp_path), "apply", str(tmp_path / "plan.json"), "--yes", "--run-its-programs")
    with Ssh() as ssh:
        client = subprocess.Popen(
            [*ssh.program(terminal), *map(shlex.quote, words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert client.stdout is not None
        assert b"step 1 of 1" in client.stdout.readline()
        client.kill()
        client.wait(10)
        client.stdout.close()
        ended = worker(root)
        assert states(root) == [State.APPLYING]
        open_gate(tmp_path)
        assert select.select([ended], [], [], 60)[0], "it comes to its end"
        os.close(ended)
    assert states(root) == [State.DONE]
