"""A real terminal: tmux with a server of its own, keys sent, panes captured."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.requirements import need

SECONDS = 60.0
"""How long something may take to appear on a busy machine."""


class Tmux:
    """One pane in which the console runs; a shell waits behind it."""

    def __init__(
        self,
        *words: str,
        columns: int,
        lines: int,
        term: str,
        env: dict[str, str] | None = None,
        program: tuple[str, ...] = (sys.executable, "-m", "vfiotui"),
    ) -> None:
        self._program = need("tmux", "tmux")
        self._server = f"vfiotui-{uuid.uuid4().hex[:12]}"
        given = {
            "TERM": term,
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PS1": "shell> ",
            "PYTHONFAULTHANDLER": "1",
            **(env or {}),
        }
        command = shlex.join([*program, *words])
        script = f"{command}; printf 'ended with %s\\n' $?; exec sh -i"
        environment = {
            k: v for k, v in os.environ.items() if k not in ("TMUX", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES")
        }
        self._env = environment
        shell = shlex.join(
            [
                "env",
                "-u",
                "TMUX",
                "-u",
                "COLUMNS",
                "-u",
                "LINES",
                *(f"{k}={v}" for k, v in given.items()),
                "sh",
                "-c",
                script,
            ]
        )
        place = str(Path(__file__).parents[2])
        size = ["-x", str(columns), "-y", str(lines)]
        self._run("-f", "/dev/null", "new-session", "-d", *size, "-c", place, shell)

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [self._program, "-L", self._server, *words], capture_output=True, text=True, env=self._env, timeout=30
        )
        assert done.returncode == 0, f"tmux {words[0]}: {done.stderr}"
        return done.stdout

    def __enter__(self) -> Tmux:
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run([self._program, "-L", self._server, "kill-server"], capture_output=True, env=self._env)

    def send(self, *keys: str) -> None:
        """Types keys, by tmux's names."""
        self._run("send-keys", *keys)

    def type(self, data: bytes) -> None:
        """Sends bytes as they are, as a terminal's keyboard, mouse and pastes do."""
        done = subprocess.run(
            [self._program, "-L", self._server, "load-buffer", "-"], input=data, env=self._env, timeout=30
        )
        assert done.returncode == 0
        self._run("paste-buffer", "-d", "-r")

    @property
    def screen(self) -> str:
        """What the terminal shows."""
        return self._run("capture-pane", "-p")

    @property
    def coloured(self) -> str:
        """The same with its colours."""
        return self._run("capture-pane", "-p", "-e")

    def told(self, name: str) -> str:
        """One of tmux's own variables about the pane."""
        return self._run("display-message", "-p", f"#{{{name}}}").strip()

    def resize(self, columns: int, lines: int) -> None:
        """Another size of the terminal."""
        self._run("resize-window", "-x", str(columns), "-y", str(lines))

    def until(self, true: Callable[[str], bool], what: str) -> str:
        """The screen, once it satisfies a condition: a terminal sends no events, so it is asked again and again."""
        end = time.monotonic() + SECONDS
        while True:
            screen = self.screen
            if true(screen):
                return screen
            assert time.monotonic() < end, f"not seen in time: {what}\n{screen}\n{self._stacks()}"
            time.sleep(0.05)

    def _stacks(self) -> str:
        """Where every thread of a console that does not go on stands; ends it."""
        try:
            console = psutil.Process(self.console_pid())
            console.send_signal(signal.SIGABRT)
            console.wait(10)
        except (AssertionError, psutil.Error) as error:
            return str(error)
        return self._run("capture-pane", "-p", "-S", "-200")

    def shows(self, *words: str) -> str:
        """The screen, once all words are on it."""
        return self.until(lambda screen: all(w in screen for w in words), str(words))

    def console_pid(self) -> int:
        """The console's process: the child of the pane's shell."""
        children = psutil.Process(int(self.told("pane_pid"))).children()
        found = [c.pid for c in children if "vfiotui" in c.cmdline()]
        assert found, f"no console among {children}"
        return found[0]
