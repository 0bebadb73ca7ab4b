"""A pseudo terminal in which a program runs, and an emulator that draws what it writes.

tmux hides what it does not know; here every byte is seen, and the terminal may be as odd as a test wants it.
"""

from __future__ import annotations

import contextlib
import copy
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyte
from pyte.screens import wcwidth

SECONDS = 60.0
"""How long something may take to appear on a busy machine."""
PIECES = 20
"""So many pieces of output are read on after something was seen: more than one picture has."""
TOP = Path(__file__).parents[3]
_SEQUENCE = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]"  # control sequences (ECMA-48, 5.4)
    rb"|\x1b[P\]X^_].*?(?:\x07|\x1b\\)"  # control strings
    rb"|\x1b[ -/]*[0-OQ-WYZ\\`-~]",
    re.DOTALL,
)
_BEGUN = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[P\]X^_](?:(?!\x1b\\)[^\x07])*|[ -/]*)\Z", re.DOTALL)
_DRAWN = re.compile(rb"\x1b\[\??[0-9;]*[@A-Za-z`]|\x1b[78DEHMc]")
"""Sequences that the emulator knows; to it the private ones and those of the keyboard protocol would be text."""


class Screen(pyte.Screen):
    """pyte's screen with a second page (xterm's mode 1049), which pyte does not have."""

    def __init__(self, columns: int, lines: int) -> None:
        self.private: set[int] = set()
        """The private modes that are set now, by their numbers: 1049 the second page, 1000 and on the mouse."""
        self.overruns = 0
        """Texts that went on behind the last cell of a line."""
        self._first: Any = None
        super().__init__(columns, lines)

    def draw(self, data: str) -> None:
        self.overruns += self.cursor.x + sum(map(wcwidth, data)) > self.columns
        super().draw(data)

    def set_mode(self, *modes: int, **named: Any) -> None:
        super().set_mode(*modes, **named)
        if named.get("private"):
            if 1049 in modes and 1049 not in self.private:
                self._first = copy.deepcopy((dict(self.buffer), self.cursor.x, self.cursor.y))
                self.erase_in_display(2)
            self.private |= set(modes)

    def reset_mode(self, *modes: int, **named: Any) -> None:
        super().reset_mode(*modes, **named)
        if named.get("private"):
            if 1049 in modes and 1049 in self.private:
                lines, self.cursor.x, self.cursor.y = self._first
                self.buffer.clear()
                self.buffer.update(lines)
            self.private -= set(modes)


class PtyConsole:
    """A program in a pseudo terminal: by default the console.

    `env` is its whole environment. `answer` gets what the program writes and gives what the terminal sends back.
    `size` is the terminal's, (0, 0) as on a serial line; the emulator is 80x24 then.
    """

    def __init__(
        self,
        *words: str,
        size: tuple[int, int] = (80, 24),
        env: dict[str, str] | None = None,
        program: tuple[str, ...] = (sys.executable, "-m", "vfiotui"),
        answer: Callable[[bytes], bytes] | None = None,
        stderr: Path | None = None,
    ) -> None:
        self.master, self.slave = pty.openpty()
        self._resize(*size)
        self.attributes = termios.tcgetattr(self.slave)
        """The terminal's line discipline before the program has begun."""
        self.screen = Screen(size[0] or 80, size[1] or 24)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = bytearray()
        """All that the program has written."""
        self.unknown: list[bytes] = []
        """Sequences without an end, and bytes of one, that were no text and nothing that a terminal knows."""
        self._rest = b""
        self._answer = answer
        given = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONFAULTHANDLER": "1"}
        with stderr.open("wb") if stderr else contextlib.nullcontext() as errors:
            self.process = subprocess.Popen(
                [*program, *words],
                stdin=self.slave,
                stdout=self.slave,
                stderr=errors or self.slave,
                env=given | {"TERM": "xterm-256color", "LANG": "C.UTF-8"} if env is None else given | env,
                cwd=TOP,
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            )
        self._ended = os.pidfd_open(self.process.pid)

    def __enter__(self) -> PtyConsole:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for fd in (self.master, self.slave, self._ended):
            os.close(fd)

    def _resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns: int, lines: int) -> None:
        """Another size of the terminal; its process group gets SIGWINCH."""
        self.screen.resize(lines or 24, columns or 80)
        self._resize(columns, lines)

    def send(self, data: bytes) -> None:
        """Sends bytes as the terminal does for keys, mouse, pastes and answers."""
        os.write(self.master, data)

    def signal(self, number: signal.Signals) -> None:
        """Sends the program a signal."""
        self.process.send_signal(number)

    @property
    def lines(self) -> list[str]:
        """What the terminal shows, line by line."""
        return list(self.screen.display)

    @property
    def text(self) -> str:
        """What the terminal shows."""
        return "\n".join(line.rstrip() for line in self.lines)

    @property
    def alive(self) -> bool:
        """Whether the program runs."""
        return self.process.poll() is None

    def step(self, seconds: float) -> bool:
        """Waits for output at most so long, and draws it; False where none came."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        data = os.read(self.master, 65536)
        self.raw += data
        self._draw(data)
        if self._answer is not None and (reply := self._answer(data)):
            self.send(reply)
        return True

    def _draw(self, data: bytes) -> None:
        data = self._rest + data
        begun = _BEGUN.search(data)
        self._rest = data[begun.start() :] if begun else b""
        data = data[: len(data) - len(self._rest)]
        place = 0
        for match in _SEQUENCE.finditer(data):
            self._feed(data[place : match.start()])
            if _DRAWN.fullmatch(match[0]):
                self._stream.feed(match[0])
            place = match.end()
        self._feed(data[place:])

    def _feed(self, text: bytes) -> None:
        if b"\x1b" in text:
            self.unknown.append(text)
        self._stream.feed(text)

    def until(self, true: Callable[[str], Any], what: str = "") -> str:
        """The screen, once it satisfies a condition, with the rest of what is being written."""
        end = time.monotonic() + SECONDS
        while not true(self.text):
            if not self.step(0.5) and not self.alive and not self.step(0):
                assert true(self.text), f"ended before it was seen: {what}\n{self.text}"
            assert time.monotonic() < end, f"not seen in time: {what}\n{self.text}"
        # A pseudo terminal hands over 4 KiB at a time: the picture's last lines may still be on their way.
        for _ in range(PIECES):
            if not self.step(0.02):
                break
        return self.text

    def shows(self, *words: str) -> str:
        """The screen, once all words are on it."""
        return self.until(lambda screen: all(w in screen for w in words), str(words))

    def settled(self, seconds: float = 0.3) -> str:
        """The screen, once nothing was written for some time; a screen whose figures move on is never still."""
        end = time.monotonic() + SECONDS
        while self.step(seconds):
            assert time.monotonic() < end, f"it goes on writing\n{self.text}"
        return self.text

    def answers(self, word: str, seconds: float) -> bool:
        """Whether a word comes onto the screen in some time."""
        end = time.monotonic() + seconds
        while word not in self.text and (left := end - time.monotonic()) > 0:
            self.step(left)
        return word in self.text

    def ends(self) -> int:
        """Waits for the program's end, draws its last words, and gives its exit code; negative: the signal's number."""
        end = time.monotonic() + SECONDS
        while self._ended not in (ready := select.select([self.master, self._ended], [], [], 1)[0]):
            if ready:
                self.step(0)
            assert time.monotonic() < end, f"it does not end\n{self.text}"
        while self.step(0):
            pass
        return self.process.wait()

    def is_itself_again(self) -> None:
        """Asserts that the terminal is as before: the first page, no mouse, no paste marks, cursor, line discipline."""
        assert not self.screen.private & {1049, 1000, 1002, 1003, 1004, 1006, 1015, 1016, 2004, 2026, 2048}
        assert not self.screen.cursor.hidden
        assert termios.tcgetattr(self.slave) == self.attributes
